/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_mark: the mark is found wherever reads cut it, and behind whatever noise.
 */
#include "launcher/start/mark.h"

#include "common/start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Feeds text in pieces of so many bytes; returns what was taken when the mark ended, 0: it did not. */
static size_t feed(struct mark *m, const char *text, size_t len, size_t piece)
{
    *m = (struct mark){.host = "a"};
    for (size_t at = 0; at < len; at += piece) {
        enum mark_found found;
        size_t n = len - at < piece ? len - at : piece, taken = mark_take(m, text + at, n, &found);
        if (found)
            return at + taken;
        assert_int_equal(taken, n);
    }
    return 0;
}

static void it_is_found_in_pieces_of_any_size(void **state)
{
    static const char *const noises[] = {"", "Welcome\n", "\001must", "\001\001muster-lin\r\n\001muster-link",
                                         "no end of line"};
    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++)
        for (size_t piece = 1; piece < 40; piece++) {
            char text[128];
            struct mark m;
            size_t noise = strlen(noises[i]), mark = strlen(START_MARK);
            memcpy(text, noises[i], noise);
            memcpy(text + noise, START_MARK "MSTR", mark + 4);
            assert_int_equal(feed(&m, text, noise + mark + 4, piece), noise + mark);
            assert_int_equal(m.noise, noise);
        }
}

static void nothing_else_is_it(void **state)
{
    struct mark m;
    static const char text[] = "\001muster-link \001muster-lin\n";
    assert_int_equal(feed(&m, text, sizeof text - 1, 3), 0);
    assert_int_equal(m.noise, sizeof text - 1);
}

static void files_that_are_wanted(void **state)
{
    static const char text[] = "noise\001muster-want 0110\r\nmore";
    for (size_t piece = 1; piece < 40; piece++) {
        struct mark m = {.host = "a"};
        enum mark_found found = MARK_NONE;
        for (size_t at = 0; at < sizeof text - 1 && !found; at += piece)
            mark_take(&m, text + at, sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece, &found);
        assert_int_equal(found, MARK_WANT);
        assert_string_equal(m.want, "0110\r"); /* which is for others to refuse */
        assert_int_equal(m.noise, 5);
        assert_int_equal(mark_take(&m, START_MARK, strlen(START_MARK), &found), strlen(START_MARK));
        assert_int_equal(found, MARK_LINK);
    }
}

static void a_line_without_end_is_cut(void **state)
{
    struct mark m;
    char text[5000];
    memset(text, 'x', sizeof text);
    assert_int_equal(feed(&m, text, sizeof text, 4096), 0);
    assert_int_equal(m.len, sizeof m.line);
    assert_int_equal(m.noise, sizeof text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_found_in_pieces_of_any_size),
        cmocka_unit_test(nothing_else_is_it),
        cmocka_unit_test(a_line_without_end_is_cut),
        cmocka_unit_test(files_that_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
