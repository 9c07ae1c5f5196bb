/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_kin: which jobs are connected, and what a failure ends because of that.
 */
#include "launcher/kin.h"

#include "launcher/dispatch.h"
#include "launcher/exit_status.h"
#include "launcher/failure.h"
#include "launcher/job.h"
#include "script.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define JOBS 5

static struct job *jobs[JOBS];

/* One rank each, the last on a node of its own. */
static int begin(void **state)
{
    static const uint32_t near[] = {1}, far[] = {3};
    if (script_begin(state) < 0)
        return -1;
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i] = script_job(i < JOBS - 1 ? near : far, 1, i);
        if (!script_started(i, i < JOBS - 1 ? 1 : 3, 0, 0))
            return -1;
    }
    return 0;
}

static void add(struct job *j, void *arg)
{
    *(unsigned *)arg |= 1u << j->spec.job;
}

/* Who is connected with it: a bit a job. */
static unsigned kin_of(unsigned job)
{
    unsigned all = 0;
    kin_each(jobs[job], add, &all);
    return all;
}

static void nobody_is_connected_unasked(void **state)
{
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(kin_of(i), 1u << i);
}

static void a_chain_is_connected(void **state)
{
    kin_tie(jobs[0], jobs[1], 3);
    kin_tie(jobs[2], jobs[1], 1);
    kin_tie(jobs[0], jobs[0], 7);
    assert_int_equal(kin_of(0), 7);
    assert_int_equal(kin_of(2), 7);
    assert_int_equal(kin_of(3), 8);
}

static void the_last_tie_parts(void **state)
{
    kin_tie(jobs[0], jobs[1], 3);
    kin_tie(jobs[1], jobs[0], -2);
    assert_int_equal(kin_of(1), 3);
    kin_tie(jobs[1], jobs[0], -1);
    assert_int_equal(kin_of(1), 2);
    kin_tie(jobs[0], jobs[1], 1);
    assert_int_equal(kin_of(1), 3);
}

/* Who leaves may be heard of before who has come. */
static void the_order_is_any(void **state)
{
    kin_tie(jobs[0], jobs[1], -2);
    assert_int_equal(kin_of(0), 3);
    kin_tie(jobs[0], jobs[1], 2);
    assert_int_equal(kin_of(0), 1);
}

static void too_many_ties_stay(void **state)
{
    kin_tie(jobs[0], jobs[1], INT64_MAX);
    kin_tie(jobs[0], jobs[1], INT64_MAX);
    assert_int_equal(kin_of(0), 3);
    kin_tie(jobs[0], jobs[2], INT64_MIN);
    kin_tie(jobs[0], jobs[2], INT64_MIN);
    assert_int_equal(kin_of(0), 7);
}

static void a_circle_is_left(void **state)
{
    for (unsigned i = 0; i < 4; i++)
        kin_tie(jobs[i], jobs[(i + 1) % 4], 1);
    assert_int_equal(kin_of(3), 15);
    kin_part(jobs[0], jobs[1]);
    kin_part(jobs[0], jobs[1]);
    assert_int_equal(kin_of(0), 15);
    kin_leave(jobs[3]);
    assert_int_equal(kin_of(0), 1);
    assert_int_equal(kin_of(1), 6);
}

static void a_job_that_is_over_connects_nobody(void **state)
{
    kin_tie(jobs[0], jobs[1], 1);
    kin_tie(jobs[1], jobs[2], 1);
    assert_true(script_exited(1, 1, 0, 0) && script_output_end(1, 1));
    assert_int_equal(kin_of(0), 1);
    assert_int_equal(kin_of(2), 4);
}

static unsigned killed(void)
{
    unsigned all = 0;
    for (unsigned i = 0; i < JOBS; i++)
        all |= (unsigned)jobs[i]->killed << i;
    return all;
}

