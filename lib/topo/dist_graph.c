/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dist_graph: graphs of which a rank knows its own edges alone (MPI 5.0, section 8.5.4).
 *
 * Edges that are told by anyone are sorted at both of their ends by the other end, and among several between the same
 * two ranks by who has told them, in that one's order: so the k-th at one end is the k-th at the other, as the
 * neighbourhood collectives have it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/topo/cluster.h"
#include "lib/topo/route.h"
#include "lib/topo/topo.h"

static int wrong_number(const char *what, int i, int at, int cls)
{
    error_detail_set(cls, "%s %d is %d", what, i, at);
    return cls;
}

static int ranks_check(const struct comm *c, const char *what, const int *ranks, int64_t n)
{
    if (n > 0 && !ranks)
        return MPI_ERR_ARG;
    for (int64_t i = 0; i < n; i++)
        if (ranks[i] < 0 || ranks[i] >= c->size)
            return wrong_number(what, (int)i, ranks[i], MPI_ERR_RANK);
    return MPI_SUCCESS;
}

static int weights_check(const char *what, const int *weights, int64_t n)
{
    if (weights == MPI_UNWEIGHTED || n == 0)
        return MPI_SUCCESS;
    if (!weights || weights == MPI_WEIGHTS_EMPTY)
        return MPI_ERR_ARG;
    for (int64_t i = 0; i < n; i++)
        if (weights[i] < 0)
            return wrong_number(what, (int)i, weights[i], MPI_ERR_ARG);
    return MPI_SUCCESS;
}

/* The topology, all of it yet to be filled; NULL without memory. */
static struct topology *dist_new(int indegree, int outdegree, bool weighted)
{
    struct topology *t = topology_new(MPI_DIST_GRAPH, 2 * ((size_t)indegree + (size_t)outdegree));
    if (!t)
        return NULL;
    t->dist.weighted = weighted;
    t->dist.indegree = indegree;
    t->dist.outdegree = outdegree;
    t->dist.sources = t->numbers;
    t->dist.source_weights = t->dist.sources + indegree;
    t->dist.destinations = t->dist.source_weights + indegree;
    t->dist.destination_weights = t->dist.destinations + outdegree;
    return t;
}

static void fill(int *to, const int *from, int n)
{
    if (n > 0)
        memcpy(to, from, (size_t)n * sizeof *to);
}

/* Where ranks change places, the edges of a vertex go to the rank that gets it. *t is replaced. */
static int move(struct comm *c, const int *order, struct topology **t)
{
    struct head {
        int indegree, outdegree;
    } own = {(*t)->dist.indegree, (*t)->dist.outdegree}, got = {0, 0};
    int to = order[c->rank], place = 0;
    while (order[place] != c->rank)
        place++;
    int rc = route_swap(c, &own, sizeof own, to, &got, sizeof got, place);
    struct topology *made = rc == MPI_SUCCESS ? dist_new(got.indegree, got.outdegree, (*t)->dist.weighted) : NULL;
    if (!made)
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    size_t out = 2 * sizeof(int) * ((size_t)own.indegree + (size_t)own.outdegree);
    size_t in = 2 * sizeof(int) * ((size_t)got.indegree + (size_t)got.outdegree);
    rc = route_swap(c, (*t)->numbers, out, to, made->numbers, in, place);
    topology_unref(rc == MPI_SUCCESS ? *t : made);
    if (rc == MPI_SUCCESS)
        *t = made;
    return rc;
}

/* The communicator over t, each rank's own vertex, which is taken over. */
static int finish(struct comm *c, struct topology *t, int reorder, MPI_Comm *out)
{
    int *order = NULL, rc = reorder ? cluster_dist(c, t, &order) : MPI_SUCCESS;
    if (rc == MPI_SUCCESS && order)
        rc = move(c, order, &t);
    if (rc == MPI_SUCCESS)
        rc = topo_comm_new(c, order, c->size, t, out);
    else
        topology_unref(t);
    free(order);
    return rc;
}

int mpi_dist_graph_create_adjacent(struct comm *c, int indegree, const int sources[], const int *sourceweights,
                                   int outdegree, const int destinations[], const int *destweights, struct info *info,
                                   int reorder, MPI_Comm *out)
{
    bool weighted = sourceweights != MPI_UNWEIGHTED;
    *out = MPI_COMM_NULL;
    int rc = c->inter ? MPI_ERR_COMM : MPI_SUCCESS;
    if (rc == MPI_SUCCESS && (indegree < 0 || outdegree < 0 || weighted != (destweights != MPI_UNWEIGHTED)))
        rc = MPI_ERR_ARG;
    if (rc == MPI_SUCCESS)
        rc = ranks_check(c, "source", sources, indegree);
    if (rc == MPI_SUCCESS)
        rc = ranks_check(c, "destination", destinations, outdegree);
    if (rc == MPI_SUCCESS)
        rc = weights_check("the weight of source", sourceweights, indegree);
    if (rc == MPI_SUCCESS)
        rc = weights_check("the weight of destination", destweights, outdegree);
    struct topology *t = rc == MPI_SUCCESS ? dist_new(indegree, outdegree, weighted) : NULL;
    if (!t)
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    fill(t->dist.sources, sources, indegree);
    fill(t->dist.destinations, destinations, outdegree);
    if (weighted) {
        fill(t->dist.source_weights, sourceweights, indegree);
        fill(t->dist.destination_weights, destweights, outdegree);
    }
    return finish(c, t, reorder, out);
}

