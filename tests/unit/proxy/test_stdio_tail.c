/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_stdio_tail: the last lines of a rank. */
#include "proxy/stdio_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *text_of(struct tail *t)
{
    static char copy[TAIL_BYTES + 1];
    size_t n;
    const char *p = tail_text(t, &n);
    assert_true(n <= TAIL_BYTES);
    memcpy(copy, p ? p : "", n);
    copy[n] = 0;
    return copy;
}

static void nothing_was_written(void **state)
{
    size_t n = 1;
    assert_null(tail_text(NULL, &n));
    assert_int_equal(n, 0);
}

static void few_lines_are_all_there(void **state)
{
    struct tail *t = NULL;
    tail_add(&t, "a\nb", 3);
    assert_string_equal(text_of(t), "a\nb");
    tail_add(&t, "c\n", 2);
    assert_string_equal(text_of(t), "a\nbc\n");
    free(t);
}

static void only_the_last_ten_lines(void **state)
{
    struct tail *t = NULL;
    char line[16];
    for (int i = 0; i < 30; i++)
        tail_add(&t, line, (size_t)sprintf(line, "%d\n", i));
    assert_string_equal(text_of(t), "20\n21\n22\n23\n24\n25\n26\n27\n28\n29\n");
    free(t);
}

static void a_line_without_its_beginning_is_left_out(void **state)
{
    struct tail *t = NULL;
    char big[TAIL_BYTES + 100];
    memset(big, 'x', sizeof big);
    memcpy(big + sizeof big - 6, "\nlast\n", 6);
    tail_add(&t, big, sizeof big);
    assert_string_equal(text_of(t), "last\n");
    memset(big, 'y', sizeof big);
    tail_add(&t, big, sizeof big);
    assert_int_equal(strlen(text_of(t)), TAIL_BYTES);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_was_written),
        cmocka_unit_test(few_lines_are_all_there),
        cmocka_unit_test(only_the_last_ten_lines),
        cmocka_unit_test(a_line_without_its_beginning_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
