/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_job: the life of a job, as the proxies tell it and as they are told.
 */
#include "launcher/job.h"

#include "launcher/exit_status.h"
#include "launcher/failure.h"
#include "script.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint32_t two_nodes[] = {1, 1, 2};

static void start_all(void)
{
    assert_true(script_started(0, 1, 0, 0) && script_started(0, 1, 1, 0) && script_started(0, 2, 2, 0));
}

static void end_all(uint32_t status)
{
    assert_true(script_exited(0, 1, 0, status) && script_exited(0, 1, 1, status) && script_exited(0, 2, 2, status));
}

static struct control_kill last_kill(void)
{
    struct control_kill k;
    struct rbuf r;
    rbuf_init(&r, script_last(CONTROL_KILL)->payload.data, script_last(CONTROL_KILL)->payload.len);
    assert_true(control_kill_get(&r, &k));
    return k;
}

static void launched_once_and_over_with_its_output(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_int_equal(script_count(CONTROL_LAUNCH), 1);
    assert_int_equal(script_last(CONTROL_LAUNCH)->head.node, FRAME_ALL_NODES);
    start_all();
    assert_int_equal(script.started, 1);
    end_all(0);
    assert_int_equal(script.done, 0); /* output may still come */
    assert_true(script_output_end(0, 1) && script_output_end(0, 1));
    assert_int_equal(script.done, 0);
    assert_true(script_output_end(0, 2));
    assert_int_equal(script.done, 1);
    assert_int_equal(script_count(CONTROL_JOB_DONE), 1);
    assert_true(script.shutdown);
    assert_int_equal(script_count(CONTROL_KILL), 0);
    assert_int_equal(exit_status(&script.run), 0);
}

static void the_first_bad_end_ends_all(void **state)
{
    script_job(two_nodes, 3, 0);
    start_all();
    assert_true(script_exited(0, 2, 2, 7 << 8));
    assert_int_equal(script_count(CONTROL_KILL), 1);
    struct control_kill k = last_kill();
    assert_int_equal(k.signal, SIGTERM);
    assert_in_range(k.grace, 2000, 2001);
    assert_true(script_exited(0, 1, 0, 9 << 8));
    assert_int_equal(script_count(CONTROL_KILL), 1); /* once */
    assert_int_equal(script.run.failure.rank, 2);
    assert_int_equal(exit_status(&script.run), 7);
}

static void no_kill_tells_the_others(void **state)
{
    script.run.opt.no_kill = true;
    script_job(two_nodes, 3, 0);
    start_all();
    assert_true(script_exited(0, 2, 2, 7 << 8));
    assert_int_equal(script_count(CONTROL_KILL), 0);
    assert_int_equal(script.dead, 1);
    assert_int_equal(exit_status(&script.run), 7);
}

static void a_proxy_tells_of_its_own_ranks_alone(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_false(script_started(0, 2, 0, 0));
    assert_false(script_started(0, 1, 3, 0));
    assert_false(script_exited(0, 1, 2, 0));
    assert_int_equal(script.started, 0);
}

static void an_end_that_is_told_twice_counts_once(void **state)
{
    struct job *j = script_job(two_nodes, 3, 0);
    start_all();
    assert_true(script_exited(0, 1, 0, 0) && script_exited(0, 1, 0, 0));
    assert_int_equal(j->ended, 1);
}

static void what_cannot_be_started(void **state)
{
    script_job(two_nodes, 3, 0);
    assert_true(script_started(0, 1, 0, ENOENT));
    assert_int_equal(script.run.failure.kind, FAILURE_START);
    assert_int_equal(script_count(CONTROL_KILL), 1);
    assert_int_equal(exit_status(&script.run), 127);
}

/* Its asker is told, and the job of the command line goes on. */
static void a_spawned_job_that_cannot_be_started(void **state)
{
    script_job(two_nodes, 3, 0);
    struct job *j = script_job(two_nodes, 3, 5);
    assert_true(script_started(1, 1, 0, ENOENT) && script_started(1, 1, 1, 0));
    assert_int_equal(script_count(CONTROL_KILL), 0);
    assert_true(script_started(1, 2, 2, 0));
    assert_int_equal(script.started, 1);
    assert_true(j->spawn_failed);
    assert_int_equal(script_count(CONTROL_KILL), 1);
    assert_int_equal(script_last(CONTROL_KILL)->head.job, 1);
    assert_int_equal(script.run.failure.kind, FAILURE_NONE);
}

