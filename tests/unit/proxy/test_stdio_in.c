/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_stdio_in: every rank that takes stdin gets all of it, whenever it was started.
 *
 * What goes up to mpiexec is counted here, in the place of a link.
 */
#include "proxy/stdio_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static uint64_t credited;
static bool no_more;

void peer_send(struct peer *p, unsigned type, unsigned job, uint32_t node, const struct buf *payload)
{
    struct rbuf r;
    struct control_stdin_credit c;
    assert_int_equal(type, CONTROL_STDIN_CREDIT);
    rbuf_init(&r, payload->data, payload->len);
    assert_true(control_stdin_credit_get(&r, &c));
    if (c.bytes == CONTROL_STDIN_NO_MORE)
        no_more = true;
    else
        credited += c.bytes;
}

uint32_t proxy_node(const struct proxy *proxy)
{
    return 0;
}

struct node {
    struct proxy proxy;
    struct job job;
    struct rank ranks[3];
    struct feed *feed;
    int ends[3]; /* of the ranks */
};

static void set_up(struct node *n)
{
    *n = (struct node){.proxy.base = event_base_new(), .ends = {-1, -1, -1}};
    n->job = (struct job){.proxy = &n->proxy, .ranks = n->ranks, .nranks = 3};
    for (uint32_t i = 0; i < 3; i++)
        n->ranks[i] = (struct rank){.job = &n->job, .rank = i, .local = i};
    n->feed = feed_create(&n->job);
    credited = 0;
    no_more = false;
}

static void tear_down(struct node *n)
{
    feed_destroy(n->feed);
    for (int i = 0; i < 3; i++)
        if (n->ends[i] >= 0)
            close(n->ends[i]);
    event_base_free(n->proxy.base);
}

static void start(struct node *n, int i)
{
    assert_int_equal(feed_open(n->feed, &n->ranks[i], &n->ends[i]), 0);
    evutil_make_socket_nonblocking(n->ends[i]); /* what has not come fails the test at once */
}

static void data(struct node *n, const char *text)
{
    feed_data(n->feed, (const unsigned char *)text, strlen(text));
}

/* All of what has come to a rank, and its end. */
static void expect_all(struct node *n, int i, const char *text)
{
    char got[64];
    ssize_t len = read(n->ends[i], got, sizeof got);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(got, text, strlen(text));
    assert_int_equal(read(n->ends[i], got, sizeof got), 0);
}

static void all_ranks_get_it(void **state)
{
    struct node n;
    set_up(&n);
    start(&n, 0);
    start(&n, 2);
    feed_start(n.feed);
    data(&n, "one");
    assert_int_equal(credited, 3);
    data(&n, "two");
    data(&n, "");
    expect_all(&n, 0, "onetwo");
    expect_all(&n, 2, "onetwo");
    assert_true(no_more);
    tear_down(&n);
}

/* Ranks are started in pieces, and what comes between two of them is for those of the second piece, too. */
static void who_is_started_later_gets_it(void **state)
{
    struct node n;
    set_up(&n);
    start(&n, 0);
    data(&n, "text");
    data(&n, "");
    start(&n, 2);
    assert_int_equal(credited, 0);
    feed_start(n.feed);
    expect_all(&n, 0, "text");
    expect_all(&n, 2, "text");
    assert_true(no_more);
    tear_down(&n);
}

static void who_has_ended_before_takes_it_from_nobody(void **state)
{
    struct node n;
    set_up(&n);
    start(&n, 0);
    feed_close(n.feed, &n.ranks[0]);
    data(&n, "text");
    start(&n, 1);
    data(&n, "");
    feed_start(n.feed);
    expect_all(&n, 0, "");
    expect_all(&n, 1, "text");
    tear_down(&n);
}

static void when_nobody_takes_it_that_is_told(void **state)
{
    struct node n;
    set_up(&n);
    start(&n, 0);
    feed_start(n.feed);
    feed_close(n.feed, &n.ranks[0]);
    assert_true(no_more);
    data(&n, "text"); /* was under way */
    assert_int_equal(credited, 0);
    tear_down(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ranks_get_it),
        cmocka_unit_test(who_is_started_later_gets_it),
        cmocka_unit_test(who_has_ended_before_takes_it_from_nobody),
        cmocka_unit_test(when_nobody_takes_it_that_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
