/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_hmac: the test cases 1 and 2 of RFC 4231 whose keys are text; and what is equal.
 */
#include "common/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void check(const char *key, const char *data, const char *wanted)
{
    unsigned char out[HMAC_SIZE];
    char text[2 * HMAC_SIZE + 1];
    struct err e;
    if (hmac_make(out, key, data, strlen(data), &e) < 0)
        fail_msg("%s", e.text);
    for (size_t i = 0; i < sizeof out; i++)
        snprintf(text + 2 * i, 3, "%02x", out[i]);
    assert_string_equal(text, wanted);
}

static void it_is_that_of_the_standard(void **state)
{
    check("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check("Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void equal_is_equal_in_every_byte(void **state)
{
    unsigned char a[HMAC_SIZE] = {0}, b[HMAC_SIZE] = {0};
    assert_true(hmac_equal(a, b));
    for (size_t i = 0; i < HMAC_SIZE; i++) {
        b[i] = 0x80;
        assert_false(hmac_equal(a, b));
        b[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_that_of_the_standard),
        cmocka_unit_test(equal_is_equal_in_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
