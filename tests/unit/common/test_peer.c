/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_peer: frames over a socket pair, congestion, and the end of a link. */
#include "common/peer.h"

#include <event2/buffer.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* One peer in a loop; the test is the other end, with plain reads and writes. Each test runs over a socket, and over
 * two pipes. */
static struct event_base *base;
static struct peer *peer;
static int other_in, other_out;

static struct {
    unsigned frames, gone, drained, bytes, last_type, destroy_at, pause_at;
    char why[100], text[64];
} seen;

static void on_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    seen.frames++;
    seen.bytes += h->len;
    seen.last_type = h->type;
    if (h->len < sizeof seen.text) {
        memcpy(seen.text, payload, h->len);
        seen.text[h->len] = 0;
    }
    if (seen.frames == seen.pause_at)
        peer_pause(p);
    if (seen.frames == seen.destroy_at) {
        peer_destroy(p);
        peer = NULL;
    }
}

static void on_gone(void *arg, struct peer *p, const char *why)
{
    seen.gone++;
    snprintf(seen.why, sizeof seen.why, "%s", why);
}

static void on_drained(void *arg, struct peer *p)
{
    seen.drained++;
}

static const struct peer_ops ops = {on_frame, on_gone, on_drained};

static int setup_socket(void **state)
{
    int sv[2];
    memset(&seen, 0, sizeof seen);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) < 0)
        return -1;
    base = event_base_new();
    peer = peer_create(base, sv[0], sv[0], "other", &ops, NULL);
    other_in = sv[1];
    other_out = dup(sv[1]);
    return 0;
}

static int setup_pipes(void **state)
{
    int up[2], down[2];
    memset(&seen, 0, sizeof seen);
    if (pipe2(up, O_NONBLOCK) < 0 || pipe2(down, O_NONBLOCK) < 0)
        return -1;
    base = event_base_new();
    peer = peer_create(base, up[0], down[1], "other", &ops, NULL);
    other_in = down[0];
    other_out = up[1];
    return 0;
}

static int teardown(void **state)
{
    peer_destroy(peer);
    event_base_free(base);
    close(other_in);
    close(other_out);
    return 0;
}

static void end_output(void)
{
    shutdown(other_out, SHUT_WR);
    close(other_out);
    other_out = dup(0);
}

static void turn(void)
{
    for (int i = 0; i < 5; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void feed(const void *p, size_t n)
{
    assert_int_equal(write(other_out, p, n), n);
}

static size_t frame(unsigned char *to, unsigned type, const char *text)
{
    struct frame_head h = {(uint32_t)strlen(text), (uint16_t)type, 0, 0};
    frame_head_put(to, &h);
    memcpy(to + FRAME_HEAD_SIZE, text, h.len);
    return FRAME_HEAD_SIZE + h.len;
}

static void frames_cut_anywhere(void **state)
{
    unsigned char b[64];
    size_t n = frame(b, 3, "hello");
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(seen.frames, 0);
        feed(b + i, 1);
        turn();
    }
    assert_int_equal(seen.frames, 1);
    assert_string_equal(seen.text, "hello");
    n = frame(b, 4, "");
    n += frame(b + n, 5, "two");
    feed(b, n);
    turn();
    assert_int_equal(seen.frames, 3);
    assert_int_equal(seen.last_type, 5);
}

static void a_frame_too_long_ends_the_link(void **state)
{
    unsigned char b[FRAME_HEAD_SIZE];
    struct frame_head h = {FRAME_PAYLOAD_MAX + 1, 3, 0, 0};
    frame_head_put(b, &h);
    feed(b, sizeof b);
    turn();
    assert_int_equal(seen.gone, 1);
    assert_string_equal(seen.why, "sent a frame longer than any may be");
    feed(b, sizeof b);
    turn();
    assert_int_equal(seen.gone, 1);
}

static void the_end_in_the_middle_of_a_frame(void **state)
{
    unsigned char b[64];
    feed(b, frame(b, 3, "hello") - 2);
    end_output();
    turn();
    assert_int_equal(seen.frames, 0);
    assert_int_equal(seen.gone, 1);
    peer_send(peer, 3, 0, 0, NULL); /* to nobody: no harm */
    turn();
}

static void what_came_before_the_end_is_delivered(void **state)
{
    unsigned char b[64];
    peer_send(peer, 3, 0, 0, NULL); /* never read: the other end resets */
    turn();
    feed(b, frame(b, 3, "last words"));
    close(other_in);
    other_in = dup(0);
    end_output();
    turn();
    assert_string_equal(seen.text, "last words");
    assert_int_equal(seen.gone, 1);
}

static void destroyed_in_its_callback(void **state)
{
    unsigned char b[64];
    size_t n = frame(b, 3, "one");
    n += frame(b + n, 3, "two");
    seen.destroy_at = 1;
    feed(b, n);
    turn();
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.gone, 0);
}

