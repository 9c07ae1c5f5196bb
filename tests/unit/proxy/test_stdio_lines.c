/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_stdio_lines: whole lines out of pieces. */
#include "proxy/stdio_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What came out: all bytes, and each piece as "text|" or, inside a line, "+text|". */
static char bytes[8u << 20], pieces[4096];
static size_t nbytes, longest;
static int unfinished; /* pieces that did not end a line */

static void take(void *arg, const char *data, size_t n, bool continues)
{
    memcpy(bytes + nbytes, data, n);
    nbytes += n;
    longest = n > longest ? n : longest;
    unfinished += data[n - 1] != '\n';
    size_t at = strlen(pieces);
    if (n < 64 && at + n + 3 < sizeof pieces) {
        strcat(pieces, continues ? "+" : "");
        strncat(pieces, data, n);
        strcat(pieces, "|");
    }
}

static int reset(void **state)
{
    nbytes = longest = 0;
    unfinished = 0;
    pieces[0] = 0;
    return 0;
}

static void feed(struct lines *l, const char *data, size_t n)
{
    while (n) {
        size_t room;
        char *to = lines_room(l, &room);
        assert_true(room > 0);
        size_t part = n < room ? n : room;
        memcpy(to, data, part);
        lines_took(l, part, take, NULL);
        data += part;
        n -= part;
    }
}

static void put(struct lines *l, const char *text)
{
    feed(l, text, strlen(text));
}

static void whole_lines_go_on_together(void **state)
{
    struct lines l = {0};
    put(&l, "one\ntwo\nthr");
    put(&l, "ee\n");
    assert_string_equal(pieces, "one\ntwo\n|three\n|");
    assert_int_equal(l.len, 0);
    lines_fini(&l);
}

static void a_flushed_beginning_is_marked_in_what_follows(void **state)
{
    struct lines l = {0};
    put(&l, "name? ");
    assert_string_equal(pieces, "");
    lines_flush(&l, take, NULL);
    lines_flush(&l, take, NULL);
    put(&l, "joe\nnext\n");
    put(&l, "last\n");
    assert_string_equal(pieces, "name? |+joe\nnext\n|last\n|");
    lines_fini(&l);
}

static void streams_do_not_mix_in_the_shared_buffer(void **state)
{
    struct lines a = {0}, b = {0};
    put(&a, "aaa");
    put(&b, "bbb");
    put(&a, "AAA\n");
    put(&b, "BBB\n");
    assert_string_equal(pieces, "aaaAAA\n|bbbBBB\n|");
    lines_fini(&a);
    lines_fini(&b);
}

static void random_cuts_change_no_byte_and_tear_no_line(void **state)
{
    static char text[2u << 20];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof text; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = seed >> 24 < 3 ? '\n' : (char)(seed >> 16);
    }
    text[sizeof text - 1] = '\n';
    struct lines l = {0};
    for (size_t at = 0, n; at < sizeof text; at += n) {
        seed = seed * 1664525 + 1013904223;
        n = 1 + (seed >> 8) % 70000;
        n = n < sizeof text - at ? n : sizeof text - at;
        feed(&l, text + at, n);
    }
    assert_int_equal(unfinished, 0);
    assert_int_equal(nbytes, sizeof text);
    assert_memory_equal(bytes, text, sizeof text);
    lines_fini(&l);
}

static void a_long_line_is_whole_up_to_the_bound(void **state)
{
    static char line[LINES_HELD_MAX - 1];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    struct lines l = {0};
    for (size_t at = 0; at < sizeof line; at += 50000)
        feed(&l, line + at, sizeof line - at < 50000 ? sizeof line - at : 50000);
    assert_int_equal(unfinished, 0);
    assert_int_equal(longest, sizeof line);
    assert_memory_equal(bytes, line, sizeof line);
    lines_fini(&l);
}

static void an_endless_line_passes_in_pieces(void **state)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    struct lines l = {0};
    for (int i = 0; i < 64; i++) {
        feed(&l, block, sizeof block);
        assert_true(l.cap <= 2 * LINES_HELD_MAX + 2 * sizeof block);
    }
    lines_flush(&l, take, NULL);
    assert_int_equal(nbytes, 64 * sizeof block);
    assert_true(unfinished >= 2);
    lines_fini(&l);
}

/* When many streams hold long beginnings, each may hold less. */
static void all_streams_together_are_bounded(void **state)
{
    static char block[65536];
    static struct lines l[400];
    memset(block, 'x', sizeof block);
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < 400; i++) {
            nbytes = 0;
            feed(&l[i], block, sizeof block);
        }
    size_t held = 0;
    for (int i = 0; i < 400; i++) {
        held += l[i].cap;
        lines_fini(&l[i]);
    }
    assert_true(held <= LINES_HELD_TOTAL + 400 * 2 * LINES_HELD_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whole_lines_go_on_together, reset),
        cmocka_unit_test_setup(a_flushed_beginning_is_marked_in_what_follows, reset),
        cmocka_unit_test_setup(streams_do_not_mix_in_the_shared_buffer, reset),
        cmocka_unit_test_setup(random_cuts_change_no_byte_and_tear_no_line, reset),
        cmocka_unit_test_setup(a_long_line_is_whole_up_to_the_bound, reset),
        cmocka_unit_test_setup(an_endless_line_passes_in_pieces, reset),
        cmocka_unit_test_setup(all_streams_together_are_bounded, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
