/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_group: groups of ranks. */
#include "pmi-server/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void names_are_canonical(void **state)
{
    static const struct {
        const char *in, *name;
        uint32_t size, tag;
    } cases[] = {
        {NULL, "WORLD", 8, 0},
        {"WORLD", "WORLD", 8, 0},
        {"WORLD:0", "WORLD", 8, 0},
        {"WORLD:7", "WORLD:7", 8, 7},
        {"NODE", "NODE", 0, 0},
        {"NODE:2147483646", "NODE:2147483646", 0, 2147483646},
        {"3", "3", 1, 0},
        {"3,1,2", "1-3", 3, 0},
        {"7,0,5", "0,5,7", 3, 0},
        {"0-3,5:9", "0-3,5:9", 5, 9},
        {"00,1,04-5", "0-1,4-5", 4, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pmi_group g;
        const char *why = "";
        assert_int_equal(pmi_group_parse(&g, cases[i].in, 8, &why), 0);
        assert_string_equal(g.name, cases[i].name);
        assert_int_equal(g.size, cases[i].size);
        assert_int_equal(g.tag, cases[i].tag);
        pmi_group_fini(&g);
    }
}

static void what_is_no_group_is_refused(void **state)
{
    static const char *const cases[] = {"",
                                        "8",
                                        "-1",
                                        "1,",
                                        ",1",
                                        "1,1",
                                        "0-3,2",
                                        "3-1",
                                        "WORL",
                                        "WORLD:",
                                        "WORLDx",
                                        "NODE:x",
                                        "1:2147483647",
                                        "1:-1",
                                        "1 ",
                                        "1,a",
                                        "WORLD:7:8",
                                        "4294967296",
                                        "99999999999999999999",
                                        "0-8"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pmi_group g;
        const char *why = NULL;
        assert_int_equal(pmi_group_parse(&g, cases[i], 8, &why), -1);
        assert_non_null(why);
    }
}

static void members_are_found(void **state)
{
    struct pmi_group g;
    const char *why;
    assert_int_equal(pmi_group_parse(&g, "9,2-4,7", 100, &why), 0);
    for (uint32_t r = 0; r < 12; r++)
        assert_int_equal(pmi_group_has(&g, r), r == 9 || (r >= 2 && r <= 4) || r == 7);
    pmi_group_fini(&g);
    assert_int_equal(pmi_group_parse(&g, "WORLD", 100, &why), 0);
    assert_true(pmi_group_has(&g, 99));
    pmi_group_fini(&g);
}

static void long_lists_of_ranks_are_cut(void **state)
{
    const struct pmi_range r[] = {{0, 2}, {5, 5}, {100, 200}};
    char text[40], small[10];
    pmi_group_ranks_text(r, 3, text, sizeof text);
    assert_string_equal(text, "0-2,5,100-200");
    pmi_group_ranks_text(r, 3, small, sizeof small);
    assert_string_equal(small, "0-2,5,...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_canonical),
        cmocka_unit_test(what_is_no_group_is_refused),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(long_lists_of_ranks_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
