/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sleep with a descriptor: whatever comes, before or while the process goes to sleep, by the descriptor or from another
 * thread, wakes it. A wake-up that was lost would take the whole time limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/core/clock.h"
#include "lib/nodemem/nodemem.h"
#include "lib/transport/sleep.h"
#include "lib/transport/transport.h"

static int ends[2] = {-1, -1};
static _Atomic int shown = -1; /* what the transport says its descriptor is */

static int sleep_fd(void)
{
    return atomic_load(&shown);
}

static const struct transport quiet = {.name = "quiet"}, sleepy = {.name = "sleepy", .sleep_fd = sleep_fd};
const struct transport *const transport_table[] = {&quiet, &sleepy, NULL};

/* Nothing is carried. */
bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    return false;
}

enum { ROUNDS = 3000 };
static _Atomic int asked; /* rounds that the sender may begin */
static _Atomic int64_t sent_at;
static _Atomic bool by_bell;

static void *sender(void *arg)
{
    unsigned seed = 1;
    for (int i = 0; i < ROUNDS; i++) {
        while (atomic_load(&asked) <= i)
            sched_yield();
        int64_t until = clock_ns() + rand_r(&seed) % 150000;
        while (clock_ns() < until)
            sched_yield();
        atomic_store(&sent_at, clock_ns());
        if (i % 5 == 4) {
            atomic_store(&by_bell, true);
            doorbell_wake_own();
        } else if (write(ends[1], "x", 1) != 1) {
            abort();
        }
    }
    return NULL;
}

static bool here(void)
{
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    return atomic_load(&by_bell) || poll(&p, 1, 0) > 0;
}

static void take(void)
{
    char c;
    if (!atomic_exchange(&by_bell, false))
        assert_int_equal(read(ends[0], &c, 1), 1);
}

static int longer(const void *a, const void *b)
{
    return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b);
}

static void no_wake_up_is_lost(void **state)
{
    static const struct timespec most = {.tv_sec = 20};
    static int64_t took[ROUNDS];
    pthread_t thread;
    int count = 0;
    assert_int_equal(pipe(ends), 0);
    atomic_store(&shown, ends[0]);
    assert_int_equal(pthread_create(&thread, NULL, sender, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_store(&asked, i + 1);
        if (i % 3 == 0)
            while (!here()) /* it comes before */
                sched_yield();
        int64_t begin = clock_ns();
        bool slept = false;
        while (!here()) {
            uint32_t value;
            _Atomic uint32_t *bell = sleep_arm(&value);
            assert_non_null(bell);
            if (!here()) {
                slept = true;
                syscall(SYS_futex, bell, FUTEX_WAIT, value, &most, NULL, 0);
            }
            sleep_disarm();
        }
        assert_true(clock_ns() - begin < most.tv_sec * INT64_C(1000000000));
        if (slept)
            took[count++] = clock_ns() - atomic_load(&sent_at);
        take();
    }
    assert_int_equal(sleep_threads(), 1);
    pthread_join(thread, NULL);
    qsort(took, (size_t)count, sizeof *took, longer);
    if (count > 0)
        print_message("# from the write to the wake: %.1f us (median of %d)\n", (double)took[count / 2] / 1000, count);
}

/* The helper hears of a new one even while it waits for the old one, and does without one that has been closed. */
static void another_descriptor_takes_its_place(void **state)
{
    static const struct timespec most = {.tv_sec = 20};
    int old[2] = {ends[0], ends[1]};
    uint32_t value;
    assert_int_equal(pipe(ends), 0);
    atomic_store(&shown, ends[0]);
    close(old[0]);
    close(old[1]);
    for (int i = 0; i < 100; i++) {
        _Atomic uint32_t *bell = sleep_arm(&value);
        assert_int_equal(write(ends[1], "x", 1), 1);
        int64_t begin = clock_ns();
        syscall(SYS_futex, bell, FUTEX_WAIT, value, &most, NULL, 0);
        assert_true(clock_ns() - begin < most.tv_sec * INT64_C(1000000000));
        sleep_disarm();
        take();
    }
}

static void the_thread_ends(void **state)
{
    sleep_fini();
    assert_int_equal(sleep_threads(), 0);
    atomic_store(&shown, -1);
    uint32_t value;
    assert_null(sleep_arm(&value)); /* nobody can wake it */
    assert_false(sleep_is_reachable());
    assert_int_equal(sleep_threads(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_wake_up_is_lost),
        cmocka_unit_test(another_descriptor_takes_its_place),
        cmocka_unit_test(the_thread_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
