/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_descendants: who descends from a process, and their end. */
#include "common/descendants.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A shell that starts what the script says; returns when it has said that it is ready. */
static pid_t family(const char *script)
{
    int p[2];
    char c;
    assert_int_equal(pipe(p), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 1);
        close(p[0]);
        close(p[1]);
        execl("/bin/sh", "sh", "-c", script, NULL);
        _exit(127);
    }
    close(p[1]);
    assert_int_equal(read(p[0], &c, 1), 1);
    close(p[0]);
    return pid;
}

#define FAMILY "sleep 1000 & setsid sleep 1000 & (setsid sh -c 'sleep 1000 & sleep 1000' &); echo; wait"
#define PATIENCE_MS 40000

static void all_are_found_and_end(void **state)
{
    family(FAMILY);
    family(FAMILY);
    for (int i = 0; i < PATIENCE_MS / 10 && descendants_signal(getpid(), 0) < 10; i++)
        usleep(10000);
    assert_true(descendants_signal(getpid(), 0) >= 10);
    assert_int_equal(descendants_end(PATIENCE_MS), 0);
    assert_int_equal(descendants_signal(getpid(), 0), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void those_who_ignore_and_those_who_are_stopped(void **state)
{
    family("trap '' TERM INT HUP; sleep 1000 & echo; while :; do sleep 1; done");
    pid_t stopped = family("echo; exec sleep 1000");
    kill(stopped, SIGSTOP);
    assert_int_equal(descendants_end(PATIENCE_MS), 0);
}

static void only_the_others(void **state)
{
    pid_t known = family("echo; exec sleep 1000");
    pid_t other = family(FAMILY);
    int status;
    for (int i = 0; i < PATIENCE_MS / 10 && descendants_signal(getpid(), 0) > 1; i++) {
        descendants_kill_others(&known, 1);
        while (waitpid(other, &status, WNOHANG) > 0) {
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        usleep(10000);
    }
    assert_int_equal(descendants_signal(getpid(), 0), 1);
    assert_int_equal(kill(known, 0), 0);
    assert_int_equal(descendants_end(PATIENCE_MS), 0);
}

static void catchers_only(void **state)
{
    pid_t catches = family("trap 'exit 9' USR1; echo; while :; do sleep 0.05; done");
    pid_t does_not = family("echo; exec sleep 1000");
    int status;
    descendants_signal_catchers(getpid(), SIGUSR1);
    assert_int_equal(waitpid(catches, &status, 0), catches);
    assert_int_equal(WEXITSTATUS(status), 9);
    usleep(50000);
    assert_int_equal(waitpid(does_not, &status, WNOHANG), 0);
    assert_int_equal(descendants_end(PATIENCE_MS), 0);
}

/* The last: what is spared stays so for the life of a process. */
static void who_was_there_before_is_spared(void **state)
{
    pid_t before = family("sleep 1000 & echo; wait");
    descendants_spare();
    family(FAMILY);
    assert_int_equal(descendants_end(PATIENCE_MS), 0);
    assert_int_equal(kill(before, 0), 0);
    char command[64];
    snprintf(command, sizeof command, "pkill -KILL -P %d", (int)before);
    assert_int_equal(system(command), 0);
    assert_int_equal(waitpid(before, NULL, 0), before);
}

static void a_session_has_those_that_have_not_ended(void **state)
{
    pid_t leader = family("sleep 1000 & echo; wait");
    assert_false(descendants_in_session(leader)); /* it is of ours */
    assert_true(descendants_in_session(getsid(0)));
    kill(leader, SIGKILL);
    descendants_end(PATIENCE_MS);
    leader = family("exec setsid sh -c 'echo; exit'"); /* one that is a group's leader would fork */
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)leader, &info, WEXITED | WNOWAIT), 0);
    assert_false(descendants_in_session(leader)); /* not waited for, but ended */
    descendants_end(PATIENCE_MS);
    leader = family("exec setsid sh -c 'sleep 1000 & echo; wait'");
    assert_true(descendants_in_session(leader));
    descendants_end(PATIENCE_MS);
    assert_false(descendants_in_session(leader));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_found_and_end), cmocka_unit_test(those_who_ignore_and_those_who_are_stopped),
        cmocka_unit_test(only_the_others),       cmocka_unit_test(a_session_has_those_that_have_not_ended),
        cmocka_unit_test(catchers_only),         cmocka_unit_test(who_was_there_before_is_spared),
    };
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