static void paused_in_its_callback(void **state)
{
    unsigned char b[64];
    size_t n = frame(b, 3, "one");
    n += frame(b + n, 3, "two");
    seen.pause_at = 1;
    feed(b, n);
    turn();
    assert_int_equal(seen.frames, 1);
    peer_resume(peer);
    turn();
    assert_int_equal(seen.frames, 2);
    assert_string_equal(seen.text, "two");
}

static void a_slow_reader_slows_the_writer(void **state)
{
    static char payload[65536], sink[65536];
    struct iovec iov = {payload, sizeof payload};
    for (int i = 0; i < 100; i++)
        peer_sendv(peer, 3, 0, 0, &iov, 1);
    turn();
    assert_true(peer_congested(peer));
    assert_true(peer_backlog(peer) > PEER_BACKLOG_HIGH);
    assert_int_equal(seen.drained, 0);
    size_t got = 0;
    for (int i = 0; i < 10000 && peer_backlog(peer); i++) {
        ssize_t n = read(other_in, sink, sizeof sink);
        got += n > 0 ? (size_t)n : 0;
        turn();
    }
    assert_false(peer_congested(peer));
    assert_int_equal(seen.drained, 1);
    for (ssize_t n; (n = read(other_in, sink, sizeof sink)) > 0;)
        got += (size_t)n;
    assert_int_equal(got, 100 * (sizeof payload + FRAME_HEAD_SIZE));
}

static void a_large_frame(void **state)
{
    static unsigned char part[100000];
    unsigned char b[FRAME_HEAD_SIZE];
    struct frame_head h = {50 * sizeof part, 3, 0, 0};
    frame_head_put(b, &h);
    feed(b, sizeof b);
    for (int i = 0; i < 50; i++) {
        for (size_t done = 0; done < sizeof part;) {
            ssize_t n = write(other_out, part + done, sizeof part - done);
            done += n > 0 ? (size_t)n : 0;
            turn();
        }
    }
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.bytes, 50 * sizeof part);
}

static void frames_made_before(void **state)
{
    unsigned char b[64], got[64];
    struct evbuffer *frames = evbuffer_new();
    size_t n = frame(b, 3, "first");
    n += frame(b + n, 4, "second");
    assert_int_equal(evbuffer_add(frames, b, n), 0);
    peer_send_frames(peer, frames);
    peer_send_frames(peer, frames); /* which is empty now */
    turn();
    assert_int_equal(read(other_in, got, sizeof got), n);
    assert_memory_equal(got, b, n);
    evbuffer_free(frames);
}

static void what_is_queued_comes_before_the_end(void **state)
{
    unsigned char b[64], got[64];
    size_t n = frame(b, 3, "last");
    peer_sendv(peer, 3, 0, 0, &(struct iovec){"last", 4}, 1);
    peer_finish(peer);
    peer_send(peer, 4, 0, 0, NULL); /* nothing more */
    turn();
    assert_int_equal(read(other_in, got, sizeof got), n);
    assert_memory_equal(got, b, n);
    assert_int_equal(read(other_in, got, sizeof got), 0);
    feed(b, n); /* the other way is open */
    turn();
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.gone, 0);
}

#define BOTH(test)                                                                                                     \
    {#test " (socket)", test, setup_socket, teardown, NULL},                                                           \
    {                                                                                                                  \
#test " (pipes)", test, setup_pipes, teardown, NULL                                                            \
    }

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        BOTH(frames_cut_anywhere),
        BOTH(a_frame_too_long_ends_the_link),
        BOTH(the_end_in_the_middle_of_a_frame),
        BOTH(what_came_before_the_end_is_delivered),
        BOTH(destroyed_in_its_callback),
        BOTH(paused_in_its_callback),
        BOTH(a_slow_reader_slows_the_writer),
        BOTH(a_large_frame),
        BOTH(frames_made_before),
        {"what_is_queued_comes_before_the_end", what_is_queued_comes_before_the_end, setup_socket, teardown, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
