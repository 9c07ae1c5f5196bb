/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_link: the links of one process, with a backend that does what the test says, and proxies that the test plays.
 */
#include "common/link.h"

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

#define NODES 12

static struct event_base *base;
static struct starter starter;
static struct links set;
static char *names[NODES];
static struct start *started[64];
static unsigned nstarted;
static int proxy[NODES]; /* our ends, by node */

static struct {
    unsigned frames, ready, lost, settled, cancelled, asked;
    struct link *last;
    bool refuse, take_over;
    char text[512];
} seen;

/* --- the backend */

static void fake_begin(struct starter *st, struct start **v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        started[nstarted++] = v[i];
}

static void fake_end(struct start *s, const char *why)
{
    seen.asked++; /* answered by the test */
}

static void fake_cancel(struct start *s)
{
    seen.cancelled++;
}

static const struct start_ops fake = {
    .name = "fake", .patience_ms = 60000, .begin = fake_begin, .end = fake_end, .cancel = fake_cancel};

/* --- who holds the links */

static bool on_frame(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    seen.frames++;
    return !seen.refuse;
}

static void on_ready(void *arg, struct link *l)
{
    seen.ready++;
}

static void on_lost(void *arg, struct link *l)
{
    seen.lost++;
    seen.last = l;
    start_failure_text(&l->failure, link_name(l), seen.text, sizeof seen.text);
    if (seen.take_over && l->count > 1 && !l->used)
        links_start(&set, l->first, l->count, l->count);
}

static void on_settled(void *arg)
{
    seen.settled++;
}

static const struct link_ops ops = {on_frame, on_ready, on_lost, on_settled};

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    nstarted = 0;
    base = event_base_new();
    starter = (struct starter){.ops = &fake, .base = base, .patience_ms = fake.patience_ms};
    for (int i = 0; i < NODES; i++) {
        static char text[NODES][8];
        snprintf(text[i], sizeof text[i], "n%d", i + 100);
        names[i] = text[i];
        proxy[i] = -1;
    }
    set = (struct links){
        .base = base, .starter = &starter, .ops = &ops, .first = 100, .nnodes = NODES, .names = names, .radix = 3};
    links_init(&set);
    return 0;
}

static int teardown(void **state)
{
    links_fini(&set);
    for (int i = 0; i < NODES; i++)
        close(proxy[i]);
    event_base_free(base);
    return 0;
}

static void turn(void)
{
    for (int i = 0; i < 5; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static struct link *link_of(uint32_t node)
{
    return set.v[set.route[node - set.first]];
}

static void give_stream(uint32_t node)
{
    int sv[2];
    struct start *s = &link_of(node)->start;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv), 0);
    proxy[node - set.first] = sv[1];
    s->events->stream(s->arg, sv[0], sv[0]);
}

/* The proxy of that node says this. */
static void say(uint32_t node, unsigned type, const struct buf *b)
{
    unsigned char head[FRAME_HEAD_SIZE];
    struct frame_head h = {b ? (uint32_t)b->len : 0, (uint16_t)type, 0, node};
    frame_head_put(head, &h);
    int fd = proxy[node - set.first];
    assert_int_equal(write(fd, head, sizeof head), sizeof head);
    if (b && b->len)
        assert_int_equal(write(fd, b->data, b->len), b->len);
    turn();
}

static void say_hello(uint32_t node, uint32_t version)
{
    struct buf b;
    buf_init(&b);
    link_hello_put(&b, version);
    say(node, CONTROL_HELLO, &b);
    buf_fini(&b);
}

static void make_ready(uint32_t node)
{
    give_stream(node);
    say_hello(node, CONTROL_VERSION);
    say(node, CONTROL_READY, NULL);
}

/* The type of the next frame that the proxy of that node finds; 0: there is none. */
static unsigned hear(uint32_t node)
{
    unsigned char head[FRAME_HEAD_SIZE];
    static char sink[65536];
    struct frame_head h;
    turn();
    if (read(proxy[node - set.first], head, sizeof head) != sizeof head)
        return 0;
    assert_true(frame_head_get(head, &h));
    assert_true(h.len <= sizeof sink);
    if (h.len)
        assert_int_equal(read(proxy[node - set.first], sink, h.len), h.len);
    return h.type;
}

static void send_down(unsigned type, uint32_t node)
{
    links_sendv(&set, type, 0, node, &(struct iovec){(void *)"text", 4}, 1);
}

