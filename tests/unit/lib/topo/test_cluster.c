/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Vertices of graphs to nodes: of large grids, numbered as one likes; of graphs in pieces, stars, graphs without edges,
 * nodes of different sizes. What comes out is a permutation that keeps each node's number of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include "lib/topo/cluster.h"

struct test {
    struct web web;
    int64_t *begin;
    int *to;
    uint32_t *node;
    int *order;
};

static void open_test(struct test *t, int n, int edges)
{
    t->begin = calloc((size_t)n + 1, sizeof *t->begin);
    t->to = malloc(((size_t)edges + 1) * sizeof *t->to);
    t->node = calloc((size_t)n + 1, sizeof *t->node);
    t->order = malloc(((size_t)n + 1) * sizeof *t->order);
    t->web = (struct web){n, t->begin, t->to, NULL};
}

static void close_test(struct test *t)
{
    free(t->begin);
    free(t->to);
    free(t->node);
    free(t->order);
}

static int64_t cut(const struct test *t, const int *order)
{
    int64_t sum = 0;
    for (int v = 0; v < t->web.n; v++)
        for (int64_t i = t->begin[v]; i < t->begin[v + 1]; i++)
            sum += t->node[order ? order[v] : v] != t->node[order ? order[t->to[i]] : t->to[i]];
    return sum;
}

/* What is cut afterwards. */
static int64_t run(struct test *t)
{
    int64_t before = cut(t, NULL);
    int found = cluster_order(&t->web, t->node, t->order);
    assert_true(found >= 0);
    if (!found)
        return before;
    char *seen = calloc((size_t)t->web.n, 1);
    for (int v = 0; v < t->web.n; v++) {
        assert_in_range(t->order[v], 0, t->web.n - 1);
        assert_int_equal(seen[t->order[v]]++, 0);
    }
    free(seen);
    assert_true(cut(t, t->order) < before);
    return cut(t, t->order);
}

/* A grid, its place p being vertex p * step. */
static void grid(struct test *t, int side, int step)
{
    int n = side * side, *place_of = malloc((size_t)n * sizeof *place_of), at = 0;
    open_test(t, n, 4 * n);
    for (int p = 0; p < n; p++)
        place_of[(int64_t)p * step % n] = p;
    for (int v = 0; v < n; v++) {
        int p = place_of[v];
        for (int d = 0; d < 4; d++) {
            int x = p % side + (d == 0) - (d == 1), y = p / side + (d == 2) - (d == 3);
            if (x >= 0 && y >= 0 && x < side && y < side)
                t->to[at++] = (int)((int64_t)(y * side + x) * step % n);
        }
        t->begin[v + 1] = at;
    }
    free(place_of);
}

static void expect_grid(int side, int step, int nodes, int64_t most)
{
    struct test t;
    grid(&t, side, step);
    for (int v = 0; v < t.web.n; v++)
        t.node[v] = (uint32_t)(v * nodes / t.web.n);
    int64_t is = run(&t);
    if (is > most)
        print_message("%d x %d by %d on %d nodes: %d of %d\n", side, side, step, nodes, (int)is, (int)t.begin[t.web.n]);
    assert_true(is <= most);
    close_test(&t);
}

static void test_grids(void **state)
{
    expect_grid(4, 1, 4, 16); /* the best there is */
    expect_grid(4, 7, 4, 16);
    expect_grid(16, 1, 4, 64 + 64 / 2);
    expect_grid(16, 77, 4, 64 + 64 / 2);
    expect_grid(32, 333, 16, 384 + 384 / 2);
    expect_grid(100, 7777, 10, 2000);
}

static void test_nodes_of_any_size(void **state)
{
    struct test t;
    grid(&t, 12, 35);
    for (int v = 0; v < t.web.n; v++)
        t.node[v] = v < 100 ? 7 : v < 130 ? 2 : v == 130 ? 100 : 3;
    assert_true(run(&t) <= 90);
    close_test(&t);
}

static void test_pieces(void **state)
{
    /* Rings of four, a ring's vertices dealt out to all nodes: each comes together. */
    struct test t;
    open_test(&t, 64, 64);
    for (int v = 0; v < 64; v++) {
        t.to[v] = (v + 16) % 64;
        t.begin[v + 1] = v + 1;
        t.node[v] = (uint32_t)v / 16;
    }
    assert_int_equal(run(&t), 0);
    close_test(&t);
}

static void test_nothing_to_gain(void **state)
{
    struct test t;
    open_test(&t, 9, 16);
    assert_int_equal(cluster_order(&t.web, t.node, t.order), 0); /* one node, no edges */
    for (int v = 0; v < 9; v++)
        t.node[v] = (uint32_t)v % 3;
    assert_int_equal(cluster_order(&t.web, t.node, t.order), 0);
    for (int v = 0; v < 8; v++) /* a star: someone has to be elsewhere; edges to oneself */
        t.to[v] = v + 1;
    for (int v = 1; v <= 9; v++)
        t.begin[v] = 8 + v - 1;
    for (int v = 0; v < 8; v++)
        t.to[8 + v] = v + 1;
    assert_int_equal(run(&t), 6);
    close_test(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grids), cmocka_unit_test(test_nodes_of_any_size),
                                       cmocka_unit_test(test_pieces), cmocka_unit_test(test_nothing_to_gain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
