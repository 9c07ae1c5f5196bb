/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/control.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void names_and_directions(void **state)
{
    assert_string_equal(control_name(CONTROL_LAUNCH), "LAUNCH");
    assert_string_equal(control_name(CONTROL_NONE), "unknown");
    assert_string_equal(control_name(CONTROL_END), "unknown");
    assert_string_equal(control_name(UINT16_MAX), "unknown");
    assert_true(control_goes(CONTROL_HELLO, CONTROL_LINK));
    assert_true(control_goes(CONTROL_EXITED, CONTROL_UP));
    assert_true(control_goes(CONTROL_KILL, CONTROL_DOWN));
    assert_false(control_goes(CONTROL_KILL, CONTROL_UP));
    assert_false(control_goes(CONTROL_END, CONTROL_UP));
}

static void heads(void **state)
{
    unsigned char bytes[FRAME_HEAD_SIZE];
    struct frame_head h = {FRAME_PAYLOAD_MAX, 0xabcd, 0x1234, FRAME_ALL_NODES}, g;
    frame_head_put(bytes, &h);
    assert_true(frame_head_get(bytes, &g));
    assert_memory_equal(&g, &h, sizeof h);
    h.len++;
    frame_head_put(bytes, &h);
    assert_false(frame_head_get(bytes, &g));
}

static void a_setup_comes_back_whole_only(void **state)
{
    char *names[] = {"a", "", "c.example"};
    struct control_setup s = {.first = 5, .nnodes = 3, .radix = 2, .verbose = 1, .names = names}, t;
    struct buf b;
    struct rbuf r;
    buf_init(&b);
    control_setup_put(&b, &s);
    for (size_t n = 0; n < b.len; n++) {
        rbuf_init(&r, b.data, n);
        assert_false(control_setup_get(&r, &t));
        assert_null(t.names);
    }
    rbuf_init(&r, b.data, b.len);
    assert_true(control_setup_get(&r, &t));
    assert_int_equal(t.first, 5);
    assert_int_equal(t.nnodes, 3);
    assert_string_equal(t.names[2], "c.example");
    control_setup_fini(&t);
    buf_fini(&b);
}

static void senseless_setups(void **state)
{
    char *names[] = {"a"};
    static const struct control_setup bad[] = {
        {.first = 0, .nnodes = 1, .radix = 0},                   /* no children, ever */
        {.first = 0, .nnodes = 0, .radix = 2},                   /* no node of its own */
        {.first = FRAME_ALL_NODES - 1, .nnodes = 1, .radix = 2}, /* its number means all */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct control_setup s = bad[i], t;
        s.names = names;
        struct buf b;
        struct rbuf r;
        buf_init(&b);
        control_setup_put(&b, &s);
        rbuf_init(&r, b.data, b.len);
        assert_false(control_setup_get(&r, &t));
        buf_fini(&b);
    }
}

static void items_have_the_size_that_counts_rely_on(void **state)
{
    struct buf b;
    struct rbuf r;
    struct control_started s = {1, 2, 3, 4, UINT64_MAX}, s2;
    struct control_exited x = {1, 2, 3, 4, 5, 6, UINT64_MAX - 1}, x2;
    char long_text[2 * CONTROL_STATE_WHAT_MAX];
    memset(long_text, 'x', sizeof long_text);
    struct control_state t = {1, 2, 'S', 4, 5, 6, {"", 0}}, t2;
    buf_init(&b);
    control_started_put(&b, &s);
    assert_int_equal(b.len, CONTROL_STARTED_SIZE);
    control_exited_put(&b, &x);
    assert_int_equal(b.len, CONTROL_STARTED_SIZE + CONTROL_EXITED_SIZE);
    control_state_put(&b, &t);
    assert_int_equal(b.len, CONTROL_STARTED_SIZE + CONTROL_EXITED_SIZE + CONTROL_STATE_MIN_SIZE);
    t.what = (struct bytes){long_text, sizeof long_text}; /* cut, not refused */
    control_state_put(&b, &t);
    rbuf_init(&r, b.data, b.len);
    control_started_get(&r, &s2);
    assert_true(s2.rank == 1 && s2.pid == 2 && s2.stage == 3 && s2.error == 4 && s2.time == UINT64_MAX);
    control_exited_get(&r, &x2);
    assert_true(x2.status == 2 && x2.flags == 3 && x2.maxrss == 6 && x2.time == UINT64_MAX - 1);
    control_state_get(&r, &t2);
    assert_true(t2.state == 'S' && t2.since == 6 && t2.what.len == 0);
    control_state_get(&r, &t2);
    assert_int_equal(t2.what.len, CONTROL_STATE_WHAT_MAX);
    assert_true(rbuf_done(&r));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_directions),
        cmocka_unit_test(heads),
        cmocka_unit_test(a_setup_comes_back_whole_only),
        cmocka_unit_test(senseless_setups),
        cmocka_unit_test(items_have_the_size_that_counts_rely_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
