/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_topo: a topology comes back whole, and what could lead planning astray does not come back at all.
 */
#include "wire/topo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct topo_hwthread threads[] = {{0, true}, {4, false}, {1, true}, {5, true}};
static struct topo_object each[] = {{0, 1}, {2, 1}, {3, 1}}, cores[] = {{0, 2}, {2, 2}}, all[] = {{0, 4}};

static struct topo machine(void)
{
    struct topo t = {.hwthreads = threads, .nhwthreads = 4, .capacity = 3};
    t.kinds[TOPO_HWTHREAD] = (struct topo_objects){each, 3};
    t.kinds[TOPO_CORE] = (struct topo_objects){cores, 2};
    t.kinds[TOPO_MACHINE] = (struct topo_objects){all, 1};
    return t;
}

/* NULL: refused. */
static struct topo *sent(const struct topo *t)
{
    struct buf b;
    struct rbuf r;
    buf_init(&b);
    topo_put(&b, t);
    rbuf_init(&r, b.data, b.len);
    struct topo *got = topo_get(&r);
    assert_true(!got || rbuf_done(&r));
    buf_fini(&b);
    return got;
}

static void comes_back_whole(void **state)
{
    struct topo t = machine(), *got = sent(&t);
    assert_non_null(got);
    assert_int_equal(got->nhwthreads, 4);
    assert_int_equal(got->capacity, 3);
    assert_int_equal(got->hwthreads[1].os, 4);
    assert_false(got->hwthreads[1].usable);
    assert_int_equal(got->kinds[TOPO_CORE].n, 2);
    assert_int_equal(got->kinds[TOPO_CORE].list[1].first, 2);
    assert_null(got->kinds[TOPO_NUMA].list);
    topo_destroy(got);
}

static void a_part_of_it_is_refused(void **state)
{
    struct topo t = machine();
    struct buf b;
    buf_init(&b);
    topo_put(&b, &t);
    for (size_t n = 0; n < b.len; n++) {
        struct rbuf r;
        unsigned char *part = malloc(n ? n : 1); /* so that a sanitizer sees one byte too many */
        assert_non_null(part);
        memcpy(part, b.data, n);
        rbuf_init(&r, part, n);
        assert_null(topo_get(&r));
        free(part);
    }
    buf_fini(&b);
}

static void what_cannot_be_is_refused(void **state)
{
    struct topo_hwthread forbidden[] = {{0, false}, {4, false}, {1, false}, {5, false}}, far[] = {{1u << 20, true}};
    static const struct topo_object wrong[][2] = {
        {{0, 2}, {1, 2}},          /* they overlap */
        {{2, 2}, {0, 2}},          /* not in order */
        {{0, 2}, {2, 3}},          /* beyond the end */
        {{0, 2}, {2, UINT32_MAX}}, /* whose end overflows */
        {{0, 2}, {9, 1}},          /* elsewhere */
        {{0, 2}, {2, 0}},          /* empty */
        {{0, 1}, {1, 1}},          /* nothing in it is usable */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct topo t = machine();
        t.kinds[TOPO_CORE].list = (struct topo_object *)wrong[i];
        assert_null(sent(&t));
    }
    struct topo t = machine();
    t.hwthreads = forbidden;
    assert_null(sent(&t));
    t = machine();
    t.hwthreads = far;
    t.nhwthreads = 1;
    assert_null(sent(&t));
    t = machine();
    t.kinds[TOPO_CORE].n = 0; /* cores are always there */
    assert_null(sent(&t));
}

static void one_shape_one_digest(void **state)
{
    assert_int_equal(topo_digest("abc", 3), topo_digest("abc", 3));
    assert_int_not_equal(topo_digest("abc", 3), topo_digest("abd", 3));
    assert_int_not_equal(topo_digest("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_whole),
        cmocka_unit_test(a_part_of_it_is_refused),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(one_shape_one_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
