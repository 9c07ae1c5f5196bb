/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo: what the kinds of topologies share: communicators that have one, and the neighbours on them. */
#ifndef LIB_TOPO_TOPO_H
#define LIB_TOPO_TOPO_H

#include "lib/object/comm.h"
#include "lib/object/topology.h"

/* The topology of c, which is to be of that kind; NULL: it is not. */
static inline const struct topology *topo_of(const struct comm *c, int kind)
{
    return c->topo && c->topo->kind == kind ? c->topo : NULL;
}

/* A communicator of the first n ranks of c, with topology t (owned by it afterwards, whatever happens; NULL on ranks
 * that are not in). Its rank i is rank order[i] of c; order may be NULL: i itself. Collective over c. An error class;
 * *out is MPI_COMM_NULL on ranks that are not in, and after an error. */
int topo_comm_new(struct comm *c, const int *order, int n, struct topology *t, MPI_Comm *out);

/* As many of n numbers as fit go to an array of the user that has `room`. MPI_SUCCESS or MPI_ERR_ARG. */
int topo_give(const int *from, int n, int room, int *to);

/* The neighbours of this rank, in the order in which blocks of neighbourhood collectives lie. On a grid each may be
 * MPI_PROC_NULL, and there is as much to send as to receive. */
struct neighbors {
    const int *sources, *destinations;
    int indegree, outdegree;
    bool grid;
};
/* MPI_SUCCESS, or MPI_ERR_TOPOLOGY: c has none. */
int topo_neighbors(const struct comm *c, struct neighbors *out);

#endif
