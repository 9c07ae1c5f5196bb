/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Corners of windows: nothing to move, nobody to move it to, memory that is named by MPI_BOTTOM, and memory that was
 * attached piece by piece. */
#include "../check.h"

static MPI_Win make(MPI_Aint bytes, void *base)
{
    MPI_Win win;
    OK(MPI_Win_allocate(bytes, sizeof(int), MPI_INFO_NULL, world, base, &win));
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    return win;
}

/* An epoch like others, in which requests may begin; and all operations. */
static void nobody(void)
{
    int *base, one = 1, was = -1;
    MPI_Win win = make(sizeof(int), &base);
    MPI_Request r[4];
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(MPI_PROC_NULL, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Rput(&one, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win, &r[0]));
    for (int type = 0; type < 2; type++) {
        OK(MPI_Win_lock(type ? MPI_LOCK_SHARED : MPI_LOCK_EXCLUSIVE, MPI_PROC_NULL, 0, win));
        FAILS(MPI_ERR_RMA_SYNC, MPI_Win_fence(0, win));
        OK(MPI_Put(&one, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win));
        OK(MPI_Fetch_and_op(&one, &was, MPI_INT, MPI_PROC_NULL, 0, MPI_SUM, win));
        OK(MPI_Compare_and_swap(&one, &one, &was, MPI_INT, MPI_PROC_NULL, 0, win));
        OK(MPI_Rput(&one, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win, &r[0]));
        OK(MPI_Rget(&was, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win, &r[1]));
        OK(MPI_Raccumulate(&one, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, MPI_SUM, win, &r[2]));
        OK(MPI_Rget_accumulate(&one, 1, MPI_INT, &was, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, MPI_SUM, win, &r[3]));
        OK(MPI_Waitall(4, r, MPI_STATUSES_IGNORE));
        OK(MPI_Win_flush(MPI_PROC_NULL, win));
        OK(MPI_Win_flush_all(win));
        OK(MPI_Win_unlock(MPI_PROC_NULL, win));
    }
    CHECK(was == -1);
    OK(MPI_Win_fence(0, win));
    OK(MPI_Win_free(&win));
}

/* Types of nothing, and of different things as far as nothing is moved. */
static void nothing(void)
{
    int *base, buf[2] = {5, 6};
    MPI_Win win = make(rank == 0 ? 0 : sizeof(int), &base);
    MPI_Datatype empty;
    OK(MPI_Type_contiguous(0, MPI_INT, &empty));
    OK(MPI_Type_commit(&empty));
    MPI_Datatype types[] = {empty, MPI_INT, MPI_DOUBLE};
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < 27; i++) {
        MPI_Datatype a = types[i % 3], b = types[i / 3 % 3], c = types[i / 9];
        int na = a == empty ? 2 : 0, nb = b == empty ? 1 : 0, nc = c == empty ? 3 : 0;
        for (int target = 0; target < size; target++) {
            OK(MPI_Put(NULL, na, a, target, 1, nc, c, win));
            OK(MPI_Get(NULL, na, a, target, 1, nc, c, win));
            OK(MPI_Accumulate(NULL, na, a, target, 1, nc, c, MPI_SUM, win));
            OK(MPI_Get_accumulate(NULL, na, a, NULL, nb, b, target, 1, nc, c, MPI_SUM, win));
        }
    }
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(buf, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    CHECK(buf[0] == 5 && buf[1] == 6);
    OK(MPI_Type_free(&empty));
    OK(MPI_Win_free(&win));
}

/* What a rank without memory says of itself, and others of it. */
static void no_part(void)
{
    int *base, *found;
    MPI_Aint bytes;
    int unit, mine = rank % 2 == 0 ? 4 : 0;
    MPI_Win win;
    MPI_Info info;
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "alloc_shared_noncontig", "true"));
    OK(MPI_Win_allocate_shared(mine, 1 + rank, info, world, &base, &win));
    for (int r = 0; r < size; r++) {
        OK(MPI_Win_shared_query(win, r, &bytes, &unit, &found));
        CHECK(bytes == (r % 2 == 0 ? 4 : 0) && unit == 1 + r && (found != NULL) == (r % 2 == 0));
    }
    OK(MPI_Win_shared_query(win, MPI_PROC_NULL, &bytes, &unit, &found));
    CHECK(bytes == 4 && unit == 1 && found);
    OK(MPI_Info_free(&info));
    OK(MPI_Win_free(&win));
}

