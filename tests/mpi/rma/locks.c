/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Locks that all ranks want. Under an exclusive lock, get, add and put is one step; under shared ones, readers see no
 * half of what a writer has written; one who holds all locks shared keeps writers out, and none waits for ever. */
#include "../check.h"

enum { TIMES = 60, WORDS = 64 };
static long *mem;
static MPI_Win win;

static void count_up(int target)
{
    long value;
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, win));
    OK(MPI_Get(&value, 1, MPI_LONG, target, 0, 1, MPI_LONG, win));
    OK(MPI_Win_flush(target, win));
    value++;
    OK(MPI_Put(&value, 1, MPI_LONG, target, 0, 1, MPI_LONG, win));
    OK(MPI_Win_unlock(target, win));
}

/* All words of the block are one number, whenever nobody writes. */
static void block_write(int target, long number)
{
    long block[WORDS];
    for (int i = 0; i < WORDS; i++)
        block[i] = number;
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, win));
    for (int i = 0; i < WORDS; i++)
        OK(MPI_Put(&block[i], 1, MPI_LONG, target, 1 + i, 1, MPI_LONG, win));
    OK(MPI_Win_unlock(target, win));
}

static void block_read(int target, bool by_all)
{
    long block[WORDS];
    if (by_all)
        OK(MPI_Win_lock_all(0, win));
    else
        OK(MPI_Win_lock(MPI_LOCK_SHARED, target, 0, win));
    OK(MPI_Get(block, WORDS, MPI_LONG, target, 1, WORDS, MPI_LONG, win));
    if (by_all)
        OK(MPI_Win_unlock_all(win));
    else
        OK(MPI_Win_unlock(target, win));
    for (int i = 1; i < WORDS; i++)
        CHECK(block[i] == block[0]);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    unsigned seed = 7u + (unsigned)rank;
    OK(MPI_Win_allocate((1 + WORDS) * sizeof(long), sizeof(long), MPI_INFO_NULL, world, &mem, &win));
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, win));
    memset(mem, 0, (1 + WORDS) * sizeof(long));
    OK(MPI_Win_unlock(rank, win));
    OK(MPI_Barrier(world));
    for (int i = 0; i < TIMES; i++) {
        count_up(0);
        count_up((int)(draw(&seed) % (unsigned)size));
        if (draw(&seed) % 3 == 0)
            block_write((int)(draw(&seed) % (unsigned)size), rank * TIMES + i);
        block_read((int)(draw(&seed) % (unsigned)size), draw(&seed) % 2);
    }
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
    long own = mem[0], sum = 0;
    OK(MPI_Win_unlock(rank, win));
    CHECK(rank != 0 || own >= (long)TIMES * size);
    OK(MPI_Allreduce(&own, &sum, 1, MPI_LONG, MPI_SUM, world));
    CHECK(sum == 2L * TIMES * size);
    OK(MPI_Win_free(&win));
    return end();
}
