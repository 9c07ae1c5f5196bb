/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_dispatch: what comes up is taken only from whom may send it, and does what it says.
 */
#include "launcher/dispatch.h"

#include "launcher/exit_status.h"
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint32_t two_nodes[] = {1, 1, 2};

static struct buf *fresh(void)
{
    static struct buf b;
    buf_init(&b);
    return &b;
}

static struct buf *words(uint32_t first, const char *text)
{
    struct buf *b = fresh();
    buf_put_u32(b, first);
    if (text)
        buf_put_str(b, text);
    return b;
}

static void messages_that_no_proxy_sends(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_false(script_up(CONTROL_LAUNCH, 0, 1, NULL));
    assert_false(script_up(CONTROL_SETUP, 0, 1, NULL));
    assert_false(script_up(CONTROL_END, 0, 1, NULL));
    assert_false(script_up(UINT16_MAX, 0, 1, NULL));
    assert_false(script_up(CONTROL_NONE, 0, 1, NULL));
}

static void nodes_that_are_not_below_the_link(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_true(script_up(CONTROL_OUTPUT_END, 0, 4, NULL));
    assert_false(script_up(CONTROL_OUTPUT_END, 0, 0, NULL));
    assert_false(script_up(CONTROL_OUTPUT_END, 0, 5, NULL));
    assert_false(script_up(CONTROL_OUTPUT_END, 0, FRAME_ALL_NODES, NULL));
}

static void jobs_that_are_over(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_true(script_up(CONTROL_STARTED, 9, 1, words(12345, NULL))); /* dropped unread */
}

static void an_abort(void **state)
{
    script_job(two_nodes, 3, 0);
    struct buf *b = fresh();
    buf_put_u32(b, 2);
    buf_put_u32(b, 42);
    buf_put_str(b, "for a reason");
    assert_true(script_up(CONTROL_ABORT, 0, 2, b));
    assert_int_equal(script.run.failure.kind, FAILURE_ABORT);
    assert_int_equal(script.run.failure.rank, 2);
    assert_string_equal(script.run.failure.text, "for a reason");
    assert_int_equal(exit_status(&script.run), 42);
    assert_int_equal(script_count(CONTROL_KILL), 1);
}

static void a_rank_that_breaks_the_rules(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_true(script_up(CONTROL_RANK_FAILED, 0, 1, words(1, "nonsense")));
    assert_int_equal(script.run.failure.kind, FAILURE_PMI);
    assert_int_equal(script_count(CONTROL_KILL), 1);
}

static void what_is_malformed(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_false(script_up(CONTROL_ABORT, 0, 1, words(0, NULL)));
    assert_false(script_up(CONTROL_RANK_FAILED, 0, 1, words(3, "no such rank")));
    assert_false(script_up(CONTROL_STARTED, 0, 1, words(1000000, NULL)));
    assert_false(script_up(CONTROL_STDIN_CREDIT, 0, 1, words(1, "more")));
    assert_false(script_up(CONTROL_WARNING, 0, 1, words(100, NULL)));
    assert_false(script_up(CONTROL_NODE_LOST, 0, 1, words(1, NULL)));
    assert_false(script_up(CONTROL_OUTPUT, 0, 1, words(0, NULL)));
    assert_int_equal(script.run.failure.kind, FAILURE_NONE);
}

static void a_node_below_is_lost(void **state)
{
    struct job *j = script_job(two_nodes, 3, 0);
    struct buf *b = words(1, NULL);
    buf_put_u32(b, 2);
    buf_put_str(b, "it was killed");
    assert_true(script_up(CONTROL_NODE_LOST, 0, 1, b));
    assert_true(script.cluster.node_lost[2]);
    assert_false(script.cluster.node_lost[1]);
    assert_true(j->ranks[2].lost);
    assert_int_equal(script.run.failure.kind, FAILURE_NODE);
    assert_string_equal(script.run.failure.text, "the proxy on n2 is gone (it was killed): its ranks are lost");
    assert_int_equal(script_count(CONTROL_KILL), 1);
}

static void a_link_tells_of_nodes_below_it_alone(void **state)
{
    script_job(two_nodes, 3, 0);
    struct buf *b = words(1, NULL);
    buf_put_u32(b, 5);
    buf_put_str(b, "it was killed");
    assert_false(script_up(CONTROL_NODE_LOST, 0, 1, b));
    assert_false(script.cluster.node_lost[5]);
}

/* Nodes that have ranks and such that have none, before anything was sent down. */
static void hosts_that_could_not_be_started(void **state)
{
    static const uint32_t unstarted[] = {2, 4};
    struct job *j = script_job(two_nodes, 3, 0);
    script.closed = true;
    dispatch_ops.settled(&script.run, unstarted, 2);
    assert_true(script.cluster.node_lost[2] && script.cluster.node_lost[4]);
    assert_false(j->ranks[2].lost); /* it was not started */
    assert_true(j->ranks[2].ended && !j->ranks[2].started);
    assert_string_equal(script.run.failure.text, "2 of 6 hosts could not be started: nothing was run");
    assert_true(script.cancelled);
    assert_int_equal(script_count(CONTROL_KILL), 1);
}

static void without_a_host_that_could_not_be_started(void **state)
{
    static const uint32_t unstarted[] = {2};
    struct job *j = script_job(two_nodes, 3, 0);
    script.closed = script.run.opt.no_kill = true;
    dispatch_ops.settled(&script.run, NULL, 0);
    assert_int_equal(script.run.failure.kind, FAILURE_NONE);
    dispatch_ops.settled(&script.run, unstarted, 1);
    assert_int_equal(j->ended, 1);
    assert_string_equal(script.run.failure.text, "host n2 could not be started: the job runs without");
    assert_false(script.cancelled);
    assert_int_equal(script_count(CONTROL_KILL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_that_no_proxy_sends, script_begin, script_end),
        cmocka_unit_test_setup_teardown(nodes_that_are_not_below_the_link, script_begin, script_end),
        cmocka_unit_test_setup_teardown(jobs_that_are_over, script_begin, script_end),
        cmocka_unit_test_setup_teardown(an_abort, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_rank_that_breaks_the_rules, script_begin, script_end),
        cmocka_unit_test_setup_teardown(what_is_malformed, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_node_below_is_lost, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_link_tells_of_nodes_below_it_alone, script_begin, script_end),
        cmocka_unit_test_setup_teardown(hosts_that_could_not_be_started, script_begin, script_end),
        cmocka_unit_test_setup_teardown(without_a_host_that_could_not_be_started, script_begin, script_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
