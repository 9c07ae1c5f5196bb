/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Graphs that all ranks know, and those of which each knows its part: neighbours, weights, edges that are there twice
 * or lead back to where they begin, duplicates, what is left out, and wrong arguments. */
#include "../check.h"

enum { MOST = 4096 };

/* --- MPI_Graph_create --- */

/* Node i has i edges, to itself and those behind it. */
static int triangle(int n, int *index, int *edges)
{
    int at = 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            edges[at++] = (i + k) % n;
        index[i] = at;
    }
    return at;
}

static void graph_is(MPI_Comm g, int n, const int *index, const int *edges)
{
    int status, nodes, nedges, got_index[64], got[MOST], count;
    OK(MPI_Topo_test(g, &status));
    CHECK(status == MPI_GRAPH);
    OK(MPI_Graphdims_get(g, &nodes, &nedges));
    CHECK(nodes == n && nedges == index[n - 1]);
    OK(MPI_Graph_get(g, 64, MOST, got_index, got));
    CHECK(memcmp(got_index, index, (size_t)n * sizeof *index) == 0);
    CHECK(memcmp(got, edges, (size_t)nedges * sizeof *edges) == 0);
    for (int i = 0, from = 0; i < n; from = index[i++]) {
        OK(MPI_Graph_neighbors_count(g, i, &count));
        CHECK(count == index[i] - from);
        OK(MPI_Graph_neighbors(g, i, MOST, got));
        CHECK(memcmp(got, edges + from, (size_t)count * sizeof *got) == 0);
        got[0] = -5;
        OK(MPI_Graph_neighbors(g, i, 0, NULL));
        OK(MPI_Graph_neighbors(g, i, 1, got)); /* as many as fit */
        CHECK(got[0] == (count ? edges[from] : -5));
    }
}

static void graph(int n, int reorder)
{
    int index[64], edges[MOST], place, result;
    MPI_Comm g, twin;
    MPI_Request r;
    triangle(n, index, edges);
    OK(MPI_Graph_create(world, n, index, edges, reorder, &g));
    OK(MPI_Graph_map(world, n, index, edges, &place));
    CHECK(on_one_node() ? place == (rank < n ? rank : MPI_UNDEFINED) : (place == MPI_UNDEFINED) == (rank >= n));
    CHECK((g != MPI_COMM_NULL) == (rank < n));
    if (g == MPI_COMM_NULL)
        return;
    graph_is(g, n, index, edges);
    OK(MPI_Comm_dup(g, &twin));
    OK(MPI_Comm_compare(g, twin, &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_free(&g));
    graph_is(twin, n, index, edges);
    OK(MPI_Comm_idup(twin, &g, &r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    graph_is(g, n, index, edges);
    OK(MPI_Comm_free(&g));
    OK(MPI_Comm_free(&twin));
}

static void graph_refused(void)
{
    int index[64], edges[MOST], r;
    MPI_Comm g = MPI_COMM_WORLD;
    triangle(size, index, edges);
    FAILS(MPI_ERR_ARG, MPI_Graph_create(world, size + 1, index, edges, 0, &g));
    CHECK(g == MPI_COMM_NULL);
    FAILS(MPI_ERR_ARG, MPI_Graph_create(world, -1, index, edges, 0, &g));
    FAILS(MPI_ERR_ARG, MPI_Graph_create(world, 1, NULL, edges, 0, &g));
    FAILS(MPI_ERR_ARG, MPI_Graph_create(world, 1, (int[]){1}, NULL, 0, &g));
    FAILS(MPI_ERR_ARG, MPI_Graph_create(world, 1, (int[]){-1}, edges, 0, &g));
    FAILS(MPI_ERR_RANK, MPI_Graph_create(world, 1, (int[]){1}, (int[]){1}, 0, &g));
    FAILS(MPI_ERR_RANK, MPI_Graph_create(world, 1, (int[]){1}, (int[]){-1}, 0, &g));
    FAILS(MPI_ERR_RANK, MPI_Graph_map(world, 1, (int[]){1}, (int[]){MPI_PROC_NULL}, &r));
    FAILS(MPI_ERR_ARG, MPI_Graph_create(world, 1, (int[]){0}, NULL, 0, NULL));
    if (size > 1) {
        FAILS(MPI_ERR_ARG, MPI_Graph_create(world, 2, (int[]){1, 0}, (int[]){0}, 0, &g));
        FAILS(MPI_ERR_ARG, MPI_Graph_map(world, 2, (int[]){1, 0}, (int[]){0}, &r));
    }
    FAILS(MPI_ERR_TOPOLOGY, MPI_Graphdims_get(world, &r, edges));
    OK(MPI_Graph_create(world, 0, NULL, NULL, 0, &g));
    CHECK(g == MPI_COMM_NULL);
    OK(MPI_Graph_create(world, size, index, edges, 0, &g));
    FAILS(MPI_ERR_RANK, MPI_Graph_neighbors(g, size, MOST, edges));
    FAILS(MPI_ERR_RANK, MPI_Graph_neighbors(g, -1, MOST, edges));
    FAILS(MPI_ERR_RANK, MPI_Graph_neighbors_count(g, size, &r));
    FAILS(MPI_ERR_ARG, MPI_Graph_neighbors_count(g, 0, NULL));
    FAILS(MPI_ERR_ARG, MPI_Graph_neighbors(g, 0, -1, edges));
    FAILS(MPI_ERR_ARG, MPI_Graph_get(g, -1, MOST, index, edges));
    FAILS(MPI_ERR_ARG, MPI_Graph_get(g, 64, MOST, NULL, edges));
    FAILS(MPI_ERR_ARG, MPI_Graphdims_get(g, NULL, &r));
    FAILS(MPI_ERR_ARG, MPI_Graphdims_get(g, &r, NULL));
    if (size > 1) {
        FAILS(MPI_ERR_ARG, MPI_Graph_neighbors(g, 1, MOST, NULL));
        FAILS(MPI_ERR_ARG, MPI_Graph_get(g, 64, MOST, index, NULL));
    }
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cartdim_get(g, &r));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cart_get(g, 0, NULL, NULL, NULL));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Dist_graph_neighbors_count(g, &r, edges, index));
    OK(MPI_Comm_free(&g));
}

