/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpi_windows: windows of MPI, compiled for each MPI library: what rank 0 does to the memory of rank 1, who waits in a
 * barrier meanwhile; and fences of all ranks.
 *
 *     mpi_windows allocate|alloc_mem|create|fence|hand
 *
 * hand is the floor, by one rank: the same with loads and stores of its own in memory that could be shared.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include "measure.h"

enum { MOST = 4 * MIB };

static const struct patience brief = {0.002, 0.5};

static struct spot {
    MPI_Win win;
    char *own, *there; /* there: by hand */
    int bytes;
} spot;

static void put(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Put(s->own, s->bytes, MPI_BYTE, 1, 0, s->bytes, MPI_BYTE, s->win);
        MPI_Win_flush(1, s->win);
    }
}

/* Sixteen of 8 bytes, and one flush. */
static void puts16(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        for (int k = 0; k < 16; k++)
            MPI_Put(s->own + 8 * k, 8, MPI_BYTE, 1, 64 * k, 8, MPI_BYTE, s->win);
        MPI_Win_flush(1, s->win);
    }
}

static void get(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Get(s->own, s->bytes, MPI_BYTE, 1, 0, s->bytes, MPI_BYTE, s->win);
        MPI_Win_flush(1, s->win);
    }
}

static void fetch_and_op(void *arg, int times)
{
    const struct spot *s = arg;
    long one = 1, was;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Fetch_and_op(&one, &was, MPI_LONG, 1, 0, MPI_SUM, s->win);
        MPI_Win_flush(1, s->win);
    }
}

static void accumulate(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Accumulate(s->own, s->bytes / 8, MPI_DOUBLE, 1, 0, s->bytes / 8, MPI_DOUBLE, MPI_SUM, s->win);
        MPI_Win_flush(1, s->win);
    }
}

static void lock_unlock(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, s->win);
        MPI_Win_unlock(1, s->win);
    }
}

static void lock_put_unlock(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times && rank == 0; i++) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, s->win);
        MPI_Put(s->own, 8, MPI_BYTE, 1, 0, 8, MPI_BYTE, s->win);
        MPI_Win_unlock(1, s->win);
    }
}

static void fence(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times; i++)
        MPI_Win_fence(0, s->win);
}

static void barrier(void *arg, int times)
{
    for (int i = 0; i < times; i++)
        MPI_Barrier(MPI_COMM_WORLD);
}

/* ---- the same by hand: what a compiler may not leave out ---- */

#define SEEN(p) __asm__ volatile("" ::"r"(p) : "memory")

static void hand_put(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times; i++) {
        memcpy(s->there, s->own, (size_t)s->bytes);
        SEEN(s->there);
    }
}

static void hand_puts16(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times; i++)
        for (int k = 0; k < 16; k++) {
            memcpy(s->there + 64 * k, s->own + 8 * k, 8);
            SEEN(s->there);
        }
}

static void hand_get(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times; i++) {
        memcpy(s->own, s->there, (size_t)s->bytes);
        SEEN(s->own);
    }
}

static void hand_add(void *arg, int times)
{
    const struct spot *s = arg;
    for (int i = 0; i < times; i++)
        __atomic_fetch_add((long *)s->there, 1, __ATOMIC_SEQ_CST);
}

static void hand_accumulate(void *arg, int times)
{
    const struct spot *s = arg;
    double *to = (double *)s->there;
    const double *from = (const double *)s->own;
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < s->bytes / 8; k++)
            to[k] += from[k];
        SEEN(to);
    }
}

static const struct {
    const char *name;
    body *run, *hand;
    int bytes;
} held[] = {
    {"put+flush", put, hand_put, 8},
    {"16-puts+flush", puts16, hand_puts16, 8},
    {"get+flush", get, hand_get, 8},
    {"fetch_and_op+flush", fetch_and_op, hand_add, 8},
    {"put+flush", put, hand_put, 65536},
    {"put+flush", put, hand_put, MOST},
    {"accumulate+flush", accumulate, hand_accumulate, MIB},
};

static void measure_all(int by_hand)
{
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        spot.bytes = held[i].bytes;
        report(held[i].name, spot.bytes, measure_for(by_hand ? held[i].hand : held[i].run, &spot, brief) * 1e6);
    }
}

static void hand(void)
{
    char *both = mmap(NULL, 2 * (size_t)MOST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (both == MAP_FAILED)
        MPI_Abort(MPI_COMM_WORLD, 1);
    spot.there = both + MOST;
    memset(both, 0, 2 * (size_t)MOST);
    measure_all(1);
}

static void windows(int create, int alloc_mem)
{
    char *base;
    if (create) {
        if (alloc_mem)
            MPI_Alloc_mem(MOST, MPI_INFO_NULL, &base);
        else
            base = malloc(MOST);
        MPI_Win_create(base, MOST, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &spot.win);
    } else {
        MPI_Win_allocate(MOST, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &spot.win);
    }
    memset(base, 0, MOST);
    MPI_Barrier(MPI_COMM_WORLD);
    report("lock+unlock", 0, measure_for(lock_unlock, &spot, brief) * 1e6);
    report("lock+put+unlock", 8, measure_for(lock_put_unlock, &spot, brief) * 1e6);
    if (rank == 0)
        MPI_Win_lock_all(0, spot.win);
    measure_all(0);
    if (rank == 0)
        MPI_Win_unlock_all(spot.win);
    MPI_Win_free(&spot.win);
    if (alloc_mem)
        MPI_Free_mem(base);
    else if (create)
        free(base);
}

static void fences(void)
{
    char *base;
    MPI_Win_allocate(64, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &spot.win);
    report("fence", 0, measure_for(fence, &spot, brief) * 1e6);
    report("barrier", 0, measure_for(barrier, NULL, brief) * 1e6);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, spot.win);
    MPI_Win_free(&spot.win);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "allocate";
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    pin();
    spot.own = calloc(1, MOST);
    memset(spot.own, 0, MOST);
    if (strcmp(what, "hand") == 0)
        hand();
    else if (strcmp(what, "fence") == 0)
        fences();
    else
        windows(strcmp(what, "allocate") != 0, strcmp(what, "alloc_mem") == 0);
    free(spot.own);
    MPI_Finalize();
    return 0;
}