static void a_failure_ends_its_own(void **state)
{
    kin_tie(jobs[0], jobs[1], 1);
    kin_tie(jobs[2], jobs[3], 1);
    assert_true(script_exited(3, 1, 0, 7 << 8));
    assert_int_equal(killed(), 12);
    assert_int_equal(script_count(CONTROL_KILL), 2);
    assert_null(script.run.deadline); /* the others may run for as long as they like */
    assert_ptr_equal(script.run.failure.job, jobs[3]);
    assert_int_equal(exit_status(&script.run), 7);
}

/* A later one ends the rest, and stays second, though a signal would have been taken for the cause of a connected one.
 */
static void a_second_failure_is_another(void **state)
{
    kin_tie(jobs[0], jobs[1], 1);
    assert_true(script_exited(3, 1, 0, 7 << 8));
    assert_true(script_exited(0, 1, 0, SIGSEGV));
    assert_int_equal(killed(), 11);
    assert_int_not_equal(jobs[1]->ending, jobs[3]->ending);
    assert_ptr_equal(script.run.failure.job, jobs[3]);
    assert_int_equal(exit_status(&script.run), 7);
}

static void the_last_ones_end_in_bounded_time(void **state)
{
    assert_true(script_exited(0, 1, 0, 1 << 8) && script_output_end(0, 1));
    assert_null(script.run.deadline);
    kin_tie(jobs[1], jobs[2], 1);
    assert_true(script_exited(2, 1, 0, 1 << 8));
    assert_true(script_exited(3, 1, 0, 0) && script_output_end(3, 1));
    assert_null(script.run.deadline);
    assert_true(script_exited(4, 3, 0, 0) && script_output_end(4, 3));
    assert_non_null(script.run.deadline); /* 1 and 2 are told to end, and nobody else is there */
    assert_false(script.shutdown);
}

static void a_lost_node_ends_those_that_were_there(void **state)
{
    kin_tie(jobs[4], jobs[2], 1);
    dispatch_ops.lost(&script.run, 3, 1, "it was killed");
    assert_int_equal(killed() & 15, 4);
    assert_true(jobs[4]->killed && jobs[4]->done);
    assert_int_equal(script.run.failure.kind, FAILURE_NODE);
}

static void no_kill_ends_nobody(void **state)
{
    script.run.opt.no_kill = true;
    kin_tie(jobs[0], jobs[1], 1);
    assert_true(script_exited(1, 1, 0, 7 << 8));
    dispatch_ops.lost(&script.run, 3, 1, "it was killed");
    assert_int_equal(killed(), 0);
    assert_int_equal(script.dead, 2);
}

static void the_user_ends_all(void **state)
{
    assert_true(script_exited(3, 1, 0, 7 << 8));
    job_kill_all(&script.run, SIGTERM, 2);
    assert_int_equal(killed(), 31);
    assert_non_null(script.run.deadline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_is_connected_unasked, begin, script_end),
        cmocka_unit_test_setup_teardown(a_chain_is_connected, begin, script_end),
        cmocka_unit_test_setup_teardown(the_last_tie_parts, begin, script_end),
        cmocka_unit_test_setup_teardown(the_order_is_any, begin, script_end),
        cmocka_unit_test_setup_teardown(too_many_ties_stay, begin, script_end),
        cmocka_unit_test_setup_teardown(a_circle_is_left, begin, script_end),
        cmocka_unit_test_setup_teardown(a_job_that_is_over_connects_nobody, begin, script_end),
        cmocka_unit_test_setup_teardown(a_failure_ends_its_own, begin, script_end),
        cmocka_unit_test_setup_teardown(a_second_failure_is_another, begin, script_end),
        cmocka_unit_test_setup_teardown(the_last_ones_end_in_bounded_time, begin, script_end),
        cmocka_unit_test_setup_teardown(a_lost_node_ends_those_that_were_there, begin, script_end),
        cmocka_unit_test_setup_teardown(no_kill_ends_nobody, begin, script_end),
        cmocka_unit_test_setup_teardown(the_user_ends_all, begin, script_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
