/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster: `reorder` of graphs: which rank gets which vertex, so that neighbours share a node.
 *
 * The vertices of a node grow around a first one: next comes always the one with the most weight of edges to those that
 * are there, and among equals the one that was reached first, so that what grows is round. The next node begins where
 * others were reached and not taken. Then pairs of vertices on two nodes change places as long as that cuts less. What
 * comes out is taken only if it cuts less than the ranks as they are. */
#ifndef LIB_TOPO_CLUSTER_H
#define LIB_TOPO_CLUSTER_H

#include "lib/object/comm.h"
#include "lib/object/topology.h"

/* Vertices 0 .. n - 1; edges of v: to[begin[v]] .. to[begin[v + 1] - 1], of that weight (NULL: 1), each told once. */
struct web {
    int n;
    const int64_t *begin;
    const int *to, *weight;
};

/* With node[] of n ranks: order[v], the rank that gets vertex v. 1, or 0: as they are is as good; or -1 without memory.
 */
int cluster_order(const struct web *w, const uint32_t *node, int *order);

/* For the first w->n ranks of c, by a web that all know alike: *order is the caller's to free; NULL: each has its own
 * place. MPI_SUCCESS or MPI_ERR_NO_MEM. */
int cluster_graph(const struct comm *c, const struct web *w, int **order);
/* For all of c, where each rank knows the edges of its own vertex, t: collective, the first rank decides for all. */
int cluster_dist(struct comm *c, const struct topology *t, int **order);

#endif
