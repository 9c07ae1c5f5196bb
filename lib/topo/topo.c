/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo: communicators that are made with a topology, and what is asked about it. */
#include "lib/topo/topo.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/datatype.h"

/* Takes no memory by rank where neither g nor order does. */
static struct group *members(struct group *g, const int *order, int n)
{
    if (!order && n == g->size)
        return group_ref(g);
    if (!order && !g->procs)
        return group_new_regular(g->first, g->stride, n);
    int *procs = malloc(((size_t)n + 1) * sizeof *procs);
    for (int i = 0; procs && i < n; i++)
        procs[i] = group_proc(g, order ? order[i] : i);
    return procs ? group_new(procs, n) : NULL;
}

static struct comm *member_comm(struct comm *c, const int *order, int n, uint64_t ctx, struct topology *t)
{
    struct group *g = members(c->group, order, n);
    struct comm *made = g ? comm_new(g, ctx, c) : NULL;
    group_unref(g);
    if (made)
        made->topo = t;
    return made;
}

int topo_comm_new(struct comm *c, const int *order, int n, struct topology *t, MPI_Comm *out)
{
    uint64_t ctx = c->rank == 0 ? comm_ctx_new(c) : 0;
    struct comm *made = NULL;
    *out = MPI_COMM_NULL;
    int rc = mpi_bcast(&ctx, sizeof ctx, &datatype_byte, 0, c);
    if (rc == MPI_SUCCESS && ctx == 0)
        rc = MPI_ERR_OTHER; /* there is none left */
    if (rc == MPI_SUCCESS && t && !(made = member_comm(c, order, n, ctx, t)))
        rc = MPI_ERR_NO_MEM;
    if (made)
        *out = comm_handle(made);
    else
        topology_unref(t);
    return rc;
}

int topo_give(const int *from, int n, int room, int *to)
{
    n = n < room ? n : room;
    if (room < 0 || (n > 0 && !to))
        return MPI_ERR_ARG;
    if (n > 0)
        memcpy(to, from, (size_t)n * sizeof *to);
    return MPI_SUCCESS;
}

int topo_neighbors(const struct comm *c, struct neighbors *out)
{
    const struct topology *t = c->topo;
    if (!t)
        return MPI_ERR_TOPOLOGY;
    switch (t->kind) {
    case MPI_CART:
        *out = (struct neighbors){t->cart.neighbors, t->cart.neighbors, 2 * t->cart.ndims, 2 * t->cart.ndims, true};
        break;
    case MPI_GRAPH: {
        int begin = c->rank > 0 ? t->graph.index[c->rank - 1] : 0, n = t->graph.index[c->rank] - begin;
        *out = (struct neighbors){t->graph.edges + begin, t->graph.edges + begin, n, n, false};
        break;
    }
    default:
        *out = (struct neighbors){t->dist.sources, t->dist.destinations, t->dist.indegree, t->dist.outdegree, false};
    }
    return MPI_SUCCESS;
}

int mpi_topo_test(struct comm *c, int *status)
{
    *status = c->topo ? c->topo->kind : MPI_UNDEFINED;
    return MPI_SUCCESS;
}
