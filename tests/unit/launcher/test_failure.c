/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_failure: which failure counts, and how it is told. */
#include "launcher/failure.h"
#include "launcher/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MS 1000000u
#define EXITED(code) ((uint32_t)(code) << 8)

static struct rankmap_block block = {0, 1, 4, 1};
static struct rank_info ranks[4];
static struct map_node node = {.name = "host"};
static struct cluster cluster;
static struct run m;
static struct job j;

static int fresh(void **state)
{
    memset(ranks, 0, sizeof ranks);
    for (int i = 0; i < 4; i++)
        ranks[i] = (struct rank_info){.pid = 100 + (uint32_t)i, .started = true, .ended = true, .heard = true};
    cluster = (struct cluster){.nodes = &node, .nnodes = 1};
    m = (struct run){.cluster = &cluster};
    TAILQ_INIT(&m.jobs);
    j = (struct job){.run = &m, .ranks = ranks, .spec.map = {&block, 1, 4, 1}};
    TAILQ_INSERT_TAIL(&m.jobs, &j, link);
    return 0;
}

static bool exits(uint32_t rank, uint32_t status, uint64_t time)
{
    ranks[rank].status = status;
    return failure_note(&m, FAILURE_EXIT, &j, rank, time, 0, NULL);
}

static void the_earliest_stays(void **state)
{
    assert_true(exits(1, EXITED(1), 500 * MS));
    assert_false(exits(2, EXITED(2), 600 * MS));
    assert_int_equal(m.failure.rank, 1);
    assert_false(exits(3, EXITED(3), 400 * MS));
    assert_int_equal(m.failure.rank, 3);
}

static void a_signal_just_after_is_the_cause(void **state)
{
    exits(1, EXITED(1), 500 * MS);
    exits(2, SIGSEGV, 501 * MS);
    assert_int_equal(m.failure.rank, 2);
    exits(3, SIGABRT, 502 * MS); /* of two signals the earlier */
    assert_int_equal(m.failure.rank, 2);
    fresh(NULL);
    exits(1, EXITED(1), 500 * MS);
    exits(2, SIGSEGV, 1400 * MS); /* on a busy machine */
    assert_int_equal(m.failure.rank, 2);
}

static void a_signal_long_after_is_not(void **state)
{
    exits(1, EXITED(1), 500 * MS);
    exits(2, SIGSEGV, 1600 * MS);
    assert_int_equal(m.failure.rank, 1);
}

static void a_broken_pipe_is_no_cause(void **state)
{
    exits(1, EXITED(1), 500 * MS);
    exits(2, SIGPIPE, 501 * MS);
    assert_int_equal(m.failure.rank, 1);
}

static void an_abort_because_of_a_death(void **state)
{
    assert_true(failure_note(&m, FAILURE_ABORT, &j, 0, 500 * MS, 9, "lost rank 2"));
    exits(0, EXITED(9), 400 * MS); /* its own end says nothing new */
    assert_int_equal(m.failure.kind, FAILURE_ABORT);
    exits(2, SIGKILL, 499 * MS);
    assert_int_equal(m.failure.kind, FAILURE_EXIT);
    assert_int_equal(m.failure.rank, 2);
}

static void what_ended_the_whole_job_stays(void **state)
{
    static const enum failure_kind whole[] = {FAILURE_NODE, FAILURE_TIMEOUT, FAILURE_SIGNAL};
    for (size_t i = 0; i < 3; i++) {
        fresh(NULL);
        assert_true(failure_note(&m, whole[i], NULL, 0, 500 * MS, SIGINT, "text"));
        assert_false(exits(1, SIGSEGV, 1));
        assert_int_equal(m.failure.kind, whole[i]);
    }
}

static void what_killed_a_node_began_with_its_ranks(void **state)
{
    assert_true(exits(1, SIGKILL, 500 * MS));
    assert_false(failure_node_lost(&m, 7, 2600 * MS, "another one"));
    assert_int_equal(m.failure.kind, FAILURE_EXIT);
    assert_false(failure_node_lost(&m, 0, 2600 * MS, "the proxy is gone"));
    assert_int_equal(m.failure.kind, FAILURE_NODE);
    assert_string_equal(m.failure.text, "the proxy is gone");
    fresh(NULL);
    exits(1, SIGSEGV, 500 * MS);
    failure_node_lost(&m, 0, 600 * MS, "later");
    assert_int_equal(m.failure.kind, FAILURE_EXIT);
    fresh(NULL);
    assert_true(failure_node_lost(&m, 0, 600 * MS, "first"));
}

