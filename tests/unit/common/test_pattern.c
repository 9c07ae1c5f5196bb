/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_pattern: patterns with names in braces. */
#include "common/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void is(const char *pattern, const char *want)
{
    struct pattern_values v = {7, 3, 16, "node3"};
    char *s = pattern_expand(pattern, &v);
    assert_string_equal(s, want);
    free(s);
}

static void words(void **state)
{
    is("", "");
    is("plain", "plain");
    is("{rank}", "7");
    is("out.{rank}.{local_rank}.{size}.{host}", "out.7.3.16.node3");
    is("{rank}{rank}", "77");
}

static void others_stay(void **state)
{
    is("{", "{");
    is("{}", "{}");
    is("{ranks}", "{ranks}");
    is("{rank", "{rank");
    is("{{rank}}", "{7}");
    is("{\"json\": {rank}}", "{\"json\": 7}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(others_stay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
