/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Long puts and gets of one run, as they go between nodes straight from memory to memory, in each kind of epoch, beside
 * short ones and accumulates, which go by messages. */
#include <stdint.h>
#include "../check.h"

enum { WORDS = 1 << 18, PART = WORDS / 4, MANY = 200, MANY_WORDS = 8192 };

static long *base, *own;
static int next, before;

static long word(int by, int what, long i)
{
    return ((long)by << 40) + ((long)what << 32) + i;
}

static void fill(long *p, int what, long n)
{
    for (long i = 0; i < n; i++)
        p[i] = word(rank, what, i);
}

static bool has(const long *p, int by, int what, long n)
{
    for (long i = 0; i < n; i++)
        if (p[i] != word(by, what, i))
            return false;
    return true;
}

/* In parts that do not begin or end on lines, all under way at once; then all of it comes back. */
static void fences(MPI_Win win)
{
    enum { PARTS = 7 };
    fill(own, 1, WORDS);
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < PARTS; i++) {
        long from = (long)i * WORDS / PARTS, to = (long)(i + 1) * WORDS / PARTS;
        OK(MPI_Put(own + from, (int)(to - from), MPI_LONG, next, from, (int)(to - from), MPI_LONG, win));
    }
    OK(MPI_Win_fence(0, win));
    CHECK(has(base, before, 1, WORDS));
    memset(own, 0, WORDS * sizeof *own);
    OK(MPI_Get(own, WORDS, MPI_LONG, next, 0, WORDS, MPI_LONG, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    CHECK(has(own, rank, 1, WORDS));
}

/* A put is there when the flush returns, so that the accumulate behind it adds to it. */
static void flushes(MPI_Win win)
{
    long one = 1, was = 0;
    fill(own, 2, WORDS);
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, next, 0, win));
    OK(MPI_Put(own, WORDS, MPI_LONG, next, 0, WORDS, MPI_LONG, win));
    OK(MPI_Win_flush_local(next, win));
    memset(own, 0, WORDS * sizeof *own);
    OK(MPI_Win_flush(next, win));
    OK(MPI_Fetch_and_op(&one, &was, MPI_LONG, next, WORDS - 1, MPI_SUM, win));
    OK(MPI_Win_flush(next, win));
    CHECK(was == word(rank, 2, WORDS - 1));
    OK(MPI_Put(&was, 1, MPI_LONG, next, WORDS - 1, 1, MPI_LONG, win));
    OK(MPI_Win_flush(next, win));
    OK(MPI_Get(own, WORDS, MPI_LONG, next, 0, WORDS, MPI_LONG, win));
    OK(MPI_Win_flush_local(next, win));
    CHECK(has(own, rank, 2, WORDS));
    OK(MPI_Win_unlock(next, win));
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
    CHECK(has(base, before, 2, WORDS));
    OK(MPI_Win_unlock(rank, win));
    OK(MPI_Barrier(world));
}

/* Every unlock hands all of it to who locks next: a lost word is a lost update. */
static void updates(MPI_Win win)
{
    enum { TIMES = 5 };
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, win));
    memset(base, 0, PART * sizeof *base);
    OK(MPI_Win_unlock(rank, win));
    OK(MPI_Barrier(world));
    for (int i = 0; i < TIMES; i++) {
        OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
        OK(MPI_Get(own, PART, MPI_LONG, 0, 0, PART, MPI_LONG, win));
        OK(MPI_Win_flush(0, win));
        for (int k = 0; k < PART; k++)
            own[k] += k + 1;
        OK(MPI_Put(own, PART, MPI_LONG, 0, 0, PART, MPI_LONG, win));
        OK(MPI_Win_unlock(0, win));
    }
    OK(MPI_Barrier(world));
    if (rank == 0) {
        OK(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
        for (int k = 0; k < PART; k++)
            CHECK(base[k] == (long)(k + 1) * size * TIMES);
        OK(MPI_Win_unlock(0, win));
    }
    OK(MPI_Barrier(world));
}

static void posts(MPI_Win win)
{
    MPI_Group all, to, from;
    OK(MPI_Comm_group(world, &all));
    OK(MPI_Group_incl(all, 1, &next, &to));
    OK(MPI_Group_incl(all, 1, &before, &from));
    fill(own, 3, WORDS);
    OK(MPI_Win_post(from, 0, win));
    OK(MPI_Win_start(to, 0, win));
    OK(MPI_Put(own, WORDS, MPI_LONG, next, 0, WORDS, MPI_LONG, win));
    OK(MPI_Win_complete(win));
    OK(MPI_Win_wait(win));
    CHECK(has(base, before, 3, WORDS));
    OK(MPI_Group_free(&all));
    OK(MPI_Group_free(&to));
    OK(MPI_Group_free(&from));
    OK(MPI_Barrier(world));
}

/* To and from everybody, with requests, which tell when the memory here is free. */
static void requests(MPI_Win win)
{
    int n = WORDS / size;
    MPI_Request *r = malloc((size_t)size * sizeof *r);
    fill(own, 4, WORDS);
    OK(MPI_Win_lock_all(0, win));
    for (int i = 0; i < size; i++)
        OK(MPI_Rput(own + (long)i * n, n, MPI_LONG, i, (long)rank * n, n, MPI_LONG, win, &r[i]));
    OK(MPI_Waitall(size, r, MPI_STATUSES_IGNORE));
    memset(own, 0, WORDS * sizeof *own);
    OK(MPI_Win_flush_all(win));
    OK(MPI_Barrier(world));
    for (int i = 0; i < size; i++)
        OK(MPI_Rget(own + (long)i * n, n, MPI_LONG, i, (long)rank * n, n, MPI_LONG, win, &r[i]));
    for (int i = 0; i < size; i++) {
        OK(MPI_Wait(&r[i], MPI_STATUS_IGNORE));
        CHECK(r[i] == MPI_REQUEST_NULL);
        for (int k = 0; k < n; k++)
            CHECK(own[(long)i * n + k] == word(rank, 4, (long)i * n + k));
    }
    OK(MPI_Win_unlock_all(win));
    OK(MPI_Barrier(world));
    free(r);
}