static void a_spawned_job_is_forgotten(void **state)
{
    static const uint32_t one[] = {1};
    script_job(two_nodes, 3, 0);
    script_job(one, 1, 5);
    assert_true(script_started(1, 1, 0, 0) && script_exited(1, 1, 0, 0) && script_output_end(1, 1));
    assert_int_equal(script.done, 1);
    assert_int_equal(script.forgotten, 1);
    assert_null(job_find(&script.run, 1));
    assert_non_null(job_find(&script.run, 0));
    assert_false(script.shutdown);
}

/* A failure that is told between its end and that keeps it. */
static void one_that_fails_late_is_kept(void **state)
{
    static const uint32_t one[] = {1};
    script_job(two_nodes, 3, 0);
    struct job *j = script_job(one, 1, 5);
    assert_true(script_started(1, 1, 0, 0) && script_exited(1, 1, 0, 0));
    job_output_end(j, 1);
    assert_int_equal(script.done, 1);
    failure_note(&script.run, FAILURE_ABORT, j, 0, 1, 3, "late");
    event_base_loop(script.cluster.base, EVLOOP_NONBLOCK);
    assert_int_equal(script.forgotten, 0);
    assert_ptr_equal(job_find(&script.run, 1), script.run.failure.job);
}

static void a_node_is_lost(void **state)
{
    struct job *j = script_job(two_nodes, 3, 0);
    start_all();
    job_node_lost(j, 2);
    assert_true(j->ranks[2].lost && j->ranks[2].ended);
    assert_int_equal(script.dead, 1);
    assert_int_equal(script.gone, 1);
    assert_int_equal(script.ended, 1);
    assert_true(script_exited(0, 1, 0, 0) && script_exited(0, 1, 1, 0) && script_output_end(0, 1));
    assert_int_equal(script.done, 1); /* nobody waits for node 2's output */
}

/* While the hosts are asked what they are. */
static void killed_before_there_is_a_job(void **state)
{
    job_kill_all(&script.run, SIGTERM, 2);
    assert_true(script.shutdown);
    assert_null(script.run.deadline);
}

static void killed_for_good(void **state)
{
    script_job(two_nodes, 3, 0);
    start_all();
    job_kill_all(&script.run, SIGKILL, 0);
    struct control_kill k = last_kill();
    assert_int_equal(k.signal, SIGKILL);
    assert_int_equal(k.grace, 0);
    assert_non_null(script.run.deadline);
    assert_false(script.shutdown);
}

/* The longest time that an option may be. */
static void a_grace_of_a_year(void **state)
{
    const double year = 365.0 * 24 * 3600;
    script_job(two_nodes, 3, 0);
    job_kill_all(&script.run, SIGTERM, year);
    assert_true(last_kill().grace >= (uint64_t)year * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(launched_once_and_over_with_its_output, script_begin, script_end),
        cmocka_unit_test_setup_teardown(the_first_bad_end_ends_all, script_begin, script_end),
        cmocka_unit_test_setup_teardown(no_kill_tells_the_others, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_proxy_tells_of_its_own_ranks_alone, script_begin, script_end),
        cmocka_unit_test_setup_teardown(an_end_that_is_told_twice_counts_once, script_begin, script_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_started, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_spawned_job_that_cannot_be_started, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_spawned_job_is_forgotten, script_begin, script_end),
        cmocka_unit_test_setup_teardown(one_that_fails_late_is_kept, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_node_is_lost, script_begin, script_end),
        cmocka_unit_test_setup_teardown(killed_before_there_is_a_job, script_begin, script_end),
        cmocka_unit_test_setup_teardown(a_grace_of_a_year, script_begin, script_end),
        cmocka_unit_test_setup_teardown(killed_for_good, script_begin, script_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
