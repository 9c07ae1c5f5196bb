/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_rankmap: ranks to nodes in compact form. */
#include "wire/rankmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check(const uint32_t *node, uint32_t n, uint32_t nnodes, uint32_t blocks)
{
    struct rankmap m, copy;
    assert_int_equal(rankmap_build(&m, node, n, nnodes), 0);
    assert_true(m.nblocks <= blocks);
    struct buf b;
    struct rbuf r;
    buf_init(&b);
    rankmap_put(&b, &m);
    rbuf_init(&r, b.data, b.len);
    assert_true(rankmap_get(&r, &copy));
    assert_true(rbuf_done(&r));
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(rankmap_node(&copy, i), node[i]);
    assert_true(rankmap_node(&copy, n) == UINT32_MAX);
    for (uint32_t k = 0; k < nnodes; k++) {
        struct rankmap_iter it;
        uint32_t rank, last = 0, here = 0;
        rankmap_iter_init(&it, &copy, k);
        while (rankmap_iter_next(&it, &rank)) {
            assert_true(here == 0 || rank > last);
            assert_int_equal(node[rank], k);
            last = rank;
            assert_int_equal(rankmap_local(&copy, rank), here);
            here++;
        }
        assert_int_equal(here, rankmap_local_size(&copy, k));
        sum += here;
    }
    assert_int_equal(sum, n);
    rankmap_fini(&m);
    rankmap_fini(&copy);
    buf_fini(&b);
}

static void shapes(void **state)
{
    uint32_t v[960];
    for (uint32_t i = 0; i < 960; i++)
        v[i] = i / 96;
    check(v, 960, 10, 1); /* by slot */
    for (uint32_t i = 0; i < 960; i++)
        v[i] = i % 10;
    check(v, 960, 10, 1); /* by node */
    for (uint32_t i = 0; i < 960; i++)
        v[i] = i / 4 % 10;
    check(v, 960, 10, 1); /* by socket of four */
    for (uint32_t i = 0; i < 960; i++)
        v[i] = (i * 2654435761u >> 7) % 10;
    check(v, 960, 10, 960); /* anyhow */
    for (uint32_t i = 0; i < 960; i++)
        v[i] = 9 - i / 96;
    check(v, 960, 10, 10); /* backwards */
    v[0] = 0;
    check(v, 1, 1, 1);
}

static void refuse(const uint32_t *words, size_t n)
{
    struct buf b;
    struct rbuf r;
    struct rankmap m;
    buf_init(&b);
    for (size_t i = 0; i < n; i++)
        buf_put_u32(&b, words[i]);
    rbuf_init(&r, b.data, b.len);
    assert_false(rankmap_get(&r, &m));
    assert_null(m.blocks);
    buf_fini(&b);
}

/* nranks, nnodes, nblocks, then first, nodes, ranks_per_node, repeat of each block. */
static void malformed(void **state)
{
    refuse((uint32_t[]){4, 2, 1, 0, 2, 2, 2}, 7);                 /* more ranks than said */
    refuse((uint32_t[]){4, 2, 1, 0, 2, 1, 1}, 7);                 /* fewer */
    refuse((uint32_t[]){4, 2, 1, 1, 2, 2, 1}, 7);                 /* a node that is not there */
    refuse((uint32_t[]){4, 2, 1, UINT32_MAX, 2, 2, 1}, 7);        /* the same, wrapping */
    refuse((uint32_t[]){4, 2, 1, 0, 0, 2, 1}, 7);                 /* no node */
    refuse((uint32_t[]){4, 2, 1, 0, 2, 0, 1}, 7);                 /* no rank */
    refuse((uint32_t[]){4, 2, 1, 0, 2, 2, 0}, 7);                 /* no time */
    refuse((uint32_t[]){4, 65536, 1, 0, 65536, 65536, 1}, 7);     /* 2^32 ranks */
    refuse((uint32_t[]){4, 65536, 1, 0, 65536, 1, 65536 + 1}, 7); /* the same, wrapping to more */
    refuse((uint32_t[]){4, 2, UINT32_MAX, 0, 2, 2, 1}, 7);        /* blocks that are not there */
    refuse((uint32_t[]){4, 2, 1, 0, 2, 2}, 6);                    /* cut */
    refuse(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(malformed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
