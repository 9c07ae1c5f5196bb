/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The guard between processes and between threads: instructions past it and plain updates under it, on the same words,
 * lose nothing; and the guard of one who died is taken over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/rma/guard.h"

enum { RANKS = 4, ROUNDS = 3000, WORDS = 16 };

struct shared {
    struct guard_place places[RANKS];
    _Alignas(64) uint64_t words[WORDS];
    _Atomic int ready;
    pid_t pids[RANKS];
};
static struct shared *shared;

static bool everybody_lives(int rank)
{
    return true;
}

static struct guard guard_of(int me, bool fence)
{
    return (struct guard){.places = shared->places, .count = RANKS, .me = me, .fence = fence, .alive = everybody_lives};
}

/* Adds one to each word ROUNDS times: by instructions, and plainly under the guard where that is its turn. */
static void add_up(struct guard *g)
{
    unsigned seed = (unsigned)g->me + 1;
    for (int i = 0; i < ROUNDS; i++) {
        if (rand_r(&seed) % 8 != 0 && guard_enter(g, 1)) {
            for (int k = 0; k < WORDS; k++)
                __atomic_fetch_add(&shared->words[k], 1, __ATOMIC_RELAXED);
            guard_leave(g);
            continue;
        }
        guard_take(g, 1);
        guard_drain(g, 1);
        for (int k = 0; k < WORDS; k++)
            shared->words[k]++;
        guard_give(g, 1);
    }
}

static bool by_fence;

static void *thread(void *arg)
{
    struct guard g = guard_of((int)(intptr_t)arg, by_fence);
    add_up(&g);
    return NULL;
}

static void begin(bool fence, bool exclusive)
{
    *shared = (struct shared){0};
    by_fence = fence;
    shared->places[1].exclusive = exclusive;
}

static void check_sum(void)
{
    for (int k = 0; k < WORDS; k++)
        assert_int_equal(shared->words[k], RANKS * ROUNDS);
    for (int i = 0; i < RANKS; i++) {
        assert_int_equal(shared->places[i].holder, 0);
        assert_int_equal(shared->places[i].announced, 0);
    }
}

static void among_threads(bool fence, bool exclusive)
{
    pthread_t ids[RANKS];
    begin(fence, exclusive);
    for (intptr_t i = 0; i < RANKS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, thread, (void *)i), 0);
    for (int i = 0; i < RANKS; i++)
        pthread_join(ids[i], NULL);
    check_sum();
}

static void among_processes(bool fence, bool exclusive)
{
    begin(fence, exclusive);
    for (int i = 0; i < RANKS; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct guard g = guard_of(i, fence);
            if (!fence && syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) != 0)
                _exit(1);
            add_up(&g);
            _exit(0);
        }
    }
    for (int i = 0, status; i < RANKS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    check_sum();
}

static bool has_membarrier(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
}

static void test_threads(void **state)
{
    among_threads(true, false);
    among_threads(true, true);
    if (has_membarrier())
        among_threads(false, false);
}

static void test_processes(void **state)
{
    among_processes(true, false);
    among_processes(true, true);
    if (has_membarrier())
        among_processes(false, false);
}

static bool has_not_died(int rank)
{
    return rank == 0 || kill(shared->pids[rank], 0) == 0;
}

/* A rank that does something with the guard and ends. */
static void rank_that_ends(int rank, void act(struct guard *g))
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct guard g = guard_of(rank, true);
        act(&g);
        _exit(0);
    }
    shared->pids[rank] = pid;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void announce(struct guard *g)
{
    if (!guard_enter(g, 1))
        _exit(1);
}

static void take(struct guard *g)
{
    guard_take(g, 1);
}

/* One rank ends while it is announced, another one with the guard. */
static void test_death(void **state)
{
    begin(true, false);
    rank_that_ends(2, announce);
    rank_that_ends(1, take);
    assert_int_equal(shared->places[1].holder, 2);
    assert_int_equal(shared->places[2].announced, 2);
    struct guard g = guard_of(0, true);
    g.alive = has_not_died;
    guard_take(&g, 1);
    guard_drain(&g, 1);
    assert_int_equal(shared->places[1].holder & 0xff, 1);
    assert_int_equal(shared->places[2].announced, 0);
    guard_give(&g, 1);
    assert_int_equal(shared->places[1].holder, 0);
}

static int setup(void **state)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_death),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
