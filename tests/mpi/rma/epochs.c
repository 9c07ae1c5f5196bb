/* SPDX-License-Identifier: BSD-3-Clause
 *
 * epochs: windows of every flavor, every synchronization, what each of them lets through, and what is said of misuse.
 */
#include "../check.h"

enum { N = 100 };

/* Each puts its number to its right neighbour, and gets what the left one has of it. */
static void ring(MPI_Win w, const int *mine, MPI_Aint far)
{
    int right = (rank + 1) % size, left = (rank + size - 1) % size, mark = 1000 + rank, got = -1;
    OK(MPI_Win_fence(0, w));
    OK(MPI_Put(&mark, 1, MPI_INT, right, far + 1, 1, MPI_INT, w));
    OK(MPI_Win_fence(0, w));
    CHECK(mine[1] == 1000 + left);
    OK(MPI_Get(&got, 1, MPI_INT, left, far + 1, 1, MPI_INT, w));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, w));
    CHECK(got == 1000 + (left + size - 1) % size);
}

/* Every other element of N, put as a vector, and got back in a row. */
static void vectors(MPI_Win w)
{
    MPI_Datatype every;
    int out[N], in[N / 2], to = size - 1;
    for (int i = 0; i < N; i++)
        out[i] = i + 1;
    memset(in, 0, sizeof in);
    OK(MPI_Type_vector(N / 2, 1, 2, MPI_INT, &every));
    OK(MPI_Type_commit(&every));
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, to, 0, w));
    OK(MPI_Put(out, 1, every, to, 0, 1, every, w));
    OK(MPI_Win_flush(to, w));
    OK(MPI_Get(in, N / 2, MPI_INT, to, 0, 1, every, w));
    OK(MPI_Win_unlock(to, w));
    for (int i = 0; i < N / 2; i++)
        CHECK(in[i] == 2 * i + 1);
    OK(MPI_Type_free(&every));
}

