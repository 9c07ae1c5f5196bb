/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_label: labels of lines. */
#include "common/label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void patterns_are_filled(void **state)
{
    static const struct {
        const char *pattern, *text;
    } cases[] = {
        {"", ""},
        {LABEL_DEFAULT, "[12] "},
        {"%r/%h/%p/%g/%%", "12/n7/3/1/%"},
        {"{rank}@{host} {node} {job} of {size}: ", "12@n7 3 1 of 64: "},
        {"{rank", "{rank"},
        {"{ranks} {} %d %", "{ranks} {} %d %"},
        {"{time}", "{time}"},
    };
    struct label_values v = {.rank = 12, .size = 64, .node = 3, .job = 1, .host = "n7"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b);
        label_put(&b, cases[i].pattern, &v, NULL);
        buf_put_u8(&b, 0);
        assert_string_equal((char *)b.data, cases[i].text);
        buf_fini(&b);
    }
}

static void time_is_that_of_the_day(void **state)
{
    struct label_values v = {.host = "h"};
    struct timespec t = {0, 7000000};
    struct buf b;
    setenv("TZ", "UTC", 1);
    buf_init(&b);
    label_put(&b, "{time} ", &v, &t);
    buf_put_u8(&b, 0);
    assert_string_equal((char *)b.data, "00:00:00.007 ");
    buf_fini(&b);
}

static void a_pattern_tells_what_it_depends_on(void **state)
{
    assert_true(label_names_rank("out.%r"));
    assert_true(label_names_rank("out.{rank}"));
    assert_false(label_names_rank("out.%%r.{host}"));
    assert_true(label_names_node("out.%h"));
    assert_false(label_names_node("out"));
    assert_true(label_names_time("{time}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_are_filled),
        cmocka_unit_test(time_is_that_of_the_day),
        cmocka_unit_test(a_pattern_tells_what_it_depends_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
