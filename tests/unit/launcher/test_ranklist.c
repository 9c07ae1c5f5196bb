/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_ranklist: lists of ranks. */
#include "launcher/ranklist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void accepted(void **state)
{
    struct rank_range *v;
    uint32_t n;
    struct err e;
    assert_int_equal(ranklist_parse("0-3,7", 8, &v, &n, &e), 0);
    assert_int_equal(n, 2);
    assert_int_equal(v[0].first, 0);
    assert_int_equal(v[0].last, 3);
    assert_int_equal(v[1].first, 7);
    assert_int_equal(v[1].last, 7);
    free(v);
}

static void refused(void **state)
{
    static const char *const bad[] = {
        "",  ",",  "1,", ",1", "a", "-1", "3-1", "1-", "1--2", "0x1", "1 2", "4294967296", "99999999999999999999",
        "8", "0-8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rank_range *v = (void *)1;
        uint32_t n = 1;
        struct err e = {""};
        assert_int_equal(ranklist_parse(bad[i], 8, &v, &n, &e), -1);
        assert_null(v);
        assert_int_equal(n, 0);
        assert_string_not_equal(e.text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepted), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