/* A number that all add to, under an exclusive lock: none is lost. */
static void turns(MPI_Win w)
{
    enum { TURNS = 50 };
    int n = 0;
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, w));
    if (rank == 0)
        OK(MPI_Put(&n, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
    OK(MPI_Win_unlock(0, w));
    OK(MPI_Barrier(world));
    for (int i = 0; i < TURNS; i++) {
        OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, w));
        OK(MPI_Get(&n, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
        OK(MPI_Win_flush(0, w));
        n++;
        OK(MPI_Put(&n, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
        OK(MPI_Win_unlock(0, w));
        OK(MPI_Win_lock_all(0, w)); /* and nobody writes while all may read */
        int one = 0, two = 0;
        OK(MPI_Get(&one, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
        OK(MPI_Win_flush_all(w));
        OK(MPI_Get(&two, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
        OK(MPI_Win_unlock_all(w));
        CHECK(one == two && one >= n);
    }
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, w));
    OK(MPI_Get(&n, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
    OK(MPI_Win_unlock(0, w));
    CHECK(n == TURNS * size);
    OK(MPI_Barrier(world));
}

/* All add at once, with and without a look at what was there: nothing is lost. */
static void sums(MPI_Win w)
{
    enum { TURNS = 50 };
    int one[N], was, n[2] = {0, 0}, seen[2];
    for (int i = 0; i < N; i++)
        one[i] = 1;
    OK(MPI_Win_lock_all(0, w));
    if (rank == 0)
        for (int i = 0; i < N; i++)
            OK(MPI_Put(n, 1, MPI_INT, 0, i, 1, MPI_INT, w));
    OK(MPI_Win_flush_all(w));
    OK(MPI_Barrier(world));
    for (int i = 0; i < TURNS; i++) {
        OK(MPI_Accumulate(one, N, MPI_INT, 0, 0, N, MPI_INT, MPI_SUM, w));
        OK(MPI_Fetch_and_op(one, &was, MPI_INT, 0, 0, MPI_SUM, w));
        OK(MPI_Win_flush_local(0, w));
        CHECK(was >= 2 * i + 1);
        OK(MPI_Get_accumulate(one, 2, MPI_INT, seen, 2, MPI_INT, 0, 0, 2, MPI_INT, MPI_SUM, w));
        OK(MPI_Win_flush_local_all(w));
        CHECK(seen[0] > was && seen[1] >= 2 * i + 1);
        for (int old = 0, next, got;; old = got) {
            next = old + 1;
            OK(MPI_Compare_and_swap(&next, &old, &got, MPI_INT, 0, 1, w));
            OK(MPI_Win_flush(0, w));
            if (got == old)
                break;
        }
    }
    OK(MPI_Win_flush_all(w));
    OK(MPI_Barrier(world));
    OK(MPI_Get_accumulate(NULL, 0, MPI_DATATYPE_NULL, n, 2, MPI_INT, 0, 0, 2, MPI_INT, MPI_NO_OP, w));
    OK(MPI_Win_unlock_all(w));
    CHECK(n[0] == 3 * TURNS * size && n[1] == 3 * TURNS * size);
    OK(MPI_Barrier(world));
}

/* Rank 0 is written to by all others, several times. */
static void posted(MPI_Win w, const int *mine)
{
    MPI_Group all, first, others;
    int zero = 0, flag = 0;
    OK(MPI_Win_get_group(w, &all));
    OK(MPI_Group_incl(all, 1, &zero, &first));
    OK(MPI_Group_excl(all, 1, &zero, &others));
    for (int i = 0; i < 20; i++) {
        int value = 100 * i + rank;
        if (rank == 0) {
            OK(MPI_Win_post(others, 0, w));
            FAILS(MPI_ERR_RMA_SYNC, MPI_Win_post(others, 0, w));
            for (flag = 0; i % 2 && !flag;)
                OK(MPI_Win_test(w, &flag));
            if (!flag)
                OK(MPI_Win_wait(w));
            for (int r = 1; r < size; r++)
                CHECK(mine[r] == 100 * i + r);
        } else {
            OK(MPI_Win_start(first, 0, w));
            OK(MPI_Put(&value, 1, MPI_INT, 0, rank, 1, MPI_INT, w));
            if (size > 2)
                FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&value, 1, MPI_INT, rank == 1 ? 2 : 1, 0, 1, MPI_INT, w));
            OK(MPI_Win_complete(w));
        }
    }
    OK(MPI_Group_free(&all));
    OK(MPI_Group_free(&first));
    OK(MPI_Group_free(&others));
}

static void misuse(MPI_Win w)
{
    int n = 0;
    FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&n, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock_all(w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_flush(0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_complete(w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_wait(w));
    FAILS(MPI_ERR_LOCKTYPE, MPI_Win_lock(77, 0, 0, w));
    FAILS(MPI_ERR_ASSERT, MPI_Win_lock(MPI_LOCK_SHARED, 0, MPI_MODE_NOSTORE, w));
    FAILS(MPI_ERR_RANK, MPI_Win_lock(MPI_LOCK_SHARED, size, 0, w));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock_all(0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_fence(0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_free(&w));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Get(&n, 1, MPI_INT, 0, N, 1, MPI_INT, w));
    FAILS(MPI_ERR_DISP, MPI_Get(&n, 1, MPI_INT, 0, -1, 1, MPI_INT, w));
    OK(MPI_Get(&n, 1, MPI_INT, MPI_PROC_NULL, N, 1, MPI_INT, w));
    OK(MPI_Get(&n, 0, MPI_INT, 0, N, 0, MPI_INT, w));
    OK(MPI_Win_unlock(0, w));
    OK(MPI_Barrier(world));
}

static void attributes(MPI_Win w, int *base, int flavor)
{
    void *v;
    int flag;
    OK(MPI_Win_get_attr(w, MPI_WIN_BASE, &v, &flag));
    CHECK(flag && v == base);
    OK(MPI_Win_get_attr(w, MPI_WIN_SIZE, &v, &flag));
    CHECK(flag && *(MPI_Aint *)v == (MPI_Aint)(N * sizeof(int)));
    OK(MPI_Win_get_attr(w, MPI_WIN_DISP_UNIT, &v, &flag));
    CHECK(flag && *(int *)v == (int)sizeof(int));
    OK(MPI_Win_get_attr(w, MPI_WIN_CREATE_FLAVOR, &v, &flag));
    CHECK(flag && *(int *)v == flavor);
    OK(MPI_Win_get_attr(w, MPI_WIN_MODEL, &v, &flag));
    CHECK(flag && *(int *)v == MPI_WIN_UNIFIED);
    FAILS(MPI_ERR_KEYVAL, MPI_Win_set_attr(w, MPI_WIN_BASE, base));
}

static void whole(MPI_Win w, int *base, int flavor)
{
    OK(MPI_Win_set_errhandler(w, MPI_ERRORS_RETURN));
    attributes(w, base, flavor);
    memset(base, 0, N * sizeof *base);
    ring(w, base, 0);
    vectors(w);
    turns(w);
    sums(w);
    posted(w, base);
    misuse(w);
    OK(MPI_Win_free(&w));
    CHECK(w == MPI_WIN_NULL);
}

static void neighbours(void)
{
    MPI_Win w;
    int *base, *theirs;
    MPI_Aint bytes;
    int unit, right = (rank + 1) % size;
    if (!on_one_node()) {
        FAILS(MPI_ERR_RMA_SHARED, MPI_Win_allocate_shared(4, 4, MPI_INFO_NULL, world, &base, &w));
        return;
    }
    OK(MPI_Win_allocate_shared(N * sizeof *base, sizeof *base, MPI_INFO_NULL, world, &base, &w));
    base[N - 1] = rank;
    OK(MPI_Win_fence(0, w));
    OK(MPI_Win_shared_query(w, right, &bytes, &unit, &theirs));
    CHECK(bytes == N * (MPI_Aint)sizeof *base && unit == (int)sizeof *base && theirs[N - 1] == right);
    OK(MPI_Win_shared_query(w, MPI_PROC_NULL, &bytes, &unit, &theirs));
    CHECK(theirs[N * rank + N - 1] == rank); /* one after the other */
    OK(MPI_Win_fence(0, w));
    whole(w, base, MPI_WIN_FLAVOR_SHARED);
}

/* Where memory is not reached directly, it is the target that knows what is attached: its answer comes with the fence.
 */
static void not_attached(MPI_Win w, int to, MPI_Aint at)
{
    int value = 0, put = MPI_Put(&value, 1, MPI_INT, to, at, 1, MPI_INT, w),
        fence = MPI_Win_fence(MPI_MODE_NOSUCCEED, w);
    if (put == MPI_SUCCESS)
        FAILS(MPI_ERR_RMA_RANGE, fence);
    else
        FAILS(MPI_ERR_RMA_RANGE, put);
    CHECK(put == MPI_SUCCESS || fence == MPI_SUCCESS);
}

static void dynamic(void)
{
    MPI_Win w;
    int here[N] = {0}, value = rank, right = (rank + 1) % size;
    MPI_Aint at, theirs;
    OK(MPI_Win_create_dynamic(MPI_INFO_NULL, world, &w));
    OK(MPI_Win_set_errhandler(w, MPI_ERRORS_RETURN));
    OK(MPI_Win_attach(w, here, sizeof here));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_attach(w, here + 1, 4));
    OK(MPI_Get_address(&here[7], &at));
    OK(MPI_Sendrecv(&at, 1, MPI_AINT, (rank + size - 1) % size, 0, &theirs, 1, MPI_AINT, right, 0, world,
                    MPI_STATUS_IGNORE));
    OK(MPI_Win_fence(0, w));
    OK(MPI_Put(&value, 1, MPI_INT, right, theirs, 1, MPI_INT, w));
    not_attached(w, right, theirs + (MPI_Aint)sizeof here);
    CHECK(here[7] == (rank + size - 1) % size);
    OK(MPI_Win_detach(w, here));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_detach(w, here));
    OK(MPI_Win_free(&w));
}

/* Memory on one rank alone, with a unit of its own. */
static void uneven(void)
{
    MPI_Win w;
    char *base;
    int seen = -1, value = 5;
    OK(MPI_Win_allocate(rank == 0 ? 8 * N : 0, rank == 0 ? 8 : 1, MPI_INFO_NULL, world, &base, &w));
    OK(MPI_Win_set_errhandler(w, MPI_ERRORS_RETURN));
    OK(MPI_Win_lock_all(0, w));
    if (rank == size - 1)
        OK(MPI_Put(&value, 1, MPI_INT, 0, N - 1, 1, MPI_INT, w));
    OK(MPI_Win_unlock_all(w));
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, 0, MPI_MODE_NOCHECK, w));
    OK(MPI_Get(&seen, 1, MPI_INT, 0, N - 1, 1, MPI_INT, w));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Get(&seen, 1, MPI_INT, 0, N, 1, MPI_INT, w));
    OK(MPI_Win_unlock(0, w));
    CHECK(seen == 5);
    OK(MPI_Win_free(&w));
}

int main(int argc, char **argv)
{
    MPI_Win w;
    int own[N], *base;
    begin(&argc, &argv);
    OK(MPI_Win_create(own, sizeof own, sizeof *own, MPI_INFO_NULL, world, &w));
    whole(w, own, MPI_WIN_FLAVOR_CREATE);
    OK(MPI_Win_allocate(N * sizeof *base, sizeof *base, MPI_INFO_NULL, world, &base, &w));
    whole(w, base, MPI_WIN_FLAVOR_ALLOCATE);
    neighbours();
    dynamic();
    uneven();
    return end();
}
