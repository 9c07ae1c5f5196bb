/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_this_host: which names are this machine's. */
#include "common/this_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

static void names_are_compared(void **state)
{
    static const struct {
        const char *own, *name;
        bool same;
    } pairs[] = {
        {"n1", "n1", true},
        {"n1", "N1", true},
        {"n1", "localhost", true},
        {"n1", "n1.example.org", true},
        {"n1.example.org", "n1", true},
        {"n1.example.org", "n1.example.org", true},
        {"n1.example.org", "n1.example.com", false},
        {"n1", "n10", false},
        {"n10", "n1", false},
        {"n1", "n10.example.org", false},
        {"n1", "", false},
        {"", ".example.org", false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (this_host_names(pairs[i].own, pairs[i].name) != pairs[i].same)
            fail_msg("%s is %s: %d", pairs[i].name, pairs[i].own, !pairs[i].same);
}

static void this_machine_is_known(void **state)
{
    char own[256] = "";
    assert_int_equal(gethostname(own, sizeof own - 1), 0);
    assert_true(this_host_is(own));
    assert_true(this_host_is("localhost"));
    assert_true(this_host_is("127.0.0.1"));
    assert_true(this_host_is("127.1.2.3"));
    assert_false(this_host_is("192.0.2.1")); /* for documentation: nobody has it */
    assert_false(this_host_is("2001:db8::1"));
    assert_false(this_host_is("no-such-host.example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_compared),
        cmocka_unit_test(this_machine_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