/* --- tests */

static void every_node_once_and_evenly(void **state)
{
    uint32_t part[64];
    for (uint32_t n = 0; n < 300; n++) {
        for (uint32_t radix = 1; radix < 64; radix++) {
            uint32_t k = link_split(n, radix, part), sum = 0;
            assert_int_equal(k, n < radix ? n : radix);
            for (uint32_t i = 0; i < k; i++) {
                assert_true(part[i] >= n / k && part[i] <= n / k + 1);
                sum += part[i];
            }
            assert_int_equal(sum, n);
        }
    }
}

/* What the states are for, said in another way than the table says it. */
static void every_state_and_event(void **state)
{
    for (unsigned e = 0; e < LINK_EVENTS; e++) {
        assert_int_equal(link_next(LINK_LOST, e), LINK_LOST);
        for (unsigned s = LINK_STARTING; s < LINK_LOST; s++) {
            enum link_state next = link_next(s, e);
            assert_true(next >= s && next <= LINK_LOST);
            if (e == LINK_EV_CLOSED || e == LINK_EV_DROP || e == LINK_EV_MALFORMED || e == LINK_EV_FAILED)
                assert_int_equal(next, LINK_LOST);
        }
    }
    assert_int_equal(link_next(LINK_STARTING, LINK_EV_HELLO), LINK_GREETED);
    assert_int_equal(link_next(LINK_STARTING, LINK_EV_READY), LINK_LOST);
    assert_int_equal(link_next(LINK_STARTING, LINK_EV_FRAME), LINK_LOST);
    assert_int_equal(link_next(LINK_GREETED, LINK_EV_READY), LINK_READY);
    assert_int_equal(link_next(LINK_GREETED, LINK_EV_FRAME), LINK_GREETED);
    assert_int_equal(link_next(LINK_GREETED, LINK_EV_LATE), LINK_LOST);
    assert_int_equal(link_next(LINK_READY, LINK_EV_FRAME), LINK_READY);
    assert_int_equal(link_next(LINK_READY, LINK_EV_LATE), LINK_READY);
    assert_int_equal(link_next(LINK_READY, LINK_EV_HELLO), LINK_LOST);
}

static void messages_wait_until_it_is_ready(void **state)
{
    links_start(&set, 100, NODES, 3);
    assert_int_equal(nstarted, 3);
    send_down(CONTROL_LAUNCH, FRAME_ALL_NODES);
    send_down(CONTROL_STDIN_DATA, 105);
    send_down(CONTROL_STDIN_DATA, 99); /* to nobody */
    give_stream(104);
    assert_int_equal(hear(104), CONTROL_SETUP);
    say_hello(104, CONTROL_VERSION);
    assert_int_equal(hear(104), 0);
    assert_false(link_of(104)->used);
    say(104, CONTROL_READY, NULL);
    assert_int_equal(seen.ready, 1);
    assert_int_equal(hear(104), CONTROL_LAUNCH);
    assert_int_equal(hear(104), CONTROL_STDIN_DATA);
    assert_int_equal(hear(104), 0);
    assert_true(link_of(104)->used);
    send_down(CONTROL_WATCH, 107);
    assert_int_equal(hear(104), CONTROL_WATCH);
    assert_int_equal(seen.settled, 0);
    make_ready(100);
    make_ready(108);
    assert_int_equal(seen.settled, 1);
    assert_int_equal(hear(108), CONTROL_SETUP);
    assert_int_equal(hear(108), CONTROL_LAUNCH);
    assert_int_equal(hear(108), 0);
}

static void what_is_held_waits_for_all(void **state)
{
    set.hold = true;
    links_start(&set, 100, 2, 2);
    send_down(CONTROL_LAUNCH, FRAME_ALL_NODES);
    make_ready(100);
    assert_int_equal(hear(100), CONTROL_SETUP);
    assert_int_equal(hear(100), 0);
    make_ready(101);
    assert_int_equal(seen.settled, 1);
    assert_int_equal(hear(100), 0);
    links_release(&set);
    assert_int_equal(hear(100), CONTROL_LAUNCH);
    send_down(CONTROL_WATCH, 101);
    assert_int_equal(hear(101), CONTROL_SETUP);
    assert_int_equal(hear(101), CONTROL_LAUNCH);
    assert_int_equal(hear(101), CONTROL_WATCH);
}

static void up_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
}