/* --- MPI_Dist_graph_create --- */

struct edge {
    int from, to, weight, teller;
};

/* The same on every rank. */
static int some_edges(unsigned seed, int n, struct edge *e)
{
    for (int i = 0; i < n; i++) {
        e[i].from = (int)(draw(&seed) % (unsigned)size);
        e[i].to = draw(&seed) % 4 == 0 ? e[i].from : (int)(draw(&seed) % (unsigned)size);
        e[i].weight = (int)(draw(&seed) % 3);
        e[i].teller = (int)(draw(&seed) % (unsigned)(size > 2 ? size - 1 : size)); /* the last one tells nothing */
        if (i > 0 && draw(&seed) % 3 == 0) {
            e[i].from = e[i - 1].from; /* again, by the same one or by another one */
            e[i].to = e[i - 1].to;
        }
    }
    return n;
}

static int by_rank_and_weight(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return x[0] != y[0] ? x[0] - y[0] : x[1] - y[1];
}

/* Neighbours and weights of a side, in some order, are those of the edges at vertex v. */
static void side_is(int v, const struct edge *e, int n, bool in, bool weighted, const int *ranks, const int *weights,
                    int degree)
{
    static int want[MOST][2], got[MOST][2];
    int k = 0;
    for (int i = 0; i < n; i++)
        if ((in ? e[i].to : e[i].from) == v) {
            want[k][0] = in ? e[i].from : e[i].to;
            want[k++][1] = weighted ? e[i].weight : 0;
        }
    CHECK(k == degree);
    for (int i = 0; i < k; i++) {
        got[i][0] = ranks[i];
        got[i][1] = weighted ? weights[i] : 0;
    }
    qsort(want, (size_t)k, sizeof *want, by_rank_and_weight);
    qsort(got, (size_t)k, sizeof *got, by_rank_and_weight);
    CHECK(memcmp(want, got, (size_t)k * sizeof *want) == 0);
}

