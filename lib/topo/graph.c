/* SPDX-License-Identifier: BSD-3-Clause
 *
 * graph: graphs of which every rank knows all edges (MPI 5.0, sections 8.5.3 and 8.5.5). Who cares for scale describes
 * only its own edges (dist_graph.c). */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/topo/cluster.h"
#include "lib/topo/topo.h"

static int wrong_index(int i, int at)
{
    error_detail_set(MPI_ERR_ARG, "index %d is %d, and may not be less than the one before", i, at);
    return MPI_ERR_ARG;
}

static int wrong_edge(int i, int to, int nnodes)
{
    error_detail_set(MPI_ERR_RANK, "edge %d leads to %d, and there are %d nodes", i, to, nnodes);
    return MPI_ERR_RANK;
}

static int graph_check(const struct comm *c, int nnodes, const int *index, const int *edges)
{
    int from = 0;
    if (c->inter)
        return MPI_ERR_COMM;
    if (nnodes < 0 || nnodes > c->size || (nnodes > 0 && !index))
        return MPI_ERR_ARG;
    for (int i = 0; i < nnodes; from = index[i++])
        if (index[i] < from)
            return wrong_index(i, index[i]);
    if (from > 0 && !edges)
        return MPI_ERR_ARG;
    for (int i = 0; i < from; i++)
        if (edges[i] < 0 || edges[i] >= nnodes)
            return wrong_edge(i, edges[i], nnodes);
    return MPI_SUCCESS;
}

static struct topology *graph_new(int nnodes, const int *index, const int *edges)
{
    size_t nedges = (size_t)index[nnodes - 1], nodes = (size_t)nnodes;
    struct topology *t = topology_new(MPI_GRAPH, nodes + nedges);
    if (!t)
        return NULL;
    t->graph.nnodes = nnodes;
    t->graph.nedges = (int)nedges;
    t->graph.index = t->numbers;
    t->graph.edges = t->numbers + nodes;
    memcpy(t->graph.index, index, nodes * sizeof *index);
    if (nedges > 0)
        memcpy(t->graph.edges, edges, nedges * sizeof *edges);
    return t;
}

/* NULL: all have their own places. */
static int graph_order(const struct comm *c, int nnodes, const int *index, const int *edges, int **order)
{
    int64_t *begin = malloc(((size_t)nnodes + 1) * sizeof *begin);
    struct web w = {nnodes, begin, edges, NULL};
    *order = NULL;
    if (!begin)
        return MPI_ERR_NO_MEM;
    begin[0] = 0;
    for (int v = 0; v < nnodes; v++)
        begin[v + 1] = index[v];
    int rc = cluster_graph(c, &w, order);
    free(begin);
    return rc;
}

int mpi_graph_create(struct comm *c, int nnodes, const int indx[], const int edges[], int reorder, MPI_Comm *out)
{
    struct topology *t = NULL;
    int *order = NULL;
    *out = MPI_COMM_NULL;
    int rc = graph_check(c, nnodes, indx, edges);
    if (rc == MPI_SUCCESS && reorder)
        rc = graph_order(c, nnodes, indx, edges, &order);
    if (rc == MPI_SUCCESS && c->rank < nnodes && !(t = graph_new(nnodes, indx, edges)))
        rc = MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS && nnodes > 0)
        rc = topo_comm_new(c, order, nnodes, t, out);
    free(order);
    return rc;
}

int mpi_graph_map(struct comm *c, int nnodes, const int indx[], const int edges[], int *newrank)
{
    int *order = NULL, place = c->rank, rc = graph_check(c, nnodes, indx, edges);
    if (rc == MPI_SUCCESS)
        rc = graph_order(c, nnodes, indx, edges, &order);
    for (int v = 0; order && v < nnodes; v++)
        if (order[v] == c->rank)
            place = v;
    free(order);
    if (rc == MPI_SUCCESS)
        *newrank = c->rank < nnodes ? place : MPI_UNDEFINED;
    return rc;
}

int mpi_graphdims_get(struct comm *c, int *nnodes, int *nedges)
{
    const struct topology *t = topo_of(c, MPI_GRAPH);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    *nnodes = t->graph.nnodes;
    *nedges = t->graph.nedges;
    return MPI_SUCCESS;
}

int mpi_graph_get(struct comm *c, int maxindex, int maxedges, int indx[], int edges[])
{
    const struct topology *t = topo_of(c, MPI_GRAPH);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    int rc = topo_give(t->graph.index, t->graph.nnodes, maxindex, indx);
    return rc == MPI_SUCCESS ? topo_give(t->graph.edges, t->graph.nedges, maxedges, edges) : rc;
}

/* The edges of a rank. */
static int edges_of(struct comm *c, int rank, const int **edges, int *n)
{
    const struct topology *t = topo_of(c, MPI_GRAPH);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    if (rank < 0 || rank >= c->size) {
        error_detail_set(MPI_ERR_RANK, "rank is %d, and the communicator has %d", rank, c->size);
        return MPI_ERR_RANK;
    }
    int begin = rank > 0 ? t->graph.index[rank - 1] : 0;
    *edges = t->graph.edges + begin;
    *n = t->graph.index[rank] - begin;
    return MPI_SUCCESS;
}

int mpi_graph_neighbors_count(struct comm *c, int rank, int *nneighbors)
{
    const int *edges;
    return edges_of(c, rank, &edges, nneighbors);
}

int mpi_graph_neighbors(struct comm *c, int rank, int maxneighbors, int neighbors[])
{
    const int *edges;
    int n, rc = edges_of(c, rank, &edges, &n);
    return rc == MPI_SUCCESS ? topo_give(edges, n, maxneighbors, neighbors) : rc;
}
