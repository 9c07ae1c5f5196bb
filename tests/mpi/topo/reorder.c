/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Graphs whose ranks may change places: each rank has the edges of the vertex that it got, messages along them arrive,
 * and no more of them leave their node than before; of a grid whose vertices are numbered across it, far fewer. As an
 * argument: so many nodes one is taken for, in whose order the ranks lie (MUSTER_COLL_NODES). On one node without, and
 * where each rank has a node: nobody moves. */
#include "../check.h"

enum { MOST = 64, EDGES = 8 * MOST };

/* Edges of a graph, both directions of each, sorted by vertex. */
static int vertices, first[MOST + 1], to[EDGES], weight[EDGES];
static int nodes;

static int node_of(int world_rank)
{
    return world_rank * nodes / size;
}

static void link_grid(int side, int step)
{
    int n = 0;
    vertices = side * side;
    for (int v = 0; v < vertices; v++) {
        int place = v * step % vertices, back = 1;
        while (step * back % vertices != 1 % vertices)
            back++;
        first[v] = n;
        for (int d = 0; d < 4; d++) {
            int x = place % side + (d == 0) - (d == 1), y = place / side + (d == 2) - (d == 3);
            if (x < 0 || y < 0 || x >= side || y >= side)
                continue;
            weight[n] = 1;
            to[n++] = (y * side + x) * back % vertices;
        }
    }
    first[vertices] = n;
}

/* Who is heavily linked to whom is far away. */
static void link_pairs(void)
{
    int n = 0;
    vertices = size;
    for (int v = 0; v < vertices; v++) {
        int half = vertices / 2;
        first[v] = n;
        weight[n] = 100;
        to[n++] = (v + half) % (2 * half);
        if (v == 2 * half)
            n--;
        weight[n] = 1;
        to[n++] = (v + 1) % vertices;
        weight[n] = 1;
        to[n++] = (v + vertices - 1) % vertices;
    }
    first[vertices] = n;
}

/* Weight of what leaves its node, with vertex v at world rank at[v]. */
static int cut(const int *at)
{
    int sum = 0;
    for (int v = 0; v < vertices; v++)
        for (int i = first[v]; i < first[v + 1]; i++)
            sum += node_of(at[v]) != node_of(at[to[i]]) ? weight[i] : 0;
    return sum;
}

static void check(MPI_Comm g, int at_most)
{
    int at[MOST], as_they_are[MOST], v, sent[MOST], got[MOST];
    if (g == MPI_COMM_NULL) {
        CHECK(rank >= vertices);
        return;
    }
    OK(MPI_Comm_rank(g, &v));
    OK(MPI_Allgather(&rank, 1, MPI_INT, at, 1, MPI_INT, g));
    for (int i = 0; i < vertices; i++)
        as_they_are[i] = i;
    CHECK(cut(at) <= cut(as_they_are));
    if (nodes > 1 && cut(at) > at_most)
        fprintf(stderr, "%d vertices: %d of weight leave their node, %d before\n", vertices, cut(at), cut(as_they_are));
    CHECK(nodes == 1 || cut(at) <= at_most);
    CHECK(nodes > 1 || v == rank);
    int n = first[v + 1] - first[v];
    for (int i = 0; i < n; i++)
        sent[i] = v * MOST + to[first[v] + i];
    OK(MPI_Neighbor_alltoall(sent, 1, MPI_INT, got, 1, MPI_INT, g));
    for (int i = 0; i < n; i++)
        CHECK(got[i] == to[first[v] + i] * MOST + v);
}

static void graph(int at_most)
{
    MPI_Comm g;
    int place, n, neighbors[MOST], index[MOST], v;
    for (int i = 0; i < vertices; i++)
        index[i] = first[i + 1];
    OK(MPI_Graph_create(MPI_COMM_WORLD, vertices, index, to, 1, &g));
    OK(MPI_Graph_map(MPI_COMM_WORLD, vertices, index, to, &place));
    check(g, at_most);
    if (g == MPI_COMM_NULL)
        return;
    OK(MPI_Comm_rank(g, &v));
    CHECK(v == place);
    OK(MPI_Graph_neighbors_count(g, v, &n));
    OK(MPI_Graph_neighbors(g, v, MOST, neighbors));
    CHECK(n == first[v + 1] - first[v] && memcmp(neighbors, to + first[v], (size_t)n * sizeof(int)) == 0);
    OK(MPI_Comm_free(&g));
}

static void dist_is(MPI_Comm g, bool sorted)
{
    int v, in, out, weighted, sources[MOST], destinations[MOST], win[MOST], wout[MOST];
    OK(MPI_Comm_rank(g, &v));
    OK(MPI_Dist_graph_neighbors_count(g, &in, &out, &weighted));
    OK(MPI_Dist_graph_neighbors(g, MOST, sources, win, MOST, destinations, wout));
    int n = first[v + 1] - first[v];
    CHECK(in == n && out == n && weighted);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            if (sorted ? destinations[k] == to[first[v] + i] : k == i)
                CHECK(destinations[k] == to[first[v] + i] && sources[k] == destinations[k] &&
                      wout[k] == weight[first[v] + i] && win[k] == wout[k]);
}

/* Each tells of its own vertex, or of that of the rank behind it. */
static void dist(bool adjacent, int at_most)
{
    MPI_Comm g;
    int v = adjacent ? rank : (rank + 1) % size, n = first[v + 1] - first[v];
    if (adjacent)
        OK(MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, n, to + first[v], weight + first[v], n, to + first[v],
                                          weight + first[v], MPI_INFO_NULL, 1, &g));
    else
        OK(MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &v, &n, to + first[v], weight + first[v], MPI_INFO_NULL, 1, &g));
    dist_is(g, !adjacent);
    if (adjacent)
        check(g, at_most);
    OK(MPI_Comm_free(&g));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    if (argc > 1)
        nodes = atoi(argv[1]);
    else
        nodes = node_ranks() > 1 ? size / node_ranks() : 1;
    int side = 1;
    while ((side + 1) * (side + 1) <= size)
        side++;
    /* Across a grid of 4 x 4 on four nodes nearly all edges leave; in four squares 16 do, of 48. */
    for (int step = 1; step <= 5; step += 2) {
        link_grid(side, step > 1 && side == 4 ? step : 1);
        int most = side == 4 && size == 16 ? 16 : EDGES;
        graph(most);
        if (vertices == size) {
            dist(true, most);
            dist(false, most);
        }
    }
    if (size > 5) {
        link_pairs();
        graph(EDGES * 100);
        dist(true, size == 16 && nodes == 4 ? 99 : EDGES * 100); /* none of the heavy ones */
        dist(false, 0);
    }
    return end();
}
