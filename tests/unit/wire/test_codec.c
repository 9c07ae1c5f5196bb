/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_codec.c: the generator, by a catalogue that has every kind of field (kinds.def). The bytes are written out here
 * by hand, so that a mistake which put and get share is seen.
 */
#include "kinds_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool lists_good = true;

bool kinds_lists_check(const struct kinds_lists *m)
{
    return lists_good;
}

/* A reader of exactly these bytes, in memory of their size: a sanitizer sees a read past its end. */
static struct rbuf reader(const void *p, size_t n, void **memory)
{
    struct rbuf r;
    *memory = malloc(n ? n : 1);
    memcpy(*memory, p, n);
    rbuf_init(&r, *memory, n);
    return r;
}

#define BYTES(text) text, sizeof text - 1

static bool plain(const char *p, size_t n, struct kinds_plain *m)
{
    void *memory;
    struct rbuf r = reader(p, n, &memory);
    bool ok = kinds_plain_get(&r, m);
    assert_int_equal(ok, !r.bad);
    free(memory);
    return ok;
}

#define PLAIN(b, e, x)                                                                                                 \
    "\x07" b "\0\0\0"                                                                                                  \
    "\1\2\3\4\5\6\7\x08"                                                                                               \
    "\xfe\xff\xff\xff" e x "\5\0\0\0"

static void scalars(void **state)
{
    struct kinds_plain m;
    struct buf b;
    assert_true(plain(BYTES(PLAIN("\x0a", "\1", "\1")), &m));
    assert_true(m.a == 7 && m.b == 10 && m.c == 0x0807060504030201 && m.d == -2 && m.e && m.at.x == 1 && m.at.y == 5);
    buf_init(&b);
    kinds_plain_put(&b, &m);
    assert_int_equal(b.len, sizeof PLAIN("\x0a", "\1", "\1") - 1);
    assert_memory_equal(b.data, PLAIN("\x0a", "\1", "\1"), b.len);
    buf_fini(&b);
}

static void scalars_out_of_bounds(void **state)
{
    struct kinds_plain m;
    assert_true(plain(BYTES(PLAIN("\x14", "\0", "\x09")), &m));
    assert_false(plain(BYTES(PLAIN("\x15", "\0", "\x09")), &m)); /* above its bound */
    assert_false(plain(BYTES(PLAIN("\x09", "\0", "\x09")), &m)); /* below */
    assert_false(plain(BYTES(PLAIN("\x14", "\2", "\x09")), &m)); /* no flag */
    assert_false(plain(BYTES(PLAIN("\x14", "\0", "\x0a")), &m)); /* of a nested record */
    assert_false(plain(BYTES(PLAIN("\x14", "\0", "\x09") "x"), &m));
    assert_int_equal(m.a, 0); /* a refused one is left empty */
}

static bool strings(const char *p, size_t n, struct kinds_strings *m, void **memory)
{
    struct rbuf r = reader(p, n, memory);
    return kinds_strings_get(&r, m);
}

#define STR3(s) "\3\0\0\0" s
#define EMPTY "\0\0\0\0"

static void refuse_strings(const char *p, size_t n)
{
    struct kinds_strings m;
    void *memory;
    assert_false(strings(p, n, &m, &memory));
    assert_null(m.own);
    free(memory);
}

static void texts(void **state)
{
    static const char wire[] = STR3("a\0b") STR3("cde") EMPTY STR3("fgh") STR3("ijk") "to the end";
    struct kinds_strings m;
    struct buf b;
    void *memory;
    assert_true(strings(BYTES(wire), &m, &memory));
    assert_true(m.any.len == 3 && !memcmp(m.any.data, "a\0b", 3) && bytes_eq(m.clean, "cde") && m.said.len == 0);
    assert_string_equal(m.own, "fgh");
    assert_string_equal(m.inside, "ijk");
    assert_true(bytes_eq(m.tail, "to the end"));
    assert_ptr_equal(m.tail.data, (char *)memory + sizeof wire - 1 - 10); /* not a copy */
    buf_init(&b);
    kinds_strings_put(&b, &m);
    assert_int_equal(b.len, sizeof wire - 1);
    assert_memory_equal(b.data, wire, b.len);
    buf_clear(&b);
    m.said = bytes_of("longer");
    kinds_strings_put(&b, &m);
    assert_false(b.failed); /* what the user reads is cut */
    assert_int_equal(b.len, sizeof wire - 1 + 3);
    m.clean = bytes_of("longer");
    kinds_strings_put(&b, &m);
    assert_true(b.failed); /* all else is not */
    buf_fini(&b);
    kinds_strings_fini(&m);
    free(memory);
}

static void texts_out_of_bounds(void **state)
{
    refuse_strings(BYTES("\4\0\0\0abcd" EMPTY EMPTY STR3("fgh") EMPTY));
    refuse_strings(BYTES(EMPTY "\4\0\0\0abcd" EMPTY STR3("fgh") EMPTY));
    refuse_strings(BYTES(EMPTY EMPTY "\4\0\0\0abcd" STR3("fgh") EMPTY));
    refuse_strings(BYTES(EMPTY EMPTY EMPTY "\4\0\0\0abcd" EMPTY));
    refuse_strings(BYTES(EMPTY EMPTY EMPTY STR3("fgh") "\4\0\0\0abcd"));
    refuse_strings(BYTES(EMPTY STR3("a\0b") EMPTY STR3("fgh") EMPTY)); /* a NUL inside */
    refuse_strings(BYTES(EMPTY EMPTY EMPTY STR3("f\0h") EMPTY));
    refuse_strings(BYTES(EMPTY EMPTY EMPTY STR3("fgh") STR3("a\0b")));
    refuse_strings(BYTES(EMPTY EMPTY EMPTY EMPTY EMPTY)); /* own has at least one byte */
    refuse_strings(BYTES("\xff\xff\xff\xff"));
}