static void dist_is(MPI_Comm g, const struct edge *e, int n, bool weighted)
{
    static int in[MOST], in_weights[MOST], out[MOST], out_weights[MOST];
    int status, indegree, outdegree, w, v;
    OK(MPI_Topo_test(g, &status));
    CHECK(status == MPI_DIST_GRAPH);
    OK(MPI_Comm_rank(g, &v));
    OK(MPI_Dist_graph_neighbors_count(g, &indegree, &outdegree, &w));
    CHECK(!w == !weighted);
    in_weights[0] = out_weights[0] = -9;
    OK(MPI_Dist_graph_neighbors(g, MOST, in, in_weights, MOST, out, out_weights));
    CHECK(weighted || (in_weights[0] == -9 && out_weights[0] == -9));
    side_is(v, e, n, true, weighted, in, in_weights, indegree);
    side_is(v, e, n, false, weighted, out, out_weights, outdegree);
    OK(MPI_Dist_graph_neighbors(g, MOST, in, MPI_UNWEIGHTED, MOST, out, MPI_UNWEIGHTED));
    OK(MPI_Dist_graph_neighbors(g, 0, NULL, MPI_WEIGHTS_EMPTY, 0, NULL, NULL));
    if (indegree > 1) {
        int first[2] = {-1, -1}, sources[MOST];
        memcpy(sources, in, sizeof sources);
        OK(MPI_Dist_graph_neighbors(g, 1, first, MPI_UNWEIGHTED, 0, NULL, MPI_UNWEIGHTED));
        CHECK(first[0] == sources[0] && first[1] == -1);
    }
}

static void dist(unsigned seed, int n, bool weighted, int reorder)
{
    static struct edge e[MOST];
    static int sources[MOST], degrees[MOST], destinations[MOST], weights[MOST];
    int lines = 0, told = 0;
    MPI_Comm g, twin;
    some_edges(seed, n, e);
    for (int i = 0; i < n; i++) {
        if (e[i].teller != rank)
            continue;
        if (lines == 0 || sources[lines - 1] != e[i].from || seed % 2 == 0) {
            sources[lines] = e[i].from;
            degrees[lines++] = 0;
        }
        degrees[lines - 1]++;
        weights[told] = e[i].weight;
        destinations[told++] = e[i].to;
    }
    const int *w = !weighted ? MPI_UNWEIGHTED : told ? weights : MPI_WEIGHTS_EMPTY;
    OK(MPI_Dist_graph_create(world, lines, lines ? sources : NULL, lines ? degrees : NULL, told ? destinations : NULL,
                             w, MPI_INFO_NULL, reorder, &g));
    dist_is(g, e, n, weighted);
    OK(MPI_Comm_dup(g, &twin));
    OK(MPI_Comm_free(&g));
    dist_is(twin, e, n, weighted);
    OK(MPI_Comm_free(&twin));
}

/* Its order is that of the user. */
static void adjacent(void)
{
    int before = (rank + size - 1) % size, behind = (rank + 1) % size, indegree, outdegree, w, v;
    int sources[3] = {rank, before, before}, in_weights[3] = {5, 7, 6};
    int destinations[3] = {behind, rank, behind}, out_weights[3] = {7, 5, 6};
    int got[4] = {-1, -1, -1, -1}, got_weights[4], out[4], out_got[4];
    MPI_Comm g;
    OK(MPI_Dist_graph_create_adjacent(world, 3, sources, in_weights, 3, destinations, out_weights, MPI_INFO_NULL, 1,
                                      &g));
    OK(MPI_Dist_graph_neighbors_count(g, &indegree, &outdegree, &w));
    CHECK(indegree == 3 && outdegree == 3 && w);
    OK(MPI_Dist_graph_neighbors(g, 4, got, got_weights, 4, out, out_got));
    OK(MPI_Comm_rank(g, &v));
    sources[0] = destinations[1] = v;
    sources[1] = sources[2] = (v + size - 1) % size;
    destinations[0] = destinations[2] = (v + 1) % size;
    CHECK(memcmp(got, sources, sizeof sources) == 0 && memcmp(got_weights, in_weights, sizeof in_weights) == 0);
    CHECK(memcmp(out, destinations, sizeof out_weights) == 0 && memcmp(out_got, out_weights, sizeof out_weights) == 0);
    CHECK(got[3] == -1);
    OK(MPI_Comm_free(&g));
    OK(MPI_Dist_graph_create_adjacent(world, 0, NULL, MPI_WEIGHTS_EMPTY, 0, NULL, MPI_WEIGHTS_EMPTY, MPI_INFO_NULL, 0,
                                      &g));
    OK(MPI_Dist_graph_neighbors_count(g, &indegree, &outdegree, &w));
    CHECK(indegree == 0 && outdegree == 0 && w);
    OK(MPI_Comm_free(&g));
    OK(MPI_Dist_graph_create_adjacent(world, 1, &before, MPI_UNWEIGHTED, 1, &behind, MPI_UNWEIGHTED, MPI_INFO_NULL, 0,
                                      &g));
    OK(MPI_Dist_graph_neighbors_count(g, &indegree, &outdegree, &w));
    CHECK(indegree == 1 && outdegree == 1 && !w);
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_neighbors_count(g, NULL, &outdegree, &w));
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_neighbors_count(g, &indegree, NULL, &w));
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_neighbors_count(g, &indegree, &outdegree, NULL));
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_neighbors(g, 1, NULL, MPI_UNWEIGHTED, 1, out, MPI_UNWEIGHTED));
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_neighbors(g, 1, got, MPI_UNWEIGHTED, 1, NULL, MPI_UNWEIGHTED));
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_neighbors(g, -1, got, MPI_UNWEIGHTED, 1, out, MPI_UNWEIGHTED));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Graphdims_get(g, &w, &indegree));
    OK(MPI_Comm_free(&g));
}

