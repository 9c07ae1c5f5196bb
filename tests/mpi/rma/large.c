/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Windows of more than 4 GiB, of which few pages are used; and types of a million blocks and more on both sides. */
#include <stdint.h>
#include <sys/mman.h>
#include "../check.h"

static const MPI_Aint GIB = 1 << 30;
enum { BLOCKS = 1500000 };

static void at_the_end(MPI_Win win, char *base, MPI_Aint bytes)
{
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    long out[3] = {rank, rank + 1000, 5}, in[3] = {0, 0, 0}, was = -1;
    MPI_Aint last = bytes / 8 - 3, places[] = {0, ((MPI_Aint)1 << 29) - 1, last};
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < 3; i++) /* the second lies across 4 GiB */
        OK(MPI_Put(out, 3, MPI_LONG, next, places[i], 3, MPI_LONG, win));
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < 3; i++) {
        memcpy(in, base + 8 * places[i], sizeof in);
        CHECK(in[0] == before && in[1] == before + 1000 && in[2] == 5);
    }
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < 3; i++) {
        OK(MPI_Accumulate(out, 3, MPI_LONG, next, places[i], 3, MPI_LONG, MPI_SUM, win));
        OK(MPI_Fetch_and_op(&out[2], &was, MPI_LONG, next, places[i] + 2, MPI_NO_OP, win));
    }
    OK(MPI_Win_fence(0, win));
    OK(MPI_Get(in, 3, MPI_LONG, next, last, 3, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(out, 3, MPI_LONG, next, last + 1, 3, MPI_LONG, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(out, 3, MPI_LONG, next, INT64_MAX / 8, 3, MPI_LONG, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    CHECK(in[0] == 2 * rank && in[1] == 2 * rank + 2000 && in[2] == 10 && was == 10);
}

/* The long way through a type: two ends of 5 GiB at once. */
static void far_apart(MPI_Win win, char *base, MPI_Aint bytes)
{
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    long out[2] = {rank + 7, rank + 8}, in[2];
    MPI_Datatype ends;
    OK(MPI_Type_create_hvector(2, 1, bytes - 8, MPI_LONG, &ends));
    OK(MPI_Type_commit(&ends));
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(out, 2, MPI_LONG, next, 0, 1, ends, win));
    OK(MPI_Win_fence(0, win));
    memcpy(&in[0], base, 8);
    memcpy(&in[1], base + bytes - 8, 8);
    CHECK(in[0] == before + 7 && in[1] == before + 8);
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    OK(MPI_Type_free(&ends));
}

/* The first two ranks alone: nothing of what others do is longer. */
static void long_windows(void)
{
    char *base;
    MPI_Win win;
    MPI_Aint bytes = 5 * GIB;
    int rc = MPI_Win_allocate(bytes, 8, MPI_INFO_NULL, world, &base, &win);
    if (rc != MPI_SUCCESS) {
        FAILS(MPI_ERR_NO_MEM, rc);
        if (rank == 0)
            printf("a window of 5 GiB is not tried: there is no such memory for %d ranks\n", size);
        return;
    }
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    at_the_end(win, base, bytes);
    far_apart(win, base, bytes);
    OK(MPI_Win_free(&win));
    base = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int got = base != MAP_FAILED, all;
    OK(MPI_Allreduce(&got, &all, 1, MPI_INT, MPI_MIN, world));
    if (all) {
        OK(MPI_Win_create(base, bytes, 8, MPI_INFO_NULL, world, &win));
        OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
        at_the_end(win, base, bytes);
        far_apart(win, base, bytes);
        OK(MPI_Win_free(&win));
    } else if (rank == 0) {
        printf("a created window of 5 GiB is not tried: there is no such memory for %d ranks\n", size);
    }
    if (got)
        munmap(base, (size_t)bytes);
}

/* Every other int there, and every third one here. */
static void many_blocks(void)
{
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    int *base, *own = malloc(3 * (size_t)BLOCKS * sizeof *own);
    MPI_Datatype there, here;
    MPI_Win win;
    OK(MPI_Type_vector(BLOCKS, 1, 2, MPI_INT, &there));
    int *places = malloc(BLOCKS * sizeof *places);
    for (int i = 0; i < BLOCKS; i++)
        places[i] = 3 * i;
    OK(MPI_Type_create_indexed_block(BLOCKS, 1, places, MPI_INT, &here));
    OK(MPI_Type_commit(&there));
    OK(MPI_Type_commit(&here));
    free(places);
    for (int i = 0; i < 3 * BLOCKS; i++)
        own[i] = i % 3 == 0 ? i / 3 + rank : -7;
    OK(MPI_Win_allocate(2 * (MPI_Aint)BLOCKS * 4, 4, MPI_INFO_NULL, world, &base, &win));
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    for (int i = 0; i < 2 * BLOCKS; i++)
        base[i] = -1;
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(own, 1, here, next, 0, 1, there, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(own, 1, here, next, 2, 1, there, win));
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < BLOCKS; i++)
        CHECK(base[2 * i] == i + before && base[2 * i + 1] == -1);
    OK(MPI_Win_fence(0, win));
    OK(MPI_Accumulate(own, 1, here, next, 0, 1, there, MPI_SUM, win));
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < 3 * BLOCKS; i++)
        own[i] = -7;
    OK(MPI_Get(own, 1, here, next, 0, 1, there, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    for (int i = 0; i < BLOCKS; i++)
        CHECK(own[3 * i] == 2 * (i + rank) && own[3 * i + 1] == -7 && base[2 * i + 1] == -1);
    OK(MPI_Win_free(&win));
    OK(MPI_Type_free(&there));
    OK(MPI_Type_free(&here));
    free(own);
}

/* The same where the target's memory is its own: blocks of two, since each asks the kernel for itself. */
static void many_blocks_created(void)
{
    enum { FEW = BLOCKS / 10 };
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    int *base = calloc(2 * FEW, sizeof *base), *own = malloc(FEW * sizeof *own);
    MPI_Datatype there;
    MPI_Win win;
    OK(MPI_Type_vector(FEW / 2, 2, 4, MPI_INT, &there));
    OK(MPI_Type_commit(&there));
    for (int i = 0; i < FEW; i++)
        own[i] = i + rank;
    OK(MPI_Win_create(base, 2 * FEW * sizeof *base, 4, MPI_INFO_NULL, world, &win));
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(own, FEW, MPI_INT, next, 0, 1, there, win));
    OK(MPI_Win_fence(0, win));
    OK(MPI_Accumulate(own, FEW, MPI_INT, next, 0, 1, there, MPI_SUM, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    for (int i = 0; i < 2 * FEW; i++)
        CHECK(base[i] == (i % 4 < 2 ? 2 * (i / 4 * 2 + i % 4 + before) : 0));
    OK(MPI_Win_free(&win));
    OK(MPI_Type_free(&there));
    free(base), free(own);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    long_windows();
    many_blocks();
    many_blocks_created();
    return end();
}