/* More than may be under way at once, and short ones between. */
static void many(MPI_Win win)
{
    enum { PLACES = WORDS / MANY_WORDS - 1 };
    fill(own, 5, WORDS);
    OK(MPI_Win_lock_all(0, win));
    for (int i = 0; i < MANY; i++) {
        long at = (long)(i % PLACES) * MANY_WORDS;
        OK(MPI_Put(own + at, MANY_WORDS, MPI_LONG, next, at, MANY_WORDS, MPI_LONG, win));
        OK(MPI_Put(own + WORDS - 1 - i, 1, MPI_LONG, next, WORDS - 1 - i, 1, MPI_LONG, win));
    }
    OK(MPI_Win_flush_all(win));
    memset(own, 0, WORDS * sizeof *own);
    for (int i = 0; i < MANY; i++) {
        long at = (long)(i % PLACES) * MANY_WORDS;
        OK(MPI_Get(own + at, MANY_WORDS, MPI_LONG, next, at, MANY_WORDS, MPI_LONG, win));
        OK(MPI_Get(own + WORDS - 1 - i, 1, MPI_LONG, next, WORDS - 1 - i, 1, MPI_LONG, win));
    }
    OK(MPI_Win_unlock_all(win));
    CHECK(has(own, rank, 5, (long)PLACES * MANY_WORDS));
    for (int i = 0; i < MANY; i++)
        CHECK(own[WORDS - 1 - i] == word(rank, 5, WORDS - 1 - i));
    OK(MPI_Barrier(world));
}

/* Runs that begin behind where the buffer, or the displacement, is; and what is one run on one side alone. */
static void types(MPI_Win win)
{
    enum { SKIP = 5, BLOCK = 8192, BLOCKS = 4 };
    MPI_Aint places[] = {SKIP * sizeof(long)};
    MPI_Datatype late, strided;
    OK(MPI_Type_create_hindexed_block(1, PART, places, MPI_LONG, &late));
    OK(MPI_Type_vector(BLOCKS, BLOCK, 2 * BLOCK, MPI_LONG, &strided));
    OK(MPI_Type_commit(&late));
    OK(MPI_Type_commit(&strided));
    fill(own, 6, WORDS);
    OK(MPI_Win_fence(0, win));
    memset(base, 0, WORDS * sizeof *base);
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(own, 1, late, next, 2, 1, late, win));
    OK(MPI_Put(own, 1, strided, next, PART + 2 * SKIP, BLOCKS * BLOCK, MPI_LONG, win));
    OK(MPI_Put(own, BLOCKS * BLOCK, MPI_LONG, next, 2 * PART, 1, strided, win));
    OK(MPI_Win_fence(0, win));
    for (long i = 0; i < PART; i++)
        CHECK(base[2 + SKIP + i] == word(before, 6, SKIP + i));
    CHECK(base[1 + SKIP] == 0 && base[2 + SKIP + PART] == 0);
    for (long i = 0; i < BLOCKS * BLOCK; i++) {
        CHECK(base[PART + 2 * SKIP + i] == word(before, 6, i / BLOCK * 2 * BLOCK + i % BLOCK));
        CHECK(base[2 * PART + i / BLOCK * 2 * BLOCK + i % BLOCK] == word(before, 6, i));
    }
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    OK(MPI_Type_free(&late));
    OK(MPI_Type_free(&strided));
}

static void wrong(MPI_Win win)
{
    OK(MPI_Win_fence(0, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(own, WORDS, MPI_LONG, next, 1, WORDS, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Get(own, PART, MPI_LONG, next, WORDS - PART + 1, PART, MPI_LONG, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
}

static void all(MPI_Win win)
{
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    fences(win);
    flushes(win);
    updates(win);
    posts(win);
    requests(win);
    many(win);
    types(win);
    wrong(win);
    OK(MPI_Win_free(&win));
}

/* Where the memory is attached, by its address. */
static void dynamic(void)
{
    long *mine = malloc(WORDS * sizeof *mine);
    MPI_Aint here, there;
    MPI_Win win;
    OK(MPI_Win_create_dynamic(MPI_INFO_NULL, world, &win));
    OK(MPI_Win_attach(win, mine, WORDS * sizeof *mine));
    OK(MPI_Get_address(mine, &here));
    OK(MPI_Sendrecv(&here, 1, MPI_AINT, before, 0, &there, 1, MPI_AINT, next, 0, world, MPI_STATUS_IGNORE));
    fill(own, 7, WORDS);
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(own, WORDS, MPI_LONG, next, there, WORDS, MPI_LONG, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    CHECK(has(mine, before, 7, WORDS));
    OK(MPI_Win_detach(win, mine));
    OK(MPI_Win_free(&win));
    free(mine);
}

int main(int argc, char **argv)
{
    MPI_Win win;
    begin(&argc, &argv);
    next = (rank + 1) % size;
    before = (rank + size - 1) % size;
    own = malloc(WORDS * sizeof *own);
    OK(MPI_Win_allocate(WORDS * sizeof *base, sizeof *base, MPI_INFO_NULL, world, &base, &win));
    all(win);
    base = malloc(WORDS * sizeof *base);
    OK(MPI_Win_create(base, WORDS * sizeof *base, sizeof *base, MPI_INFO_NULL, world, &win));
    all(win);
    free(base);
    dynamic();
    free(own);
    return end();
}
