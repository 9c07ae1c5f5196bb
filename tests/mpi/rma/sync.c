/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each way to synchronise with each flavour of windows: every rank puts to its right, gets from its left, and adds to
 * rank 0; ranks count their windows in units of different sizes. */
#include "../check.h"

enum flavour { CREATE, ALLOCATE, SHARED, DYNAMIC, FLAVOURS };
enum { INTS = 64, AT_PUT = 0, AT_GET = 1, AT_SUM = 2 };
static MPI_Win win;
static int *mem;
static MPI_Aint *places; /* of a dynamic window, by rank */

/* Rank r counts in so many bytes; one unit for dynamic windows. */
static int unit_of(enum flavour f, int r)
{
    return f == DYNAMIC ? 1 : r % 3 == 0 ? 1 : r % 3 == 1 ? 2 : 4;
}

static MPI_Aint place(enum flavour f, int r, int word)
{
    MPI_Aint bytes = word * (MPI_Aint)sizeof(int);
    return f == DYNAMIC ? MPI_Aint_add(places[r], bytes) : bytes / unit_of(f, r);
}

static void window_make(enum flavour f)
{
    MPI_Aint bytes = INTS * sizeof(int), at;
    int unit = unit_of(f, rank);
    if (f == ALLOCATE)
        OK(MPI_Win_allocate(bytes, unit, MPI_INFO_NULL, world, &mem, &win));
    else if (f == SHARED)
        OK(MPI_Win_allocate_shared(bytes, unit, MPI_INFO_NULL, world, &mem, &win));
    else
        mem = malloc((size_t)bytes);
    if (f == CREATE)
        OK(MPI_Win_create(mem, bytes, unit, MPI_INFO_NULL, world, &win));
    if (f == DYNAMIC) {
        OK(MPI_Win_create_dynamic(MPI_INFO_NULL, world, &win));
        OK(MPI_Win_attach(win, mem, bytes));
    }
    OK(MPI_Get_address(mem, &at));
    OK(MPI_Allgather(&at, 1, MPI_AINT, places, 1, MPI_AINT, world));
}

static void no_shared(void)
{
    FAILS(MPI_ERR_RMA_SHARED, MPI_Win_allocate_shared(sizeof(int), 1, MPI_INFO_NULL, world, &mem, &win));
}

static void window_free(enum flavour f)
{
    if (f == DYNAMIC)
        OK(MPI_Win_detach(win, mem));
    OK(MPI_Win_free(&win));
    if (f == CREATE || f == DYNAMIC)
        free(mem);
}

static int right(void)
{
    return (rank + 1) % size;
}
static int left(void)
{
    return (rank + size - 1) % size;
}

static int value[3]; /* to put, got, to add */

static void operate(enum flavour f, int target)
{
    if (target == right())
        OK(MPI_Put(&value[0], 1, MPI_INT, target, place(f, target, AT_PUT), 1, MPI_INT, win));
    if (target == left())
        OK(MPI_Get(&value[1], 1, MPI_INT, target, place(f, target, AT_GET), 1, MPI_INT, win));
    if (target == 0)
        OK(MPI_Accumulate(&value[2], 1, MPI_INT, target, place(f, target, AT_SUM), 1, MPI_INT, MPI_SUM, win));
}

static void operate_all(enum flavour f)
{
    for (int t = 0; t < size; t++)
        operate(f, t);
}

static void fence(enum flavour f)
{
    OK(MPI_Win_fence(MPI_MODE_NOPRECEDE, win));
    operate_all(f);
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
}

static void group(enum flavour f)
{
    MPI_Group all;
    OK(MPI_Win_get_group(win, &all));
    OK(MPI_Win_post(all, 0, win));
    OK(MPI_Win_start(all, 0, win));
    operate_all(f);
    OK(MPI_Win_complete(win));
    OK(MPI_Win_wait(win));
    OK(MPI_Group_free(&all));
}