static const char *described(uint32_t rank)
{
    static char text[1024];
    failure_describe_rank(&j, rank, text, sizeof text);
    return text;
}

static void ranks_are_described(void **state)
{
    ranks[0].status = SIGSEGV;
    ranks[0].flags = EXIT_CORE;
    assert_string_equal(described(0), "was killed by signal 11 (SIGSEGV, Segmentation fault), core dumped");
    ranks[1].status = EXITED(3);
    assert_string_equal(described(1), "exited with code 3");
    ranks[2].flags = EXIT_IN_PMI;
    assert_string_equal(described(2), "exited with code 0 after MPI_Init, but without MPI_Finalize");
    ranks[3].ended = false;
    assert_string_equal(described(3), "is running");
    ranks[3].lost = true;
    assert_string_equal(described(3), "was lost with its node");
    ranks[0] = (struct rank_info){.started = true, .ended = true, .status = SIGKILL, .flags = EXIT_OOM};
    assert_non_null(strstr(described(0), "out of memory"));
}

static char *printed(void)
{
    static char text[4096];
    FILE *f = tmpfile();
    assert_non_null(f);
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    failure_print(&m);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

static void the_block(void **state)
{
    exits(1, SIGABRT, 1);
    ranks[0].stopped = ranks[3].stopped = true;
    ranks[2].status = EXITED(1);
    failure_tail(&m, &j, 1, "one\ntwo\n", 8, false);
    assert_string_equal(printed(), "mpiexec: rank 1 on host (pid 101) was killed by signal 6 (SIGABRT, Aborted)\n"
                                   "mpiexec:   its last lines on stderr:\n"
                                   "mpiexec:     one\n"
                                   "mpiexec:     two\n"
                                   "mpiexec:   1 other rank failed after that\n"
                                   "mpiexec:   2 other ranks stopped because of it\n"
                                   "mpiexec:   exit status 134\n");
    free(ranks[1].tail);
}

static void text_of_ranks_is_made_printable(void **state)
{
    failure_note(&m, FAILURE_ABORT, &j, 1, 1, 9, "see \x1b]0;me\a\nand more");
    failure_tail(&m, &j, 1, "\x1b[31mred\n", 9, false);
    assert_string_equal(printed(), "mpiexec: rank 1 on host (pid 101) called abort with code 9: "
                                   "see \\x1b]0;me\\x07\\x0aand more\n"
                                   "mpiexec:   its last lines on stderr:\n"
                                   "mpiexec:     \\x1b[31mred\n"
                                   "mpiexec:   exit status 9\n");
    free(ranks[1].tail);
}

static void what_stands_right_above_is_not_repeated(void **state)
{
    exits(1, EXITED(3), 1);
    failure_tail(&m, &j, 1, "one\n", 4, true);
    assert_string_equal(printed(), "mpiexec: rank 1 on host (pid 101) exited with code 3\n"
                                   "mpiexec:   exit status 3\n");
    free(ranks[1].tail);
}

static void nothing_when_all_is_well(void **state)
{
    assert_string_equal(printed(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_earliest_stays, fresh),
        cmocka_unit_test_setup(a_signal_just_after_is_the_cause, fresh),
        cmocka_unit_test_setup(a_signal_long_after_is_not, fresh),
        cmocka_unit_test_setup(a_broken_pipe_is_no_cause, fresh),
        cmocka_unit_test_setup(an_abort_because_of_a_death, fresh),
        cmocka_unit_test_setup(what_ended_the_whole_job_stays, fresh),
        cmocka_unit_test_setup(what_killed_a_node_began_with_its_ranks, fresh),
        cmocka_unit_test_setup(ranks_are_described, fresh),
        cmocka_unit_test_setup(the_block, fresh),
        cmocka_unit_test_setup(text_of_ranks_is_made_printable, fresh),
        cmocka_unit_test_setup(what_stands_right_above_is_not_repeated, fresh),
        cmocka_unit_test_setup(nothing_when_all_is_well, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
