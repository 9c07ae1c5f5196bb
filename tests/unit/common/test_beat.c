/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_beat: two ends of a link in one loop, of which one may say nothing. Times are counted in beats, not by a clock.
 */
#include "common/beat.h"

#include "wire/control.h"

#include <event2/buffer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#define MS 20 /* of silence */

struct end {
    struct peer *peer;
    struct beat *beat;
    unsigned heard, beats, silent;
};

static struct event_base *base;
static struct end a, b;

static void on_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct end *e = arg;
    if (beat_takes(e->beat, h))
        e->beats++;
    else
        e->heard++;
}

static void on_gone(void *arg, struct peer *p, const char *why)
{
}

static void on_silent(void *arg)
{
    ((struct end *)arg)->silent++;
}

static const struct peer_ops ops = {on_frame, on_gone, NULL};

static void begin(struct end *e, unsigned patience)
{
    e->beat = beat_create(base, e->peer, MS, patience, on_silent, e);
}

static int setup(void **state)
{
    int sv[2];
    a = b = (struct end){0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) < 0)
        return -1;
    base = event_base_new();
    a.peer = peer_create(base, sv[0], sv[0], "b", &ops, &a);
    b.peer = peer_create(base, sv[1], sv[1], "a", &ops, &b);
    return 0;
}

static int teardown(void **state)
{
    beat_destroy(a.beat);
    beat_destroy(b.beat);
    peer_destroy(a.peer);
    peer_destroy(b.peer);
    event_base_free(base);
    return 0;
}

/* Until `of` has come so often. */
static void turn_until(const unsigned *of, unsigned times)
{
    while (*of < times)
        event_base_loop(base, EVLOOP_ONCE);
}

static void both_speak_and_nobody_dies(void **state)
{
    begin(&a, 1);
    begin(&b, 1);
    turn_until(&a.beats, 30);
    turn_until(&b.beats, 30);
    assert_int_equal(a.silent + b.silent + a.heard + b.heard, 0);
}

static void silence_is_told_once(void **state)
{
    begin(&a, 1);
    turn_until(&a.silent, 1);
    assert_true(b.beats >= 6);
    event_base_loopexit(base, &(struct timeval){0, 5 * MS * 1000});
    event_base_dispatch(base);
    assert_int_equal(a.silent, 1);
}

static void who_has_more_patience_takes_longer(void **state)
{
    begin(&a, 3);
    turn_until(&a.silent, 1);
    assert_true(b.beats >= 16);
}

static void any_message_counts(void **state)
{
    begin(&a, 1);
    while (b.beats < 30) {
        unsigned before = b.beats;
        peer_send(b.peer, CONTROL_READY, 0, 0, NULL);
        turn_until(&b.beats, before + 1);
    }
    assert_int_equal(a.silent, 0);
    turn_until(&a.silent, 1);
}

static void who_does_not_read_does_not_judge(void **state)
{
    begin(&a, 1);
    peer_pause(a.peer);
    turn_until(&b.beats, 30);
    assert_int_equal(a.silent, 0);
    peer_resume(a.peer);
    turn_until(&a.silent, 1);
}

static void who_rests_is_not_judged(void **state)
{
    begin(&a, 1);
    peer_send(b.peer, CONTROL_REST, 0, FRAME_ALL_NODES, NULL);
    turn_until(&b.beats, 30);
    assert_int_equal(a.silent, 0);
    peer_send(b.peer, CONTROL_BEAT, 0, FRAME_ALL_NODES, NULL);
    turn_until(&a.silent, 1);
}

static void who_has_rested_speaks_again(void **state)
{
    begin(&a, 1);
    begin(&b, 1);
    beat_rest(b.beat);
    turn_until(&a.beats, 10);
    assert_int_equal(a.silent, 0);
}

static void nothing_is_asked_for(void **state)
{
    struct frame_head h = {0, CONTROL_BEAT, 0, 0};
    assert_null(beat_create(base, a.peer, 0, 1, on_silent, &a));
    assert_true(beat_takes(NULL, &h));
    h.type = CONTROL_READY;
    assert_false(beat_takes(NULL, &h));
    beat_rest(NULL);
    beat_destroy(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_speak_and_nobody_dies),         TEST(silence_is_told_once),
        TEST(who_has_more_patience_takes_longer), TEST(any_message_counts),
        TEST(who_does_not_read_does_not_judge),   TEST(who_rests_is_not_judged),
        TEST(who_has_rested_speaks_again),        TEST(nothing_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
