/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: `reorder` of MPI_Cart_create: which rank gets which place of a grid, so that neighbours share a node.
 *
 * The ranks of a node get places one after the other along a path through the whole grid, and the path is what is
 * chosen. It follows columns: one dimension runs along the column, the others are cut into widths; the path goes up one
 * column and down the next, layer by layer. So the ranks of a node fill a block, exactly where widths divide the
 * dimensions, and nearly so for any number of ranks on any node. Paths are tried by what an ideal block would cost, the
 * best few are counted edge by edge, and none is taken that is not better than the order that is there. */
#ifndef LIB_TOPO_PLACE_H
#define LIB_TOPO_PLACE_H

#include "lib/object/comm.h"

/* Edges of a grid from a place to a neighbour on another node, in both directions; node[] is that of each place. */
int64_t place_cut(const uint32_t *node, int ndims, const int *dims, const int *periods);
/* With node[] of n ranks, the product of dims: order[i], the rank that gets place i. 1, or 0: as they are is as good;
 * or -1 without memory. */
int place_order(const uint32_t *node, int n, int ndims, const int *dims, const int *periods, int *order);
/* Does it for the first n ranks of c. *order is the caller's to free; NULL: each rank has its own place. The same on
 * all ranks. MPI_SUCCESS or MPI_ERR_NO_MEM. */
int place_grid(const struct comm *c, int ndims, const int *dims, const int *periods, int n, int **order);

#endif