/* Only neighbours, and rank 0, take part. */
static void group_some(enum flavour f)
{
    MPI_Group all, to, from;
    int targets[3], *origins = malloc((size_t)size * sizeof *origins), n = 0, m = 0;
    for (int t = 0; t < size; t++)
        if (t == right() || t == left() || t == 0)
            targets[n++] = t;
    for (int o = 0; o < size; o++)
        if (rank == 0 || o == right() || o == left())
            origins[m++] = o;
    OK(MPI_Win_get_group(win, &all));
    OK(MPI_Group_incl(all, n, targets, &to));
    OK(MPI_Group_incl(all, m, origins, &from));
    free(origins);
    OK(MPI_Win_post(from, 0, win));
    OK(MPI_Win_start(to, 0, win));
    operate_all(f);
    OK(MPI_Win_complete(win));
    int done = 0;
    while (!done)
        OK(MPI_Win_test(win, &done));
    OK(MPI_Group_free(&all));
    OK(MPI_Group_free(&to));
    OK(MPI_Group_free(&from));
}

static void lock_each(enum flavour f)
{
    for (int t = 0; t < size; t++) {
        OK(MPI_Win_lock(rank % 2 ? MPI_LOCK_SHARED : MPI_LOCK_EXCLUSIVE, t, 0, win));
        operate(f, t);
        OK(MPI_Win_unlock(t, win));
    }
}

static void lock_all(enum flavour f)
{
    OK(MPI_Win_lock_all(0, win));
    operate_all(f);
    OK(MPI_Win_flush(right(), win));
    OK(MPI_Win_flush_local_all(win));
    OK(MPI_Win_flush_all(win));
    OK(MPI_Win_unlock_all(win));
}

static void requests(enum flavour f)
{
    MPI_Request r[3];
    OK(MPI_Win_lock_all(0, win));
    OK(MPI_Rput(&value[0], 1, MPI_INT, right(), place(f, right(), AT_PUT), 1, MPI_INT, win, &r[0]));
    OK(MPI_Rget(&value[1], 1, MPI_INT, left(), place(f, left(), AT_GET), 1, MPI_INT, win, &r[1]));
    OK(MPI_Raccumulate(&value[2], 1, MPI_INT, 0, place(f, 0, AT_SUM), 1, MPI_INT, MPI_SUM, win, &r[2]));
    OK(MPI_Waitall(3, r, MPI_STATUSES_IGNORE));
    CHECK(value[1] == 1000 + left());
    OK(MPI_Win_unlock_all(win));
}

/* To nobody, and of nothing: allowed anywhere in an epoch. */
static void nothing(enum flavour f)
{
    int x = 5;
    OK(MPI_Win_lock_all(0, win));
    OK(MPI_Put(&x, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win));
    OK(MPI_Get(&x, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win));
    OK(MPI_Put(&x, 0, MPI_INT, right(), place(f, right(), AT_PUT), 0, MPI_INT, win));
    OK(MPI_Accumulate(&x, 0, MPI_INT, right(), place(f, right(), AT_PUT), 0, MPI_INT, MPI_SUM, win));
    OK(MPI_Win_unlock_all(win));
    CHECK(x == 5);
}

static void check(int way)
{
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
    CHECK(mem[AT_PUT] == 10 * way + left());
    CHECK(value[1] == 1000 + left());
    CHECK(rank != 0 || mem[AT_SUM] == size * (size + 1) / 2);
    CHECK(mem[AT_GET] == 1000 + rank && mem[INTS - 1] == -1);
    OK(MPI_Win_unlock(rank, win));
}

int main(int argc, char **argv)
{
    static void (*const ways[])(enum flavour) = {fence, group, group_some, lock_each, lock_all, requests};
    begin(&argc, &argv);
    places = malloc((size_t)size * sizeof *places);
    for (enum flavour f = CREATE; f < FLAVOURS; f++) {
        if (f == SHARED && !on_one_node()) {
            no_shared();
            continue;
        }
        window_make(f);
        for (int w = 0; w < (int)(sizeof ways / sizeof *ways); w++) {
            OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, win));
            memset(mem, 0xff, INTS * sizeof(int));
            mem[AT_SUM] = 0;
            mem[AT_GET] = 1000 + rank;
            OK(MPI_Win_unlock(rank, win));
            value[0] = 10 * w + rank, value[1] = -1, value[2] = rank + 1;
            OK(MPI_Barrier(world));
            ways[w](f);
            check(w);
            nothing(f);
            OK(MPI_Barrier(world));
        }
        window_free(f);
    }
    free(places);
    return end();
}
