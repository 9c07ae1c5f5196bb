/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_start: the backends that are processes here: their streams, their end, their failures; and what tests ask of the
 * delay backend.
 */
#include "common/start.h"

#include "common/spawn.h"
#include "common/start_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct event_base *base;
static struct starter starter;
static struct start start;

static struct {
    int in, out;
    unsigned streams, failed, ended;
    struct start_failure failure;
    char how[128];
} seen;

static void on_stream(void *arg, int in, int out)
{
    seen.streams++;
    seen.in = in;
    seen.out = out;
}

static void on_failed(void *arg, const struct start_failure *f)
{
    seen.failed++;
    seen.failure = *f;
}

static void on_ended(void *arg, const char *how)
{
    seen.ended++;
    snprintf(seen.how, sizeof seen.how, "%s", how);
}

static const struct start_events events = {on_stream, on_failed, on_ended};

static int setup(void **state)
{
    struct err e;
    static bool ready;
    if (!ready && spawn_init() < 0)
        return -1;
    ready = true;
    memset(&seen, 0, sizeof seen);
    seen.in = seen.out = -1;
    unsetenv("MUSTER_TEST_START");
    base = event_base_new();
    starter = (struct starter){.proxy = "/bin/true"};
    start = (struct start){.host = "b", .events = &events, .starter = &starter};
    return starter_init(&starter, "fork", base, &e);
}

static int teardown(void **state)
{
    start_fini(&start);
    close(seen.in);
    if (seen.out != seen.in)
        close(seen.out);
    event_base_free(base);
    return 0;
}

static void begin(const char *backend)
{
    struct err e;
    struct start *v[] = {&start};
    assert_int_equal(starter_init(&starter, backend, base, &e), 0);
    start_begin(&starter, v, 1);
}

/* A process of its own in place of a proxy. */
static void begin_shell(const char *script, bool two)
{
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
    int stream[2];
    assert_int_equal(start_process_begin(&start, argv, two, stream, NULL), 0);
    seen.in = stream[0];
    seen.out = stream[1];
}

static void reap(void)
{
    int status;
    pid_t pid = start.pid;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(starter_reaped(&starter, pid, status));
    assert_false(starter_reaped(&starter, pid, status));
}

static void loop_until(const unsigned *n)
{
    while (*n == 0)
        event_base_loop(base, EVLOOP_ONCE);
}

static void the_end_is_told_when_it_was_waited_for(void **state)
{
    begin_shell("exit 3", false);
    start_end(&start, "closed the link");
    assert_int_equal(seen.ended, 0);
    reap();
    assert_string_equal(seen.how, "it exited with code 3");
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(seen.ended, 1);
}

static void the_end_is_told_at_once_when_it_is_known(void **state)
{
    begin_shell("kill -9 $$", false);
    reap();
    start_end(&start, "closed the link");
    assert_string_equal(seen.how, "it was killed by signal 9 (SIGKILL)");
}

static void a_process_that_is_dying_is_waited_for(void **state)
{
    begin_shell("exit 4", false);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)start.pid, &info, WEXITED | WNOWAIT), 0);
    start_end(&start, "closed the link");
    for (int i = 0; i < 5; i++)
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(seen.ended, 0);
    reap();
    assert_string_equal(seen.how, "it exited with code 4");
}

static void a_process_that_lives_on_is_not_waited_for(void **state)
{
    char why[] = "closed the link";
    begin_shell("exec sleep 1000", false);
    start_end(&start, why);
    memset(why, '?', sizeof why - 1); /* it was the caller's */
    loop_until(&seen.ended);
    assert_string_equal(seen.how, "closed the link");
    start_cancel(&start);
    reap();
    assert_int_equal(seen.ended, 1);
}

static void two_descriptors(void **state)
{
    char got[8] = "";
    begin_shell("read word; echo $word again", true);
    assert_true(seen.in != seen.out);
    assert_int_equal(write(seen.out, "hi\n", 3), 3);
    assert_int_equal(read(seen.in, got, sizeof got), 8);
    assert_memory_equal(got, "hi again", 8);
    reap();
}

