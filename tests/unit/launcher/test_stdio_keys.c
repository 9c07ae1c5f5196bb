/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_stdio_keys: what is typed for mpiexec, and what for the rank. */
#include "launcher/stdio_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Typed at once, and key by key. */
static void is(const char *typed, const char *want, enum keys_said said)
{
    struct keys k = {0}, single = {0};
    enum keys_said got, last = KEYS_NOTHING;
    char to[64], one[64];
    size_t n = keys_filter(&k, typed, strlen(typed), to, &got), used = 0;
    assert_int_equal(n, strlen(want));
    assert_memory_equal(to, want, n);
    assert_int_equal(got, said);
    for (size_t i = 0; typed[i]; i++) {
        used += keys_filter(&single, typed + i, 1, one + used, &got);
        last = got ? got : last;
    }
    assert_int_equal(used, n);
    assert_memory_equal(one, want, n);
    assert_int_equal(last, said);
}

static void what_is_the_ranks(void **state)
{
    is("ls -l ~\r", "ls -l ~\r", KEYS_NOTHING);
    is("cd ~.\r", "cd ~.\r", KEYS_NOTHING);
    is("~/bin/x\r", "~/bin/x\r", KEYS_NOTHING);
    is("~~.\r", "~.\r", KEYS_NOTHING);
    is("a\n~\r~x", "a\n~\r~x", KEYS_NOTHING);
    is("\x03\x04\x1a", "\x03\x04\x1a", KEYS_NOTHING);
}

static void what_is_ours(void **state)
{
    is("~.", "", KEYS_END);
    is("a\r~.", "a\r", KEYS_END);
    is("~?~.", "", KEYS_END);
    is("~\x1als\r", "ls\r", KEYS_STOP);
    is("\n~?b", "\nb", KEYS_HELP);
    is("~", "", KEYS_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_the_ranks), cmocka_unit_test(what_is_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