/* Edges as they are told: degrees[i] of them from sources[i]. */
struct told {
    int n;
    const int *sources, *degrees, *destinations, *weights;
};

static int told_check(const struct comm *c, const struct told *a)
{
    int64_t all = 0;
    if (c->inter)
        return MPI_ERR_COMM;
    if (a->n < 0 || (a->n > 0 && !a->degrees))
        return MPI_ERR_ARG;
    int rc = ranks_check(c, "source", a->sources, a->n);
    for (int i = 0; rc == MPI_SUCCESS && i < a->n; all += a->degrees[i++])
        if (a->degrees[i] < 0)
            rc = wrong_number("the degree of source", i, a->degrees[i], MPI_ERR_ARG);
    if (rc == MPI_SUCCESS && all > INT_MAX)
        rc = MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = ranks_check(c, "destination", a->destinations, all);
    return rc == MPI_SUCCESS ? weights_check("the weight of edge", a->weights, all) : rc;
}

/* Each edge for both of its ends. */
static int told_edges(const struct comm *c, const struct told *a, struct edges *told)
{
    int turn = 0;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < a->degrees[i]; k++, turn++) {
            int weight = a->weights == MPI_UNWEIGHTED ? 1 : a->weights[turn];
            for (int out = 0; out < 2; out++) {
                struct edge *e = edges_add(told);
                if (!e)
                    return MPI_ERR_NO_MEM;
                e->to = out ? a->sources[i] : a->destinations[turn];
                e->peer = out ? a->destinations[turn] : a->sources[i];
                e->weight = weight;
                e->outgoing = out;
                e->teller = c->rank;
                e->turn = turn;
            }
        }
    return MPI_SUCCESS;
}

static int less(int a, int b)
{
    return (a > b) - (a < b);
}

static int by_end(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->outgoing != y->outgoing)
        return x->outgoing ? 1 : -1;
    if (x->peer != y->peer)
        return less(x->peer, y->peer);
    return x->teller != y->teller ? less(x->teller, y->teller) : less(x->turn, y->turn);
}

/* The topology of a rank whose edges have come. */
static int dist_from(const struct comm *c, struct edges *e, bool weighted, struct topology **out)
{
    size_t in = 0;
    if (e->count > INT_MAX)
        return MPI_ERR_NO_MEM;
    if (e->count > 0)
        qsort(e->at, e->count, sizeof *e->at, by_end);
    while (in < e->count && !e->at[in].outgoing)
        in++;
    struct topology *t = *out = dist_new((int)in, (int)(e->count - in), weighted);
    if (!t)
        return MPI_ERR_NO_MEM;
    for (size_t i = 0; i < e->count; i++) {
        const struct edge *x = &e->at[i];
        if (x->peer < 0 || x->peer >= c->size)
            return MPI_ERR_INTERN; /* nobody has told that */
        if (i < in)
            t->dist.sources[i] = x->peer, t->dist.source_weights[i] = x->weight;
        else
            t->dist.destinations[i - in] = x->peer, t->dist.destination_weights[i - in] = x->weight;
    }
    return MPI_SUCCESS;
}

int mpi_dist_graph_create(struct comm *c, int n, const int sources[], const int degrees[], const int destinations[],
                          const int *weights, struct info *info, int reorder, MPI_Comm *out)
{
    struct told told = {n, sources, degrees, destinations, weights};
    struct edges edges = {0};
    struct topology *t = NULL;
    *out = MPI_COMM_NULL;
    int rc = told_check(c, &told);
    if (rc == MPI_SUCCESS)
        rc = told_edges(c, &told, &edges);
    if (rc == MPI_SUCCESS)
        rc = route_edges(c, &edges);
    if (rc == MPI_SUCCESS)
        rc = dist_from(c, &edges, weights != MPI_UNWEIGHTED, &t);
    free(edges.at);
    if (rc == MPI_SUCCESS)
        return finish(c, t, reorder, out);
    topology_unref(t);
    return rc;
}

int mpi_dist_graph_neighbors_count(struct comm *c, int *indegree, int *outdegree, int *weighted)
{
    const struct topology *t = topo_of(c, MPI_DIST_GRAPH);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    *indegree = t->dist.indegree;
    *outdegree = t->dist.outdegree;
    *weighted = t->dist.weighted;
    return MPI_SUCCESS;
}

/* One side: ranks, and weights where there are some and the user wants them. */
static int give_side(const struct topology *t, const int *ranks, const int *weights, int n, int room, int *ranks_out,
                     int *weights_out)
{
    int rc = topo_give(ranks, n, room, ranks_out);
    if (rc != MPI_SUCCESS || !t->dist.weighted || weights_out == MPI_UNWEIGHTED)
        return rc;
    return topo_give(weights, n, room, weights_out == MPI_WEIGHTS_EMPTY ? NULL : weights_out);
}

int mpi_dist_graph_neighbors(struct comm *c, int maxindegree, int sources[], int *sourceweights, int maxoutdegree,
                             int destinations[], int *destweights)
{
    const struct topology *t = topo_of(c, MPI_DIST_GRAPH);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    int rc =
        give_side(t, t->dist.sources, t->dist.source_weights, t->dist.indegree, maxindegree, sources, sourceweights);
    if (rc != MPI_SUCCESS)
        return rc;
    return give_side(t, t->dist.destinations, t->dist.destination_weights, t->dist.outdegree, maxoutdegree,
                     destinations, destweights);
}