static void dist_refused(void)
{
    MPI_Comm g = MPI_COMM_WORLD;
    const int one = 1, zero = 0, less = -1, none[1] = {MPI_PROC_NULL}, *no = MPI_UNWEIGHTED;
#define TOLD(n, s, d, to, w) MPI_Dist_graph_create(world, n, s, d, to, w, MPI_INFO_NULL, 0, &g)
    FAILS(MPI_ERR_ARG, TOLD(-1, &zero, &one, &zero, no));
    CHECK(g == MPI_COMM_NULL);
    FAILS(MPI_ERR_ARG, TOLD(1, NULL, &one, &zero, no));
    FAILS(MPI_ERR_ARG, TOLD(1, &zero, NULL, &zero, no));
    FAILS(MPI_ERR_ARG, TOLD(1, &zero, &one, NULL, no));
    FAILS(MPI_ERR_ARG, TOLD(1, &zero, &less, &zero, no));
    FAILS(MPI_ERR_RANK, TOLD(1, &size, &one, &zero, no));
    FAILS(MPI_ERR_RANK, TOLD(1, none, &one, &zero, no));
    FAILS(MPI_ERR_RANK, TOLD(1, &zero, &one, &size, no));
    FAILS(MPI_ERR_RANK, TOLD(1, &zero, &one, &less, no));
    FAILS(MPI_ERR_ARG, TOLD(1, &zero, &one, &zero, NULL));
    FAILS(MPI_ERR_ARG, TOLD(1, &zero, &one, &zero, &less));
    FAILS(MPI_ERR_ARG, TOLD(1, &zero, &one, &zero, MPI_WEIGHTS_EMPTY));
    FAILS(MPI_ERR_ARG, MPI_Dist_graph_create(world, 0, NULL, NULL, NULL, no, MPI_INFO_NULL, 0, NULL));
#define ADJACENT(in, s, sw, out, d, dw)                                                                                \
    MPI_Dist_graph_create_adjacent(world, in, s, sw, out, d, dw, MPI_INFO_NULL, 0, &g)
    FAILS(MPI_ERR_ARG, ADJACENT(-1, &zero, no, 1, &zero, no));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, no, -1, &zero, no));
    FAILS(MPI_ERR_ARG, ADJACENT(1, NULL, no, 1, &zero, no));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, no, 1, NULL, no));
    FAILS(MPI_ERR_RANK, ADJACENT(1, &size, no, 1, &zero, no));
    FAILS(MPI_ERR_RANK, ADJACENT(1, &zero, no, 1, &less, no));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, &one, 1, &zero, no)); /* both or none */
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, no, 1, &zero, &one));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, &less, 1, &zero, &one));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, &one, 1, &zero, &less));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, &one, 1, &zero, MPI_WEIGHTS_EMPTY));
    FAILS(MPI_ERR_ARG, ADJACENT(1, &zero, NULL, 1, &zero, &one));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Dist_graph_neighbors(world, 0, NULL, NULL, 0, NULL, NULL));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    for (int n = 1; n <= size; n++)
        graph(n, n % 2);
    graph_refused();
    for (unsigned seed = 1; seed <= 12; seed++)
        dist(seed * 2654435761u, seed < 3 ? (int)seed - 1 : (int)seed * size, seed % 3 != 0, seed % 2);
    dist(77, MOST, true, 0);
    adjacent();
    dist_refused();
    return end();
}
