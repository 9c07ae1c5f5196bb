/* SPDX-License-Identifier: BSD-3-Clause
 *
 * core_file: what patterns of core(5) come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lib/init/core_file.h"

static const char *path_of(const char *pattern, bool with_pid)
{
    static char path[40];
    return core_file_path(pattern, with_pid, 321, "a.out", path, sizeof path) ? path : NULL;
}

static void test_patterns(void **state)
{
    assert_string_equal(path_of("core", false), "core");
    assert_string_equal(path_of("core", true), "core.321");
    assert_string_equal(path_of("/var/%e.%p.%t", true), "/var/a.out.321.*");
    assert_string_equal(path_of("100%%", false), "100%");
    assert_string_equal(path_of("end%", false), "end");
    assert_null(path_of("|/usr/lib/systemd/systemd-coredump %P", true));
}

static void test_long_patterns_are_cut(void **state)
{
    char pattern[200];
    memset(pattern, 'x', sizeof pattern);
    pattern[sizeof pattern - 1] = 0;
    assert_int_equal(strlen(path_of(pattern, true)), 39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns), cmocka_unit_test(test_long_patterns_are_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
