/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topology: who is whose neighbour on a communicator (MPI 5.0, chapter 8). Never changes once it is made, so that
 * duplicates of a communicator share it. */
#ifndef LIB_OBJECT_TOPOLOGY_H
#define LIB_OBJECT_TOPOLOGY_H

#include "lib/core/types.h"

struct topology {
    int refs;
    int kind; /* MPI_CART, MPI_GRAPH or MPI_DIST_GRAPH */
    union {
        struct {
            int ndims;
            int *dims, *periods, *coords; /* of each dimension; periods are 0 or 1, coords this rank's */
            int *neighbors;               /* of each dimension, the one before and the one behind */
        } cart;
        struct {
            int nnodes, nedges;
            int *index, *edges; /* as the user gave them: edges of node i end at index[i] */
        } graph;
        struct {
            bool weighted;
            int indegree, outdegree;
            int *sources, *destinations;
            int *source_weights, *destination_weights; /* if weighted */
        } dist;
    };
    int numbers[]; /* what the pointers point to */
};

/* One of that kind with room for so many numbers, all else zero; NULL without memory. */
struct topology *topology_new(int kind, size_t numbers);
struct topology *topology_ref(struct topology *t); /* NULL is fine, here and below */
void topology_unref(struct topology *t);

#endif