static bool lists(const char *p, size_t n, struct kinds_lists *m, void **memory)
{
    struct rbuf r = reader(p, n, memory);
    return kinds_lists_get(&r, m);
}

static void refuse_lists(const char *p, size_t n)
{
    struct kinds_lists m;
    void *memory;
    assert_false(lists(p, n, &m, &memory));
    assert_true(!m.copies && !m.words && !m.things && !m.nthings);
    free(memory);
}

#define ONE "\1\0\0\0"
#define POINT(x) x "\1\0\0\0"
#define HEAD                                                                                                           \
    "\2\0\0\0"                                                                                                         \
    "\3\0\0\0"                                                                                                         \
    "\4\0\0\0" ONE POINT("\2") "\2\0\0\0"                                                                              \
                               "\1\0\0\0"                                                                              \
                               "q"                                                                                     \
                               "\2\0\0\0"                                                                              \
                               "rs"
#define COPY ONE POINT("\x09")
#define TAIL                                                                                                           \
    COPY ONE "\2\0\0\0"                                                                                                \
             "wo" ONE "\1\0\0\0"                                                                                       \
             "n" ONE POINT("\3")

static void many(void **state)
{
    static const char wire[] = HEAD TAIL;
    struct kinds_lists m;
    struct kinds_point point;
    struct kinds_label label;
    struct buf b;
    void *memory;
    assert_true(lists(BYTES(wire), &m, &memory));
    assert_int_equal(m.numbers.n, 2);
    struct rbuf r = list_items(&m.numbers);
    assert_true(rbuf_u32(&r) == 3 && rbuf_u32(&r) == 4 && rbuf_done(&r));
    r = list_items(&m.points);
    assert_true(kinds_point_next(&r, &point) && point.x == 2 && point.y == 1 && !kinds_point_next(&r, &point));
    r = list_items(&m.labels);
    assert_true(kinds_label_next(&r, &label) && bytes_eq(label.name, "q") && kinds_label_next(&r, &label));
    assert_true(bytes_eq(label.name, "rs") && !kinds_label_next(&r, &label));
    assert_true(m.ncopies == 1 && m.copies[0].x == 9 && m.nwords == 1 && m.nthings == 1);
    assert_string_equal(m.words[0], "wo");
    assert_null(m.words[1]); /* one more than there are */
    assert_string_equal(m.things[0].name, "n");
    assert_int_equal(m.things[0].points[0].x, 3);
    buf_init(&b);
    kinds_lists_put(&b, &m);
    assert_int_equal(b.len, sizeof wire - 1);
    assert_memory_equal(b.data, wire, b.len);
    buf_fini(&b);
    kinds_lists_fini(&m);
    free(memory);
}

static void too_many_or_wrong(void **state)
{
    static const char none[] = EMPTY EMPTY EMPTY, wire[] = HEAD TAIL;
    refuse_lists(BYTES("\3\0\0\0"
                       "abcdabcdabcd" EMPTY EMPTY TAIL));
    refuse_lists(BYTES(EMPTY "\3\0\0\0" POINT("\1") POINT("\1") POINT("\1") EMPTY TAIL));
    refuse_lists(BYTES(EMPTY ONE POINT("\0") EMPTY TAIL)); /* an item breaks its bound */
    refuse_lists(BYTES(EMPTY EMPTY ONE EMPTY TAIL));
    refuse_lists(BYTES(EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY)); /* at least one copy */
    refuse_lists(BYTES(EMPTY EMPTY EMPTY COPY "\3\0\0\0" EMPTY EMPTY EMPTY EMPTY));
    refuse_lists(BYTES(EMPTY EMPTY EMPTY COPY EMPTY ONE EMPTY "\3\0\0\0" POINT("\1") POINT("\1") POINT("\1")));
    for (size_t i = 0; i + 4 <= sizeof none - 1; i += 4) { /* counts that the payload cannot hold */
        char huge[sizeof none];
        memcpy(huge, none, sizeof none);
        memset(huge + i, 0xff, 4);
        refuse_lists(huge, sizeof huge - 1);
    }
    for (size_t n = 0; n < sizeof wire - 1; n++)
        refuse_lists(wire, n);
    lists_good = false;
    refuse_lists(BYTES(wire));
    lists_good = true;
}

static void names(void **state)
{
    assert_string_equal(kinds_name(KINDS_LISTS), "LISTS");
    assert_string_equal(kinds_name(KINDS_NONE), "unknown");
    assert_string_equal(kinds_name(KINDS_END), "unknown");
    assert_string_equal(kinds_name(UINT16_MAX), "unknown");
    assert_true(kinds_goes(KINDS_LISTS, KINDS_LINK) && kinds_goes(KINDS_STRINGS, KINDS_DOWN));
    assert_false(kinds_goes(KINDS_STRINGS, KINDS_UP) || kinds_goes(KINDS_END, KINDS_LINK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars), cmocka_unit_test(scalars_out_of_bounds),
        cmocka_unit_test(texts),   cmocka_unit_test(texts_out_of_bounds),
        cmocka_unit_test(many),    cmocka_unit_test(too_many_or_wrong),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