/* The origin's memory by addresses, in a type of two pieces. */
static void bottom(void)
{
    int *base, next = (rank + 1) % size, before = (rank + size - 1) % size;
    int first = 10 + rank, second = 20 + rank, got[2] = {0, 0};
    MPI_Win win = make(4 * sizeof(int), &base);
    MPI_Aint at[2], in[2];
    MPI_Datatype from, into;
    OK(MPI_Get_address(&first, &at[0]));
    OK(MPI_Get_address(&second, &at[1]));
    OK(MPI_Get_address(&got[1], &in[0]));
    OK(MPI_Get_address(&got[0], &in[1]));
    OK(MPI_Type_create_hindexed_block(2, 1, at, MPI_INT, &from));
    OK(MPI_Type_create_hindexed_block(2, 1, in, MPI_INT, &into));
    OK(MPI_Type_commit(&from));
    OK(MPI_Type_commit(&into));
    memset(base, 0, 4 * sizeof(int));
    OK(MPI_Win_fence(0, win));
    OK(MPI_Put(MPI_BOTTOM, 1, from, next, 0, 2, MPI_INT, win));
    OK(MPI_Accumulate(MPI_BOTTOM, 1, from, next, 2, 2, MPI_INT, MPI_SUM, win));
    OK(MPI_Win_fence(0, win));
    for (int i = 0; i < 4; i += 2)
        CHECK(base[i] == 10 + before && base[i + 1] == 20 + before);
    OK(MPI_Get(MPI_BOTTOM, 1, into, next, 0, 2, MPI_INT, win));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
    CHECK(got[1] == 10 + rank && got[0] == 20 + rank);
    OK(MPI_Type_free(&from));
    OK(MPI_Type_free(&into));
    OK(MPI_Win_free(&win));
}

/* Where memory is not reached directly its owner knows what is attached, and his answer comes with a flush. */
static void not_attached(MPI_Win win, int to, MPI_Aint at, int n)
{
    int *zeros = calloc((size_t)n, sizeof *zeros), put = MPI_Put(zeros, n, MPI_INT, to, at, n, MPI_INT, win);
    int flush = MPI_Win_flush(to, win);
    FAILS(MPI_ERR_RMA_RANGE, put == MPI_SUCCESS ? flush : put);
    CHECK(put == MPI_SUCCESS || flush == MPI_SUCCESS);
    free(zeros);
}

/* Pieces that touch are one as far as they reach, in whatever order they came. */
static void piece_by_piece(void)
{
    enum { N = 3000 };
    int *mem = calloc(3 * N, sizeof *mem), *out = malloc(3 * N * sizeof *out), next = (rank + 1) % size;
    MPI_Aint mine, *all = malloc((size_t)size * sizeof *all);
    MPI_Win win;
    OK(MPI_Win_create_dynamic(MPI_INFO_NULL, world, &win));
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    OK(MPI_Win_attach(win, mem + 2 * N, N * sizeof *mem));
    OK(MPI_Win_attach(win, mem, N * sizeof *mem));
    OK(MPI_Win_attach(win, mem + N, N * sizeof *mem));
    FAILS(MPI_ERR_RMA_ATTACH, MPI_Win_attach(win, mem + N / 2, N * sizeof *mem));
    OK(MPI_Get_address(mem, &mine));
    OK(MPI_Allgather(&mine, 1, MPI_AINT, all, 1, MPI_AINT, world));
    for (int i = 0; i < 3 * N; i++)
        out[i] = 1000 * rank + i;
    OK(MPI_Win_lock_all(0, win));
    OK(MPI_Accumulate(out, 3 * N, MPI_INT, next, all[next], 3 * N, MPI_INT, MPI_SUM, win));
    not_attached(win, next, all[next] + 4, 3 * N);
    OK(MPI_Win_unlock_all(win));
    OK(MPI_Barrier(world));
    for (int i = 0; i < 3 * N; i++)
        CHECK(mem[i] == 1000 * ((rank + size - 1) % size) + i);
    OK(MPI_Win_detach(win, mem + N));
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, next, 0, win));
    not_attached(win, next, all[next], 2 * N);
    OK(MPI_Put(out, N, MPI_INT, next, all[next], N, MPI_INT, win));
    OK(MPI_Win_unlock(next, win));
    OK(MPI_Win_free(&win));
    free(mem), free(out), free(all);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    nobody();
    nothing();
    if (on_one_node())
        no_part();
    bottom();
    piece_by_piece();
    return end();
}
