/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_exit_status: the shell's number for each end of a job. */
#include "launcher/exit_status.h"
#include "launcher/run.h"

#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define EXITED(code) ((uint32_t)(code) << 8)

static void of_a_wait_status(void **state)
{
    assert_int_equal(exit_status_of_wait(0), 0);
    assert_int_equal(exit_status_of_wait(EXITED(3)), 3);
    assert_int_equal(exit_status_of_wait(EXITED(255)), 255);
    assert_int_equal(exit_status_of_wait(SIGKILL), 137);
    assert_int_equal(exit_status_of_wait(SIGSEGV | 0x80), 139); /* core dumped */
}

static void of_a_start(void **state)
{
    assert_int_equal(exit_status_of_start(START_FIND, ENOENT), 127);
    assert_int_equal(exit_status_of_start(START_FIND, ENOTDIR), 127);
    assert_int_equal(exit_status_of_start(START_EXEC, ENOENT), 127);
    assert_int_equal(exit_status_of_start(START_FIND, EACCES), 126);
    assert_int_equal(exit_status_of_start(START_EXEC, ENOEXEC), 126);
    assert_int_equal(exit_status_of_start(START_CHDIR, ENOENT), 1);
    assert_int_equal(exit_status_of_start(START_RESOURCES, EAGAIN), 1);
    assert_int_equal(exit_status_of_start(START_BIND, EINVAL), 1);
}

static void of_an_abort_is_never_0(void **state)
{
    assert_int_equal(exit_status_of_abort(7), 7);
    assert_int_equal(exit_status_of_abort(0), 1);
    assert_int_equal(exit_status_of_abort(256), 1);
    assert_int_equal(exit_status_of_abort(-1), 255);
}

static void of_the_whole_run(void **state)
{
    struct rank_info ranks[2] = {{.started = true, .ended = true, .status = EXITED(4)},
                                 {.started = true, .ended = true, .flags = EXIT_IN_PMI}};
    struct job j = {.ranks = ranks};
    struct run m = {.failure = {.kind = FAILURE_NONE}};
    assert_int_equal(exit_status(&m), 0);
    m.failure = (struct failure){.kind = FAILURE_EXIT, .job = &j, .rank = 0};
    assert_int_equal(exit_status(&m), 4);
    m.failure.rank = 1; /* ended with 0, but inside MPI */
    assert_int_equal(exit_status(&m), 1);
    m.failure = (struct failure){.kind = FAILURE_SIGNAL, .code = SIGINT};
    assert_int_equal(exit_status(&m), 130);
    m.failure = (struct failure){.kind = FAILURE_TIMEOUT};
    assert_int_equal(exit_status(&m), 124);
    m.failure = (struct failure){.kind = FAILURE_OUTPUT, .code = EPIPE};
    assert_int_equal(exit_status(&m), 141);
    m.failure.code = ENOSPC;
    assert_int_equal(exit_status(&m), 1);
    static const enum failure_kind ours[] = {FAILURE_PMI, FAILURE_STUCK, FAILURE_NODE, FAILURE_LAUNCH};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        m.failure = (struct failure){.kind = ours[i], .job = &j};
        assert_int_equal(exit_status(&m), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_wait_status),
        cmocka_unit_test(of_a_start),
        cmocka_unit_test(of_an_abort_is_never_0),
        cmocka_unit_test(of_the_whole_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
