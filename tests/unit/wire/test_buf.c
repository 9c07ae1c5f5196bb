/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_buf: fields of messages, and readers that cannot run over the end. */
#include "wire/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void fields_come_back(void **state)
{
    struct buf b;
    buf_init(&b);
    buf_put_u8(&b, 7);
    buf_put_u16(&b, 0x1234);
    buf_put_u32(&b, 0xdeadbeef);
    buf_put_u64(&b, UINT64_C(0x0123456789abcdef));
    buf_put_bytes(&b, "a\0b", 3);
    buf_put_str(&b, NULL);
    assert_false(b.failed);

    struct rbuf r;
    rbuf_init(&r, b.data, b.len);
    assert_int_equal(rbuf_u8(&r), 7);
    assert_int_equal(rbuf_u16(&r), 0x1234);
    assert_int_equal(rbuf_u32(&r), 0xdeadbeef);
    assert_true(rbuf_u64(&r) == UINT64_C(0x0123456789abcdef));
    struct bytes s = rbuf_bytes(&r, 3);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.data, "a\0b", 3);
    assert_int_equal(rbuf_bytes(&r, 0).len, 0);
    assert_true(rbuf_done(&r));
    buf_fini(&b);
}

static void short_input_is_bad_and_stays_bad(void **state)
{
    struct rbuf r;
    rbuf_init(&r, "\x01\x00", 2);
    assert_int_equal(rbuf_u32(&r), 0);
    assert_int_equal(rbuf_u8(&r), 0);
    assert_false(rbuf_ok(&r));
}

static void a_length_over_its_bound_is_bad(void **state)
{
    struct rbuf r;
    rbuf_init(&r,
              "\x03\x00\x00\x00"
              "abc",
              7);
    assert_int_equal(rbuf_bytes(&r, 2).len, 0);
    assert_false(rbuf_ok(&r));
}

static void a_count_that_cannot_fit_is_bad(void **state)
{
    struct rbuf r;
    rbuf_init(&r,
              "\xff\xff\xff\xff"
              "abc",
              7);
    assert_int_equal(rbuf_count(&r, 1), 0);
    assert_false(rbuf_ok(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(short_input_is_bad_and_stays_bad),
        cmocka_unit_test(a_length_over_its_bound_is_bad),
        cmocka_unit_test(a_count_that_cannot_fit_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
