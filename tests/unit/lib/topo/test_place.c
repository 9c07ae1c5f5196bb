/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Places of a grid for ranks of several nodes: each rank has one, no order is worse than the one that was there, blocks
 * are found where they fit, and how much less leaves a node in a stencil is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/topo/place.h"

enum { MOST = 16384 };
static uint32_t node[MOST], there[MOST];
static int order[MOST];
static bool seen[MOST];

/* What is cut after it; before it: *before. */
static int64_t cut(int ndims, const int *dims, const int *periods, int64_t *before)
{
    int n = 1;
    for (int i = 0; i < ndims; i++)
        n *= dims[i];
    *before = place_cut(node, ndims, dims, periods);
    int found = place_order(node, n, ndims, dims, periods, order);
    assert_true(found >= 0);
    if (!found)
        return *before;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < n; i++) {
        assert_in_range(order[i], 0, n - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        there[i] = node[order[i]];
    }
    int64_t after = place_cut(there, ndims, dims, periods);
    assert_true(after < *before);
    return after;
}

static void by_blocks(int n, int per_node)
{
    for (int i = 0; i < n; i++)
        node[i] = (uint32_t)(i / per_node);
}

/* Each rank sends 8 KiB to each of its neighbours. */
static void tell(const char *what, int64_t before, int64_t after)
{
    print_message("# %s: %lld KiB leave a node in a step, then %lld (%.0f %% less)\n", what, (long long)before * 8,
                  (long long)after * 8, 100.0 * (double)(before - after) / (double)before);
}

static void stencil(const char *what, int rows, int columns, bool periodic, int64_t before, int64_t after)
{
    int64_t was, is = cut(2, (int[]){rows, columns}, (int[]){periodic, periodic}, &was);
    tell(what, was, is);
    assert_int_equal(was, before);
    assert_int_equal(is, after);
}

static void test_four_nodes(void **state)
{
    by_blocks(16, 4);
    stencil("4 nodes of 4, 4 x 4", 4, 4, false, 24, 16);
    by_blocks(256, 64);
    stencil("4 nodes of 64, 16 x 16", 16, 16, false, 96, 64);
    stencil("4 nodes of 64, 16 x 16, periodic", 16, 16, true, 128, 128);
    for (int i = 0; i < 256; i++)
        node[i] = (uint32_t)i % 4;
    stencil("4 nodes of 64, ranks dealt out, 16 x 16", 16, 16, false, 480, 64);
}

static void test_many_nodes(void **state)
{
    by_blocks(4096, 64);
    stencil("64 nodes of 64, 64 x 64", 64, 64, false, 63 * 128, 14 * 128);
    int64_t before, after = cut(3, (int[]){16, 16, 16}, (int[]){1, 1, 1}, &before);
    tell("64 nodes of 64, 16 x 16 x 16, periodic", before, after);
    assert_int_equal(after, 64 * 6 * 16);
}

/* Seven ranks fill no rectangle; nodes of different sizes neither. */
static void test_uneven(void **state)
{
    int64_t before, after;
    by_blocks(56 * 7, 7);
    after = cut(2, (int[]){28, 14}, (int[]){0, 0}, &before);
    tell("56 nodes of 7, 28 x 14", before, after);
    assert_true(after * 10 < before * 8);
    for (int i = 0, n = 0, k = 0; i < 1024; i++, k++) {
        if (k == 10 + n % 13)
            n++, k = 0;
        node[i] = (uint32_t)n;
    }
    after = cut(2, (int[]){32, 32}, (int[]){1, 0}, &before);
    tell("nodes of 10 to 22, 32 x 32", before, after);
    assert_true(after * 10 < before * 6);
}

static void test_nothing_to_do(void **state)
{
    int64_t before;
    by_blocks(64, 64);
    assert_int_equal(cut(2, (int[]){8, 8}, (int[]){0, 0}, &before), 0);
    by_blocks(64, 8);
    assert_int_equal(cut(1, (int[]){64}, (int[]){0}, &before), 14);
    assert_int_equal(place_order(node, 64, 1, (int[]){64}, (int[]){0}, order), 0);
    assert_int_equal(place_order(node, 1, 0, NULL, NULL, order), 0);
    assert_int_equal(place_order(node, 1, 3, (int[]){1, 1, 1}, (int[]){0, 1, 0}, order), 0);
}

static void test_anything(void **state)
{
    unsigned seed = 7;
    for (int round = 0; round < 400; round++) {
        int ndims = 1 + (int)(seed % 5), dims[5], periods[5], n = 1;
        int64_t before;
        for (int i = 0; i < ndims; i++) {
            seed = seed * 1103515245 + 12345;
            dims[i] = 1 + (int)(seed >> 16) % 6;
            periods[i] = seed >> 28 & 1;
            n *= dims[i];
        }
        seed = seed * 1103515245 + 12345;
        int nodes = 1 + (int)(seed >> 16) % 9;
        for (int i = 0; i < n; i++) {
            seed = seed * 1103515245 + 12345;
            node[i] = (seed >> 16) % (unsigned)nodes * 3;
        }
        assert_true(cut(ndims, dims, periods, &before) <= before);
    }
}

/* As many dimensions as there can be. */
static void test_cube(void **state)
{
    int dims[14], periods[14], n = 1 << 14;
    int64_t before;
    for (int i = 0; i < 14; i++)
        dims[i] = 2, periods[i] = i % 2;
    by_blocks(n, 8);
    int64_t after = cut(14, dims, periods, &before);
    assert_true(after <= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_four_nodes),    cmocka_unit_test(test_many_nodes), cmocka_unit_test(test_uneven),
        cmocka_unit_test(test_nothing_to_do), cmocka_unit_test(test_anything),   cmocka_unit_test(test_cube),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
