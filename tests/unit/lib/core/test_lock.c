/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The lock: plain counters, which lose counts if two threads are ever inside at once. Most cases run twice: as a plain
 * lock, and biased. The source is included, so that a case can have the bias change hands all the time. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "lib/core/lock.c"

enum { MOST = 8 };
static long count, inside;
static atomic_bool stop, failed;

/* Visits once; a second one at the same time is seen with some luck at once, and in the count for sure. */
static void visit(void)
{
    lib_lock();
    if (inside++ != 0)
        atomic_store(&failed, true);
    count++;
    inside--;
    lib_unlock();
}

static void *many_visits(void *n)
{
    for (long i = 0; i < *(long *)n; i++)
        visit();
    return NULL;
}

static void run(int threads, void *(*body)(void *), void *arg)
{
    pthread_t t[MOST];
    for (int i = 0; i < threads; i++)
        assert_int_equal(pthread_create(&t[i], NULL, body, arg), 0);
    for (int i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    assert_false(atomic_load(&failed));
}

static void nobody_lost(void **state)
{
    long n = 100000;
    for (int threads = 1; threads <= MOST; threads *= 2) {
        count = 0;
        run(threads, many_visits, &n);
        assert_int_equal(count, threads * n);
    }
}

/* Bursts long enough to gain the bias, of threads that take turns at random. */
static void *bursts(void *seed)
{
    unsigned x = atomic_fetch_add((atomic_uint *)seed, 7919);
    for (int i = 0; i < 30; i++) {
        x = x * 1103515245u + 12345u;
        long n = 300 + x % 5000;
        many_visits(&n);
        atomic_fetch_add((atomic_long *)((atomic_uint *)seed + 2), n);
        usleep(x >> 16 & 0xff);
    }
    return NULL;
}

static void bias_changes_hands(void **state)
{
    struct {
        atomic_uint seed, pad;
        atomic_long visits;
    } s = {.seed = 1};
    count = 0;
    run(4, bursts, &s);
    assert_int_equal(count, atomic_load(&s.visits));
}

/* One thread gains the bias at each second visit, the other one revokes it, at all distances of time. */
static void *revoker(void *unused)
{
    unsigned x = 1;
    while (!atomic_load(&stop)) {
        x = x * 1103515245u + 12345u;
        for (volatile unsigned i = 0; i < (x >> 16) % 100; i++)
            ;
        lib_lock();
        if (inside++ != 0)
            atomic_store(&failed, true);
        count++;
        lock.needed = 1;
        inside--;
        lib_unlock();
    }
    return NULL;
}

static void revoked_at_any_moment(void **state)
{
    pthread_t t;
    long n = 10000;
    int64_t end = clock_ns() + 1000000000;
    atomic_store(&stop, false);
    pthread_create(&t, NULL, revoker, NULL);
    while (clock_ns() < end)
        many_visits(&n);
    atomic_store(&stop, true);
    pthread_join(t, NULL);
    assert_false(atomic_load(&failed));
}

static void threads_come_and_go(void **state)
{
    long n = 600;
    count = 0;
    for (int i = 0; i < 200; i++) {
        run(1 + i % 3, many_visits, &n);
        visit();
    }
    long threads = 0;
    for (int i = 0; i < 200; i++)
        threads += 1 + i % 3;
    assert_int_equal(count, threads * n + 200);
}

static void *deep_visits(void *unused)
{
    for (int i = 0; i < 20000; i++) {
        lib_lock();
        lib_lock();
        count++;
        if (i % 5 == 0) {
            int depth = lib_suspend();
            if (depth != 2)
                atomic_store(&failed, true);
            lib_resume(depth);
        }
        lib_lock();
        lib_yield();
        count++;
        lib_unlock();
        lib_unlock();
        lib_unlock();
    }
    return NULL;
}

static void depth_is_kept(void **state)
{
    count = 0;
    run(1, deep_visits, NULL);
    run(3, deep_visits, NULL);
    assert_int_equal(count, 4 * 2 * 20000);
}

static void *hog(void *yields)
{
    if (yields)
        lib_lock();
    while (!atomic_load(&stop)) {
        if (yields)
            lib_yield();
        else
            visit();
    }
    if (yields)
        lib_unlock();
    return NULL;
}

/* Who holds the lock all the time but yields, and who takes it again at once, let others in, and soon. */
static void others_get_in(void **state)
{
    static int yields;
    for (int how = 0; how < 2; how++) {
        pthread_t t[2];
        atomic_store(&stop, false);
        for (int i = 0; i < 2; i++)
            pthread_create(&t[i], NULL, hog, how ? &yields : NULL);
        usleep(10000);
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (int i = 0; i < 100; i++)
            visit();
        clock_gettime(CLOCK_MONOTONIC, &b);
        atomic_store(&stop, true);
        for (int i = 0; i < 2; i++)
            pthread_join(t[i], NULL);
        assert_true((b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec) < 40);
        assert_false(atomic_load(&failed));
    }
}

static int woken;

static void count_wake(void)
{
    woken++;
}

static void sleepers_are_looked_after(void **state)
{
    lock_hot.wake = count_wake;
    lib_lock();
    lock_hot.sleepers = 1;
    lib_lock();
    lib_unlock();
    assert_int_equal(woken, 0);
    lib_unlock();
    assert_int_equal(woken, 1);
    lib_lock();
    lib_resume(lib_suspend());
    assert_int_equal(woken, 2);
    lock_hot.sleepers = 0;
    lib_unlock();
    assert_int_equal(woken, 2);
    woken = 0;
}

static int biased(void **state)
{
    lib_lock();
    lock_allow_bias();
    lib_unlock();
    visit();
    return !lock.can_bias || lock_biased_to(lock_self) ? 0 : -1; /* who comes next has it */
}

static void off_and_on(void **state)
{
    lib_lock();
    lock_end();
    assert_false(lock_used());
    visit();
    lock_begin();
    assert_true(lock_used());
    lib_unlock();
    nobody_lost(state);
}

static void children_take_no_memory(void **state)
{
    int status;
    visit();
    assert_true(lock_self != &outside || !lock.can_bias);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        lock_fork();
        visit();
        _exit(lock_self == &outside && !atomic_load(&failed) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_lost),
        cmocka_unit_test(threads_come_and_go),
        cmocka_unit_test(depth_is_kept),
        cmocka_unit_test(others_get_in),
        cmocka_unit_test(sleepers_are_looked_after),
        {"nobody_lost, biased", nobody_lost, biased, NULL, NULL},
        {"bias_changes_hands, biased", bias_changes_hands, NULL, NULL, NULL},
        cmocka_unit_test(revoked_at_any_moment),
        {"threads_come_and_go, biased", threads_come_and_go, NULL, NULL, NULL},
        {"depth_is_kept, biased", depth_is_kept, NULL, NULL, NULL},
        {"others_get_in, biased", others_get_in, NULL, NULL, NULL},
        {"sleepers_are_looked_after, biased", sleepers_are_looked_after, NULL, NULL, NULL},
        cmocka_unit_test(children_take_no_memory),
        cmocka_unit_test(off_and_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
