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
    struct pattern_values v = {.rank = 7,
                               .local_rank = 3,
                               .size = 16,
                               .local_size = 4,
                               .node = 1,
                               .nodes = 5,
                               .universe = UINT32_MAX,
                               .host = "node3"};
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
    is("{local_size} {node} {nodes} {universe}", "4 1 5 -1");
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
