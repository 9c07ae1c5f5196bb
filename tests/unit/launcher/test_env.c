/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_env: the environment of ranks. */
#include "launcher/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *const outer[] = {"PATH=/bin",   "HOME=/root", "PMI_RANK=3", "PMIX_RANK=1",
                              "PMI_RANKS=x", "A=1",        "AB=2",       NULL};

static const char *get(const struct strings *s, const char *name)
{
    const char *found = NULL;
    for (uint32_t i = 0; i < s->n; i++) {
        if (strncmp(s->v[i], name, strlen(name)) == 0 && s->v[i][strlen(name)] == '=') {
            assert_null(found); /* each name once */
            found = s->v[i] + strlen(name) + 1;
        }
    }
    assert_null(s->v[s->n]);
    return found;
}

static void all_but_another_launchers(void **state)
{
    struct env_rules none = {0};
    struct strings s;
    env_build(&s, &none, &none, outer);
    assert_int_equal(s.n, 5);
    assert_string_equal(get(&s, "PATH"), "/bin");
    assert_string_equal(get(&s, "PMI_RANKS"), "x");
    assert_null(get(&s, "PMI_RANK"));
    assert_null(get(&s, "PMIX_RANK"));
    strings_fini(&s);
}

static void settings_replace_and_the_applications_come_last(void **state)
{
    char *global_set[] = {"A=global", "NEW=1"}, *app_set[] = {"A=app", "B="};
    struct env_rules global = {.set = global_set, .nset = 2}, app = {.set = app_set, .nset = 2};
    struct strings s;
    env_build(&s, &global, &app, outer);
    assert_string_equal(get(&s, "A"), "app");
    assert_string_equal(get(&s, "AB"), "2");
    assert_string_equal(get(&s, "NEW"), "1");
    assert_string_equal(get(&s, "B"), "");
    strings_fini(&s);
}

static void none_and_lists(void **state)
{
    char *names[] = {"A*"}, *set[] = {"X=1"};
    struct env_rules global = {.mode = ENV_NONE}, app = {.set = set, .nset = 1};
    struct strings s;
    env_build(&s, &global, &app, outer);
    assert_int_equal(s.n, 1);
    strings_fini(&s);
    app = (struct env_rules){.mode = ENV_LIST, .names = names, .nnames = 1};
    env_build(&s, &global, &app, outer); /* the application's mode counts */
    assert_int_equal(s.n, 2);
    assert_string_equal(get(&s, "A"), "1");
    assert_string_equal(get(&s, "AB"), "2");
    strings_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_another_launchers),
        cmocka_unit_test(settings_replace_and_the_applications_come_last),
        cmocka_unit_test(none_and_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