static void fork_gives_a_stream_at_once(void **state)
{
    begin("fork");
    assert_int_equal(seen.streams, 1);
    assert_true(seen.in >= 0 && seen.in == seen.out);
    size_t n;
    pid_t *pids = starter_pids(&starter, &n);
    assert_int_equal(n, 1);
    assert_int_equal(pids[0], start.pid);
    free(pids);
    reap();
}

static void fork_tells_of_failure_from_the_loop(void **state)
{
    char text[256];
    starter.proxy = "/nonexistent";
    begin("fork");
    assert_int_equal(seen.failed, 0);
    loop_until(&seen.failed);
    assert_int_equal(seen.streams, 0);
    start_failure_text(&seen.failure, "b", text, sizeof text);
    assert_string_equal(text, "b: unable to start the proxy there: /nonexistent: No such file or directory");
}

static void what_was_cancelled_tells_nothing(void **state)
{
    starter.proxy = "/nonexistent";
    begin("fork");
    start_cancel(&start);
    setenv("MUSTER_TEST_START", "*=1,connect", 1);
    begin("delay");
    start_cancel(&start);
    struct timeval soon = {0, 20000};
    event_base_loopexit(base, &soon);
    event_base_dispatch(base);
    assert_int_equal(seen.streams + seen.failed + seen.ended, 0);
}

static void delay_does_as_it_is_told(void **state)
{
    setenv("MUSTER_TEST_START", "*=connect;b=30,connect;c=silent", 1);
    struct timeval t0, t1;
    event_base_gettimeofday_cached(base, &t0);
    begin("delay");
    loop_until(&seen.failed);
    event_base_gettimeofday_cached(base, &t1);
    assert_true((t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_usec - t0.tv_usec) / 1000 >= 29);
    assert_int_equal(seen.failure.step, START_CONNECT);
}

static void delay_only_where_it_shall(void **state)
{
    setenv("MUSTER_TEST_START", "b=connect,interior", 1);
    begin("delay");
    loop_until(&seen.streams);
    reap();
    start.below = 1;
    begin("delay");
    loop_until(&seen.failed);
}

static void backends_and_words_that_are_not_there(void **state)
{
    struct err e;
    assert_int_equal(starter_init(&starter, "carrier pigeon", base, &e), -1);
    assert_non_null(strstr(e.text, "carrier pigeon"));
    static const char *const bad[] = {"b", "b=", "b=konnect", "b=connect,", "a=1;b=x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("MUSTER_TEST_START", bad[i], 1);
        assert_int_equal(starter_init(&starter, "delay", base, &e), -1);
    }
    assert_int_equal(starter_init_root(&starter, NULL, base, &e), -1); /* the variable chooses */
    unsetenv("MUSTER_TEST_START");
    assert_int_equal(starter_init_root(&starter, NULL, base, &e), 0);
    assert_string_equal(starter.ops->name, "fork");
}

static void a_secret_is_of_one_run(void **state)
{
    struct starter a = {0}, b = {0};
    struct err e;
    assert_int_equal(starter_init_root(&a, NULL, base, &e) + starter_init_root(&b, NULL, base, &e), 0);
    assert_memory_not_equal(a.secret, b.secret, sizeof a.secret);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_end_is_told_when_it_was_waited_for),
        TEST(the_end_is_told_at_once_when_it_is_known),
        TEST(a_process_that_is_dying_is_waited_for),
        TEST(a_process_that_lives_on_is_not_waited_for),
        TEST(two_descriptors),
        TEST(fork_gives_a_stream_at_once),
        TEST(fork_tells_of_failure_from_the_loop),
        TEST(what_was_cancelled_tells_nothing),
        TEST(delay_does_as_it_is_told),
        TEST(delay_only_where_it_shall),
        TEST(backends_and_words_that_are_not_there),
        TEST(a_secret_is_of_one_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
