/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster_comm: graphs of communicators, and where their ranks are. Of a graph that nobody knows as a whole the first
 * rank gathers the edges; it is a program that asks for another order which pays for it, and only where there are
 * several nodes. */
#include <limits.h>
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/coll/base/place.h"
#include "lib/topo/cluster.h"
#include "lib/topo/nodes.h"

static bool worth_while(int n)
{
    return n > 2 && place_several();
}

static int order_find(const struct comm *c, const struct web *w, int **order)
{
    uint32_t *node = malloc((size_t)w->n * sizeof *node);
    int *found = malloc((size_t)w->n * sizeof *found), better = -1;
    if (node && found) {
        nodes_of(c, w->n, node);
        better = cluster_order(w, node, found);
    }
    if (better > 0)
        *order = found;
    else
        free(found);
    free(node);
    return better < 0 ? MPI_ERR_NO_MEM : MPI_SUCCESS;
}

int cluster_graph(const struct comm *c, const struct web *w, int **order)
{
    *order = NULL;
    return worth_while(w->n) ? order_find(c, w, order) : MPI_SUCCESS;
}

/* What the first rank has of all: the edges that leave each vertex. */
struct gathered {
    int *counts, *displs, *to, *weight;
    int64_t *begin;
};

static void gathered_fini(struct gathered *g)
{
    free(g->counts);
    free(g->displs);
    free(g->to);
    free(g->weight);
    free(g->begin);
}

/* Room for what is to come; without memory, or with more edges than are counted in an int, an error class. */
static int gathered_room(struct gathered *g, int n)
{
    g->displs = malloc(((size_t)n + 1) * sizeof *g->displs);
    g->begin = malloc(((size_t)n + 1) * sizeof *g->begin);
    if (!g->displs || !g->begin)
        return MPI_ERR_NO_MEM;
    g->begin[0] = 0;
    for (int v = 0; v < n; v++) {
        g->displs[v] = (int)g->begin[v];
        g->begin[v + 1] = g->begin[v] + g->counts[v];
        if (g->begin[v + 1] > INT_MAX)
            return MPI_ERR_NO_MEM;
    }
    g->to = malloc(((size_t)g->begin[n] + 1) * sizeof *g->to);
    g->weight = malloc(((size_t)g->begin[n] + 1) * sizeof *g->weight);
    return g->to && g->weight ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

/* Every rank is told whether the first one has room, so that none waits for it. */
static int room_agree(struct comm *c, int rc)
{
    int told = mpi_bcast(&rc, 1, datatype_of(MPI_INT), 0, c);
    return told != MPI_SUCCESS ? told : rc;
}

static int gather(struct comm *c, const struct topology *t, struct gathered *g)
{
    int n = t->dist.outdegree;
    bool root = c->rank == 0;
    MPI_Datatype ints = MPI_INT;
    g->counts = malloc(((root ? (size_t)c->size : 0) + 1) * sizeof *g->counts);
    int rc = room_agree(c, g->counts ? MPI_SUCCESS : MPI_ERR_NO_MEM);
    if (rc == MPI_SUCCESS)
        rc = mpi_gather(&n, 1, datatype_of(ints), g->counts, 1, datatype_of(ints), 0, c);
    if (rc == MPI_SUCCESS)
        rc = room_agree(c, root ? gathered_room(g, c->size) : MPI_SUCCESS);
    struct ints counts = {g->counts, false}, displs = {g->displs, false};
    if (rc == MPI_SUCCESS)
        rc = mpi_gatherv(t->dist.destinations, n, datatype_of(ints), g->to, counts, displs, datatype_of(ints), 0, c);
    if (rc == MPI_SUCCESS && t->dist.weighted)
        rc = mpi_gatherv(t->dist.destination_weights, n, datatype_of(ints), g->weight, counts, displs,
                         datatype_of(ints), 0, c);
    return rc;
}

/* What the first rank has found goes to all. */
static int order_tell(struct comm *c, int **order)
{
    int found = *order != NULL, rc = mpi_bcast(&found, 1, datatype_of(MPI_INT), 0, c);
    if (rc != MPI_SUCCESS || !found)
        return rc;
    if (!*order && !(*order = malloc((size_t)c->size * sizeof **order)))
        return MPI_ERR_NO_MEM;
    return mpi_bcast(*order, c->size, datatype_of(MPI_INT), 0, c);
}

int cluster_dist(struct comm *c, const struct topology *t, int **order)
{
    struct gathered g = {0};
    *order = NULL;
    if (!worth_while(c->size))
        return MPI_SUCCESS;
    int rc = gather(c, t, &g);
    if (rc == MPI_SUCCESS) {
        struct web w = {c->size, g.begin, g.to, t->dist.weighted ? g.weight : NULL};
        rc = room_agree(c, c->rank == 0 ? order_find(c, &w, order) : MPI_SUCCESS);
    }
    gathered_fini(&g);
    return rc == MPI_SUCCESS ? order_tell(c, order) : rc;
}
