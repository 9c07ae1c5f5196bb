/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_cpulist: lists of processors as text, and back. */
#include "common/cpulist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void text_comes_back_in_its_shortest_form(void **state)
{
    static const char *const cases[][2] = {
        {"0", "0"},           {"0-3,8", "0-3,8"},
        {"8,0-3\n", "0-3,8"}, {"1,2,3,3-5", "1-5"},
        {"0,2,4", "0,2,4"},   {"63,64,127-128", "63-64,127-128"},
        {"65535", "65535"},   {"60000-60001,65534", "60000-60001,65534"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cpulist l;
        struct err e;
        cpulist_init(&l);
        assert_int_equal(cpulist_parse(&l, cases[i][0], &e), 0);
        char *text = cpulist_format(&l);
        assert_string_equal(text, cases[i][1]);
        free(text);
        cpulist_fini(&l);
    }
}

static void wrong_text_is_refused_and_leaves_nothing(void **state)
{
    static const char *const cases[] = {
        "",
        "\n",
        ",",
        "0,",
        ",0",
        "a",
        "1-",
        "-1",
        "3-1",
        "0-3x",
        "0 1",
        "0,,1",
        "+1",
        "0x1",
        "65536",
        "0-65536",
        "1\n2",
        "0-1-2",
        "99999999999999999999",
        " 1",
        "1:2",
        "0-\n",
        "٣",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cpulist l;
        struct err e = {""};
        cpulist_init(&l);
        assert_int_equal(cpulist_parse(&l, cases[i], &e), -1);
        assert_int_equal(cpulist_count(&l), 0);
        assert_non_null(strstr(e.text, "not a list of processors"));
        cpulist_fini(&l);
    }
}

static void sets_of_different_sizes_are_compared_by_what_is_in_them(void **state)
{
    struct cpulist a, b;
    cpulist_init(&a);
    cpulist_init(&b);
    assert_true(cpulist_equal(&a, &b));
    cpulist_add(&a, 3);
    assert_false(cpulist_equal(&a, &b));
    cpulist_add(&b, 3);
    assert_true(cpulist_equal(&a, &b));
    cpulist_add(&b, 4000);
    assert_false(cpulist_equal(&a, &b));
    assert_false(cpulist_equal(&b, &a));
    CPU_CLR_S(4000, b.size, b.set);
    assert_true(cpulist_equal(&a, &b));
    assert_true(cpulist_equal(&b, &a));
    cpulist_fini(&a);
    cpulist_fini(&b);
}

static void what_was_set_is_read_back(void **state)
{
    struct cpulist all, one, back;
    struct err e;
    cpulist_init(&all);
    cpulist_init(&one);
    cpulist_init(&back);
    assert_int_equal(cpulist_affinity(&all, 0, &e), 0);
    assert_true(cpulist_count(&all) > 0);
    uint32_t cpu = 0;
    while (!cpulist_has(&all, cpu))
        cpu++;
    cpulist_add(&one, cpu);
    assert_int_equal(sched_setaffinity(0, one.size, one.set), 0);
    assert_int_equal(cpulist_affinity(&back, 0, &e), 0);
    assert_true(cpulist_equal(&one, &back));
    assert_int_equal(sched_setaffinity(0, all.size, all.set), 0);
    cpulist_fini(&all);
    cpulist_fini(&one);
    cpulist_fini(&back);
}

static void a_process_that_is_not_there_is_an_error(void **state)
{
    struct cpulist l;
    struct err e;
    cpulist_init(&l);
    assert_int_equal(cpulist_affinity(&l, 0x7ffffff0, &e), -1);
    assert_non_null(strstr(e.text, "No such process"));
    assert_int_equal(cpulist_count(&l), 0);
    cpulist_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_comes_back_in_its_shortest_form),
        cmocka_unit_test(wrong_text_is_refused_and_leaves_nothing),
        cmocka_unit_test(sets_of_different_sizes_are_compared_by_what_is_in_them),
        cmocka_unit_test(what_was_set_is_read_back),
        cmocka_unit_test(a_process_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
