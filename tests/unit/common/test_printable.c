/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_printable: letters of all scripts stay, what a terminal would obey does not.
 */
#include "common/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void expect(const char *text, size_t size, const char *shown)
{
    char to[64];
    memset(to, 'x', sizeof to);
    assert_int_equal(printable_put(to, size, text, strlen(text)), strlen(shown));
    assert_string_equal(to, shown);
    assert_int_equal(to[size], 'x');
}

static void text_stays(void **state)
{
    expect("", 60, "");
    expect("plain text, 100 %", 60, "plain text, 100 %");
    expect("a\tb", 60, "a\tb");
    expect("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7", 60, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7");
}

static void what_speaks_to_the_terminal(void **state)
{
    expect("\x1b[31mred", 60, "\\x1b[31mred");
    expect("two\nlines\r", 60, "two\\x0alines\\x0d");
    expect("\x7f\x01", 60, "\\x7f\\x01");
    expect("\xc2\x9b"
           "31m",
           60, "\\xc2\\x9b31m"); /* CSI of 8 bits */
    expect("\x9b\xff", 60, "\\x9b\\xff");
    expect("\xed\xa0\x80", 60, "\\xed\\xa0\\x80"); /* half a pair */
    expect("\xf0\x9f", 60, "\\xf0\\x9f");          /* cut */
}

static void no_room(void **state)
{
    expect("abcdef", 4, "abc");
    expect("abc", 1, "");
    expect("ab\x1b", 6, "ab");
    expect("ab\x1b", 7, "ab\\x1b");
    expect("a\xe2\x82\xac", 4, "a");
    assert_int_equal(printable_put(NULL, 0, "a", 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays),
        cmocka_unit_test(what_speaks_to_the_terminal),
        cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
