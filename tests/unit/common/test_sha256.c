/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_sha256: examples of FIPS 180-4; the test cases 1 and 2 of RFC 4231, whose keys are text; and what is equal.
 */
#include "common/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void hashes_to(const char *data, size_t n, const char *wanted)
{
    char text[SHA256_TEXT];
    struct err e;
    if (sha256_text(data, n, text, &e) < 0)
        fail_msg("%s", e.text);
    assert_string_equal(text, wanted);
}

static void hashes_are_those_of_the_standard(void **state)
{
    char *million = malloc(1000000);
    memset(million, 'a', 1000000);
    hashes_to("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hashes_to("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hashes_to("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    hashes_to(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void check(const char *key, const char *data, const char *wanted)
{
    unsigned char out[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    struct err e;
    if (sha256_hmac(out, key, data, strlen(data), &e) < 0)
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
    unsigned char a[SHA256_SIZE] = {0}, b[SHA256_SIZE] = {0};
    assert_true(sha256_equal(a, b));
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        b[i] = 0x80;
        assert_false(sha256_equal(a, b));
        b[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_standard),
        cmocka_unit_test(it_is_that_of_the_standard),
        cmocka_unit_test(equal_is_equal_in_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
