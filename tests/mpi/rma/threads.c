/* SPDX-License-Identifier: BSD-3-Clause
 *
 *     threads [allocate | create]
 *
 * Several threads of each rank at one window: operations on the same elements are each whole, whoever else is at them;
 * and each thread has a lock of a target of its own, or of the same one in windows of their own. */
#include <pthread.h>
#include <stdint.h>
#include "../check.h"

enum { THREADS = 4, ROUNDS = 60, LONG = 700, SLOTS = 4 };

static bool create;
static MPI_Win common, own[THREADS];
static int64_t *mem, *mems[THREADS];

/* Of a rank's memory: counters that all add to, a row that all add to, and a row of each thread of each rank. */
enum { SUM_AT, SWAP_AT, MAX_AT, BYTE_AT, ROW_AT = SLOTS, OWN_AT = ROW_AT + LONG };

static MPI_Win window(MPI_Aint elements, int64_t **base)
{
    MPI_Win win;
    MPI_Aint bytes = elements * (MPI_Aint)sizeof **base;
    if (create) {
        *base = calloc((size_t)elements, sizeof **base);
        OK(MPI_Win_create(*base, bytes, sizeof **base, MPI_INFO_NULL, world, &win));
    } else {
        OK(MPI_Win_allocate(bytes, sizeof **base, MPI_INFO_NULL, world, base, &win));
        memset(*base, 0, (size_t)bytes);
    }
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    OK(MPI_Barrier(world));
    return win;
}

static void window_free(MPI_Win *win, int64_t *base)
{
    OK(MPI_Win_free(win));
    if (create)
        free(base);
}

/* Adds one by swapping, as often as it takes. */
static void add_by_swaps(int target)
{
    int64_t was, seen = 0, next;
    do {
        was = seen;
        next = was + 1;
        OK(MPI_Compare_and_swap(&next, &was, &seen, MPI_INT64_T, target, SWAP_AT, common));
        OK(MPI_Win_flush(target, common));
    } while (seen != was);
}

static void *at_once(void *arg)
{
    int me = (int)(intptr_t)arg, number = rank * THREADS + me;
    int64_t *row = malloc(LONG * sizeof *row), *got = malloc(LONG * sizeof *got), one = 1, was, big;
    unsigned char bit = (unsigned char)(1 << me), old;
    for (int i = 0; i < LONG; i++)
        row[i] = i + 1;
    for (int k = 0; k < ROUNDS; k++) {
        int target = (number + k) % size;
        OK(MPI_Fetch_and_op(&one, &was, MPI_INT64_T, target, SUM_AT, MPI_SUM, common));
        add_by_swaps(target);
        big = 1000 * k + number;
        OK(MPI_Accumulate(&big, 1, MPI_INT64_T, target, MAX_AT, 1, MPI_INT64_T, MPI_MAX, common));
        OK(MPI_Fetch_and_op(&bit, &old, MPI_UNSIGNED_CHAR, target, BYTE_AT, MPI_BOR, common));
        OK(MPI_Accumulate(row, LONG, MPI_INT64_T, target, ROW_AT, LONG, MPI_INT64_T, MPI_SUM, common));
        OK(MPI_Put(row, 1 + k, MPI_INT64_T, target, OWN_AT + number * ROUNDS, 1 + k, MPI_INT64_T, common));
        OK(MPI_Get(got, 1 + k, MPI_INT64_T, target, OWN_AT + number * ROUNDS, 1 + k, MPI_INT64_T, common));
        OK(MPI_Win_flush(target, common));
        CHECK(memcmp(row, got, (size_t)(1 + k) * sizeof *row) == 0);
        /* Of a row that others add to at once each element is some sum of whole ones. */
        OK(MPI_Get_accumulate(NULL, 0, MPI_INT64_T, got, LONG, MPI_INT64_T, target, ROW_AT, LONG, MPI_INT64_T,
                              MPI_NO_OP, common));
        OK(MPI_Win_flush(target, common));
        for (int i = 0; i < LONG; i++)
            CHECK(got[i] > 0 && got[i] % (i + 1) == 0);
    }
    free(row), free(got);
    return NULL;
}

static void *exclusive(void *arg)
{
    int me = (int)(intptr_t)arg;
    for (int k = 0; k < ROUNDS; k++) {
        int64_t value, mine = 0;
        for (int same = 0; same < 2;
             same++) { /* a target of the thread's own, if there is one; then rank 0, in its own window */
            MPI_Win win = same ? own[me] : common;
            int target = same ? 0 : me;
            if (target >= size)
                continue;
            OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, win));
            OK(MPI_Get(&value, 1, MPI_INT64_T, target, SUM_AT, 1, MPI_INT64_T, win));
            OK(MPI_Win_flush(target, win));
            mine = value + 1;
            OK(MPI_Put(&mine, 1, MPI_INT64_T, target, SUM_AT, 1, MPI_INT64_T, win));
            OK(MPI_Win_unlock(target, win));
        }
    }
    return NULL;
}

static void all_threads(void *(*run)(void *))
{
    pthread_t t[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&t[i], NULL, run, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(t[i], NULL) == 0);
    OK(MPI_Barrier(world));
}

/* How many operations came here: thread number n was at rank (n + k) % size in its k-th round. */
static int64_t expected(int64_t *greatest)
{
    int64_t n = 0;
    *greatest = 0;
    for (int number = 0; number < size * THREADS; number++)
        for (int k = 0; k < ROUNDS; k++)
            if ((number + k) % size == rank) {
                n++;
                *greatest = 1000 * k + number > *greatest ? 1000 * k + number : *greatest;
            }
    return n;
}

static void test_at_once(void)
{
    int64_t greatest, n = expected(&greatest);
    common = window(OWN_AT + size * THREADS * ROUNDS, &mem);
    OK(MPI_Win_lock_all(0, common));
    all_threads(at_once);
    OK(MPI_Win_unlock_all(common));
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, common)); /* or its owner may not look */
    CHECK(mem[SUM_AT] == n && mem[SWAP_AT] == n && mem[MAX_AT] == greatest);
    CHECK(((unsigned char *)&mem[BYTE_AT])[0] == (1 << THREADS) - 1);
    for (int i = 0; i < LONG; i++)
        CHECK(mem[ROW_AT + i] == n * (i + 1));
    OK(MPI_Win_unlock(rank, common));
    window_free(&common, mem);
}

static void test_exclusive(void)
{
    common = window(1, &mem);
    for (int i = 0; i < THREADS; i++)
        own[i] = window(1, &mems[i]);
    all_threads(exclusive);
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, common));
    CHECK(mem[SUM_AT] == (rank < THREADS ? ROUNDS * size : 0));
    OK(MPI_Win_unlock(rank, common));
    for (int i = 0; i < THREADS; i++) {
        CHECK(mems[i][SUM_AT] == (rank == 0 ? ROUNDS * size : 0));
        window_free(&own[i], mems[i]);
    }
    window_free(&common, mem);
}

int main(int argc, char **argv)
{
    int level;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level));
    CHECK(level == MPI_THREAD_MULTIPLE);
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &world));
    OK(MPI_Comm_rank(world, &rank));
    OK(MPI_Comm_size(world, &size));
    create = argc > 1 && strcmp(argv[1], "create") == 0;
    test_at_once();
    test_exclusive();
    return end();
}
