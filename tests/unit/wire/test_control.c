/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_control.c: frames, setups that make no sense, and greetings of other versions.
 */
#include "wire/control.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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
    struct control_setup s = {.first = 5, .nnodes = 3, .radix = 2, .loud = 1, .backend = "fork", .names = names}, t;
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
        {.first = 0, .nnodes = 1, .radix = 2, .backend = ""},                       /* no way to start any */
        {.first = 0, .nnodes = 1, .radix = 0, .backend = "fork"},                   /* no children, ever */
        {.first = 0, .nnodes = 0, .radix = 2, .backend = "fork"},                   /* no node of its own */
        {.first = FRAME_ALL_NODES - 1, .nnodes = 1, .radix = 2, .backend = "fork"}, /* its number means all */
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

static void greetings(void **state)
{
    struct control_greeting ours = control_greet(), other = ours, g;
    struct control_hello hello = {.me = ours, .pid = 1, .time = 2};
    char why[256] = "";
    struct buf b;
    struct rbuf r;
    buf_init(&b);
    control_hello_put(&b, &hello);
    buf_put_str(&b, "what a later version may say");
    rbuf_init(&r, b.data, b.len);
    assert_true(control_greeting_get(&r, &g) && control_greeting_fits(&g, why, sizeof why));
    rbuf_init(&r, b.data, b.len);
    assert_false(control_hello_get(&r, &hello));
    assert_string_equal(why, "");
    other.version = 77;
    strcpy(other.release, "9.1");
    assert_false(control_greeting_fits(&other, why, sizeof why));
    assert_non_null(strstr(why, "Muster 9.1, which speaks version 77 "));
    assert_non_null(strstr(why, ours.release));
    other.magic++;
    assert_false(control_greeting_fits(&other, why, sizeof why));
    assert_non_null(strstr(why, "not Muster"));
    buf_fini(&b);
}

static void a_state_is_cut_not_refused(void **state)
{
    char long_text[2 * CONTROL_STATE_WHAT_MAX];
    memset(long_text, 'x', sizeof long_text);
    struct control_rank_state t = {1, 2, 'S', 4, 5, 6, {long_text, sizeof long_text}, 7, 8, 9}, got;
    struct buf b;
    struct rbuf r;
    buf_init(&b);
    control_rank_state_put(&b, &t);
    rbuf_init(&r, b.data, b.len);
    assert_true(control_rank_state_get(&r, &got) && rbuf_done(&r));
    assert_int_equal(got.what.len, CONTROL_STATE_WHAT_MAX);
    assert_true(got.state == 'S' && got.since == 6 && got.peer == 7 && got.outgoing == 8 && got.incoming == 9);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(a_setup_comes_back_whole_only),
        cmocka_unit_test(senseless_setups),
        cmocka_unit_test(greetings),
        cmocka_unit_test(a_state_is_cut_not_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
