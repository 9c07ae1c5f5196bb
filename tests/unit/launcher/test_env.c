/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_env: the environment of ranks, and the threads that it tells of. */
#include "launcher/env.h"

#include "launcher/threads.h"

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

static void one_variable_is_found_as_all_are_built(void **state)
{
    char *global_set[] = {"A=old", "A=global"}, *app_set[] = {"A=app"};
    struct env_rules none = {0}, global = {.set = global_set, .nset = 2}, app = {.set = app_set, .nset = 1};
    struct env_rules nothing = {.mode = ENV_NONE};
    assert_string_equal(env_find(&none, &none, outer, "A"), "1");
    assert_string_equal(env_find(&global, &none, outer, "A"), "global");
    assert_string_equal(env_find(&global, &app, outer, "A"), "app");
    assert_null(env_find(&nothing, &none, outer, "A"));
    assert_null(env_find(&none, &nothing, outer, "A"));
    assert_null(env_find(&none, &none, outer, "PMI_RANK"));
    assert_null(env_find(&none, &none, outer, "B"));
}

static uint32_t told(const char *first, const char *second)
{
    static char *const empty[] = {NULL};
    char *sets[] = {(char *)first, (char *)second};
    struct env_rules none = {0};
    struct app apps[2] = {{.env = {.set = &sets[0], .nset = 1}}, {.env = {.set = &sets[1], .nset = second != NULL}}};
    return threads_told(apps, second ? 2 : 1, &none, empty);
}

static void threads_are_those_that_all_programs_are_told(void **state)
{
    assert_int_equal(told("OMP_NUM_THREADS=4", NULL), 4);
    assert_int_equal(told("OMP_NUM_THREADS=4,2", NULL), 4);
    assert_int_equal(told("OMP_NUM_THREADS=4", "OMP_NUM_THREADS=4"), 4);
    assert_int_equal(told("OMP_NUM_THREADS=4", "OMP_NUM_THREADS=2"), 0);
    assert_int_equal(told("OMP_NUM_THREADS=4", "A=1"), 0);
    assert_int_equal(told("A=1", "OMP_NUM_THREADS=4"), 0);
    static const char *const wrong[] = {"OMP_NUM_THREADS=", "OMP_NUM_THREADS=0", "OMP_NUM_THREADS=-2",
                                        "OMP_NUM_THREADS=4x", "OMP_NUM_THREADS=99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(told(wrong[i], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_another_launchers),
        cmocka_unit_test(settings_replace_and_the_applications_come_last),
        cmocka_unit_test(none_and_lists),
        cmocka_unit_test(one_variable_is_found_as_all_are_built),
        cmocka_unit_test(threads_are_those_that_all_programs_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
