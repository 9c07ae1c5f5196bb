/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Copies against memcpy: all short lengths and places, and long ones around those at which another way is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/core/bytes.h"

enum { PAGE = 4096, ROOM = 16 * PAGE, GUARD = 64 };
static char *from, *to;

typedef void copy(void *to, const void *from, size_t n);

static void by_copy(void *t, const void *f, size_t n)
{
    bytes_copy(t, f, n);
}
static void by_copy_long(void *t, const void *f, size_t n)
{
    bytes_copy_long(t, f, n);
}

/* n bytes arrive, and nothing beside them changes. */
static void check(copy *f, size_t to_at, size_t from_at, size_t n)
{
    memset(to, 0x55, ROOM);
    f(to + GUARD + to_at, from + from_at, n);
    assert_memory_equal(to + GUARD + to_at, from + from_at, n);
    for (int i = 1; i <= GUARD; i++) {
        assert_int_equal(to[GUARD + to_at - (size_t)i], 0x55);
        assert_int_equal(to[GUARD + to_at + n + (size_t)i - 1], 0x55);
    }
}

static void test_short(void **state)
{
    for (size_t n = 0; n < 200; n++)
        for (size_t at = 0; at < 17; at++) {
            check(by_copy, at, 3, n);
            check(by_copy_long, at, 3, n);
            check(bytes_copy_nontemporal, at, 3, n);
            check(bytes_copy_by_loop, at, 3, n);
        }
}

static void test_long(void **state)
{
    static const size_t lengths[] = {2047, 2048, 2049, 4096, 10000, 3 * PAGE + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t at = 0; at < 200; at += 7) {
            check(by_copy_long, at, 64, lengths[i]);
            check(by_copy_long, at, 0, lengths[i]);
            check(bytes_copy_nontemporal, at, 5, lengths[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_short), cmocka_unit_test(test_long)};
    from = malloc(ROOM);
    to = aligned_alloc(PAGE, ROOM);
    if (!from || !to)
        return 2;
    for (int i = 0; i < ROOM; i++)
        from[i] = (char)(i * 7 + i / 251);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(from);
    free(to);
    return failed;
}
