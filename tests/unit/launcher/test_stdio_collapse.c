/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_stdio_collapse: equal lines of many ranks. */
#include "launcher/stdio_collapse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char shown[4096];
static unsigned count;

static void show(void *arg, unsigned stream, const char *ranks, const char *line, size_t n)
{
    char text[256];
    count++;
    snprintf(text, sizeof text, "%u[%s] %.*s", stream, ranks, (int)n, line);
    if (strlen(shown) + strlen(text) < sizeof shown)
        strcat(shown, text);
}

static struct collapse *start(uint32_t nranks)
{
    shown[0] = 0;
    count = 0;
    return collapse_create(nranks, show, NULL);
}

static void add(struct collapse *c, uint32_t rank, const char *line)
{
    collapse_add(c, 1, rank, line, strlen(line));
}

static void a_line_of_all_is_shown_at_once(void **state)
{
    struct collapse *c = start(4);
    add(c, 3, "x\n");
    add(c, 0, "x\n");
    add(c, 2, "x\n");
    assert_string_equal(shown, "");
    add(c, 1, "x\n");
    assert_string_equal(shown, "1[0-3] x\n");
    assert_int_equal(collapse_due(c), -1);
    collapse_destroy(c);
}

static void ranks_are_given_as_ranges(void **state)
{
    struct collapse *c = start(10);
    static const uint32_t ranks[] = {7, 0, 2, 1, 5, 9};
    for (int i = 0; i < 6; i++)
        add(c, ranks[i], "x\n");
    collapse_show_all(c);
    assert_string_equal(shown, "1[0-2,5,7,9] x\n");
    collapse_destroy(c);
}

static void streams_are_apart(void **state)
{
    struct collapse *c = start(3);
    add(c, 0, "x\n");
    collapse_add(c, 2, 1, "x\n", 2);
    collapse_show_all(c);
    assert_string_equal(shown, "1[0] x\n2[1] x\n");
    collapse_destroy(c);
}

static void what_a_rank_says_twice_is_shown_twice(void **state)
{
    struct collapse *c = start(2);
    add(c, 0, "x\n");
    add(c, 0, "x\n");
    add(c, 1, "x\n");
    add(c, 1, "x\n");
    assert_string_equal(shown, "1[0-1] x\n1[0-1] x\n");
    collapse_destroy(c);
}

static void a_rank_keeps_its_order(void **state)
{
    struct collapse *c = start(3);
    add(c, 0, "a\n");
    add(c, 0, "b\n");
    add(c, 1, "b\n");
    add(c, 1, "a\n");
    collapse_show_all(c);
    assert_string_equal(shown, "1[0] a\n1[0-1] b\n1[1] a\n");
    collapse_destroy(c);
}

static void memory_is_bounded(void **state)
{
    struct collapse *c = start(2);
    char *line = malloc(1 << 20);
    memset(line, 'x', 1 << 20);
    for (int i = 0; i < 100; i++) {
        sprintf(line, "%d", i);
        collapse_add(c, 1, 0, line, 1 << 20);
    }
    assert_true(count >= 100 - COLLAPSE_MEMORY / (1 << 20));
    free(line);
    collapse_destroy(c);
}

static void the_oldest_is_due_after_the_window(void **state)
{
    struct collapse *c = start(2);
    add(c, 0, "x\n");
    long due = collapse_due(c);
    assert_true(due > 0 && due <= COLLAPSE_MS);
    collapse_show_due(c);
    assert_int_equal(count, 0);
    collapse_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_all_is_shown_at_once),
        cmocka_unit_test(ranks_are_given_as_ranges),
        cmocka_unit_test(streams_are_apart),
        cmocka_unit_test(what_a_rank_says_twice_is_shown_twice),
        cmocka_unit_test(a_rank_keeps_its_order),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(the_oldest_is_due_after_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
