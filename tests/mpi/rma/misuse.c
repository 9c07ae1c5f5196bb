/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is wrong with a call on a window is told by the class of the error, through the window's handler; the window
 * can be used as before. */
#include "../check.h"

enum { INTS = 16 };
static MPI_Win win;
static int *mem, x;

static void outside_of_epochs(void)
{
    FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Get(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Accumulate(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock_all(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_flush(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_flush_all(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_complete(win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_wait(win));
}

static void epochs_in_epochs(void)
{
    OK(MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock_all(0, win));
    OK(MPI_Win_unlock(rank, win));
    OK(MPI_Win_lock_all(0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, win));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_lock_all(0, win));
    OK(MPI_Win_unlock_all(win));
}

static void arguments(void)
{
    FAILS(MPI_ERR_RANK, MPI_Win_lock(MPI_LOCK_SHARED, size, 0, win));
    FAILS(MPI_ERR_LOCKTYPE, MPI_Win_lock(12345, 0, 0, win));
    OK(MPI_Win_lock_all(0, win));
    FAILS(MPI_ERR_RANK, MPI_Put(&x, 1, MPI_INT, size, 0, 1, MPI_INT, win));
    FAILS(MPI_ERR_COUNT, MPI_Put(&x, -1, MPI_INT, 0, 0, 1, MPI_INT, win));
    FAILS(MPI_ERR_TYPE, MPI_Put(&x, 1, MPI_DATATYPE_NULL, 0, 0, 1, MPI_INT, win));
    FAILS(MPI_ERR_DISP, MPI_Put(&x, 1, MPI_INT, 0, -1, 1, MPI_INT, win));
    OK(MPI_Win_unlock_all(win));
}

static void places(void)
{
    OK(MPI_Win_lock_all(0, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(&x, 1, MPI_INT, 0, INTS, 1, MPI_INT, win));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Get(&x, 1, MPI_INT, size - 1, INTS, 1, MPI_INT, win));
    OK(MPI_Put(&x, 1, MPI_INT, rank, INTS - 1, 1, MPI_INT, win));
    OK(MPI_Win_unlock_all(win));
    CHECK(mem[INTS - 1] == x);
}

int main(int argc, char **argv)
{
    MPI_Win null = MPI_WIN_NULL;
    MPI_Errhandler eh;
    begin(&argc, &argv);
    FAILS(MPI_ERR_WIN, MPI_Win_fence(0, MPI_WIN_NULL));
    FAILS(MPI_ERR_WIN, MPI_Win_free(&null));
    FAILS(MPI_ERR_SIZE, MPI_Win_create(&x, -1, 1, MPI_INFO_NULL, MPI_COMM_SELF, &win));
    FAILS(MPI_ERR_DISP, MPI_Win_create(&x, 4, 0, MPI_INFO_NULL, MPI_COMM_SELF, &win));
    OK(MPI_Win_allocate(INTS * sizeof(int), sizeof(int), MPI_INFO_NULL, world, &mem, &win));
    OK(MPI_Win_get_errhandler(win, &eh));
    CHECK(eh == MPI_ERRORS_ARE_FATAL);
    OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
    x = 17 + rank;
    outside_of_epochs();
    epochs_in_epochs();
    arguments();
    OK(MPI_Barrier(world));
    places();
    OK(MPI_Barrier(world));
    OK(MPI_Win_free(&win));
    return end();
}