static void up_gone(void *arg, struct peer *p, const char *why)
{
}

static void what_waited_is_taken_over(void **state)
{
    set.hold = seen.take_over = true;
    links_start(&set, 100, NODES, 3);
    send_down(CONTROL_LAUNCH, FRAME_ALL_NODES);
    send_down(CONTROL_STDIN_DATA, 105);
    give_stream(104);
    say_hello(104, CONTROL_VERSION);
    struct start_failure f;
    start_failure_set(&f, START_SUBTREE, "", "n106: unable to connect: no route");
    struct peer *up = peer_create(base, proxy[4], proxy[4], "up", &(struct peer_ops){up_frame, up_gone, NULL}, NULL);
    link_tell_failed(up, 104, &f);
    turn();
    proxy[4] = -1;
    assert_int_equal(seen.lost, 1);
    assert_string_equal(seen.text, "n104: unable to start the proxies below it: n106: unable to connect: no route");
    assert_int_equal(nstarted, 3 + 4);
    assert_int_equal(seen.settled, 0);
    peer_destroy(up);
    for (uint32_t i = 104; i < 108; i++) {
        assert_int_equal(link_of(i)->count, 1);
        make_ready(i);
    }
    make_ready(100);
    make_ready(108);
    assert_int_equal(seen.settled, 1);
    assert_int_equal(set.left, 6);
    links_release(&set);
    for (uint32_t i = 104; i < 108; i++) {
        assert_int_equal(hear(i), CONTROL_SETUP);
        assert_int_equal(hear(i), CONTROL_LAUNCH);
        assert_int_equal(hear(i), i == 105 ? CONTROL_STDIN_DATA : 0);
    }
}

static void a_failed_start_is_told(void **state)
{
    links_start(&set, 100, 2, 2);
    struct start_failure f;
    start_failure_set(&f, START_CONNECT, "is it up?", "no route");
    started[1]->events->failed(started[1]->arg, &f);
    assert_string_equal(seen.text, "n101: unable to connect: no route (is it up?)");
    assert_int_equal(seen.settled, 0);
    send_down(CONTROL_LAUNCH, 101); /* to nobody */
    make_ready(100);
    assert_int_equal(seen.settled, 1);
    assert_int_equal(set.left, 1);
}

static void another_version_ends_its_own_link(void **state)
{
    links_start(&set, 100, 2, 2);
    make_ready(100);
    give_stream(101);
    say_hello(101, CONTROL_VERSION + 7);
    assert_int_equal(seen.lost, 1);
    char version[64];
    snprintf(version, sizeof version, "version %u of the control protocol", CONTROL_VERSION + 7);
    assert_memory_equal(seen.text, "n101: unable to use the proxy there: it has Muster ", 51);
    assert_non_null(strstr(seen.text, version));
    assert_non_null(strstr(seen.text, "install one version of Muster on all hosts"));
    assert_int_equal(seen.cancelled, 1);
    assert_int_equal(link_of(100)->state, LINK_READY);
}

static void noise_is_not_a_proxy(void **state)
{
    static const char welcome[] = "Welcome to this host, which greets everybody.\n";
    links_start(&set, 100, 2, 2);
    give_stream(100);
    assert_int_equal(write(proxy[0], welcome, sizeof welcome - 1), sizeof welcome - 1);
    turn();
    assert_string_equal(seen.text,
                        "n100: unable to hear from the proxy there: its first words are not those of a proxy "
                        "(does a login script there write something?)");
    give_stream(101);
    say(101, CONTROL_EXITED, NULL);
    assert_int_equal(seen.lost, 2);
    assert_int_equal(seen.frames, 0);
}

static void the_end_of_a_stream_is_told_with_its_reason(void **state)
{
    links_start(&set, 100, 2, 2);
    make_ready(100);
    make_ready(101);
    send_down(CONTROL_LAUNCH, FRAME_ALL_NODES);
    close(proxy[0]);
    proxy[0] = -1;
    turn();
    assert_int_equal(link_of(100)->state, LINK_LOST);
    assert_int_equal(seen.asked, 1);
    assert_int_equal(seen.lost, 0);
    send_down(CONTROL_WATCH, FRAME_ALL_NODES); /* of these, to one */
    started[0]->events->ended(started[0]->arg, "it was killed");
    assert_int_equal(seen.lost, 1);
    assert_int_equal(seen.last->failure.step, START_STARTED);
    assert_string_equal(seen.last->failure.cause, "it was killed");
    assert_int_equal(seen.cancelled, 0);
    set.ending = true;
    close(proxy[1]);
    proxy[1] = -1;
    turn();
    assert_int_equal(seen.lost, 2); /* nobody was asked */
    assert_int_equal(seen.asked, 1);
    assert_int_equal(set.left, 0);
}

static void a_malformed_message_ends_its_link(void **state)
{
    links_start(&set, 100, 1, 1);
    make_ready(100);
    seen.refuse = true;
    say(100, CONTROL_EXITED, NULL);
    assert_int_equal(seen.lost, 1);
    assert_string_equal(seen.last->failure.cause, "it sent a EXITED message that no proxy of this version sends");
}

static void patience_ends(void **state)
{
    starter.patience_ms = 20;
    links_start(&set, 100, 6, 2);
    give_stream(103);
    say_hello(103, CONTROL_VERSION);
    while (seen.lost < 1)
        event_base_loop(base, EVLOOP_ONCE);
    assert_string_equal(seen.text, "n100: unable to hear from the proxy there: no answer within 0.02 s");
    while (seen.lost < 2)
        event_base_loop(base, EVLOOP_ONCE);
    assert_string_equal(seen.text, "n103: unable to get the proxy there ready: no answer within 0.02 s");
    assert_int_equal(seen.cancelled, 2);
    assert_int_equal(seen.settled, 1);
}

static void dropped(void **state)
{
    links_start(&set, 100, 3, 3);
    make_ready(101);
    send_down(CONTROL_LAUNCH, 101);
    for (uint32_t i = 0; i < 3; i++)
        link_drop(set.v[i], "not needed");
    assert_int_equal(seen.lost, 3);
    assert_int_equal(seen.cancelled, 2); /* not the one with ranks: it ends by itself, with them */
    link_drop(set.v[0], "once more");
    assert_int_equal(seen.lost, 3);
    give_stream(102); /* it comes too late, and is closed */
    assert_int_equal(hear(102), 0);
    assert_int_equal(read(proxy[2], &(char){0}, 1), 0);
}

static void a_stream_that_comes_while_reading_is_stopped(void **state)
{
    links_start(&set, 100, 1, 1);
    links_pause(&set);
    give_stream(100);
    say_hello(100, CONTROL_VERSION);
    assert_int_equal(link_of(100)->state, LINK_STARTING);
    links_resume(&set);
    turn();
    assert_int_equal(link_of(100)->state, LINK_GREETED);
}

/* A node that comes while the others work. */
static void one_that_stands_aside(void **state)
{
    set.nnodes = NODES - 1;
    links_start(&set, 100, 2, 2);
    make_ready(100);
    make_ready(101);
    links_grow(&set, NODES, names);
    assert_int_equal(set.route[NODES - 1], LINK_NONE);
    links_start_aside(&set, 100 + NODES - 1);
    uint32_t late = 100 + NODES - 1;
    assert_true(link_of(late)->aside);
    make_ready(late);
    assert_int_equal(seen.ready, 3);
    send_down(CONTROL_KILL, FRAME_ALL_NODES);
    for (uint32_t i = 100; i < 102; i++) {
        assert_int_equal(hear(i), CONTROL_SETUP);
        assert_int_equal(hear(i), CONTROL_KILL);
    }
    send_down(CONTROL_LAUNCH, late);
    assert_int_equal(hear(late), CONTROL_SETUP);
    assert_int_equal(hear(late), CONTROL_LAUNCH);
    link_of(late)->aside = false;
    send_down(CONTROL_SIGNAL, FRAME_ALL_NODES);
    assert_int_equal(hear(late), CONTROL_SIGNAL);
    assert_int_equal(hear(100), CONTROL_SIGNAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        TEST(every_node_once_and_evenly),
        TEST(every_state_and_event),
        TEST(messages_wait_until_it_is_ready),
        TEST(what_is_held_waits_for_all),
        TEST(what_waited_is_taken_over),
        TEST(a_failed_start_is_told),
        TEST(another_version_ends_its_own_link),
        TEST(noise_is_not_a_proxy),
        TEST(the_end_of_a_stream_is_told_with_its_reason),
        TEST(a_malformed_message_ends_its_link),
        TEST(patience_ends),
        TEST(dropped),
        TEST(a_stream_that_comes_while_reading_is_stopped),
        TEST(one_that_stands_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
