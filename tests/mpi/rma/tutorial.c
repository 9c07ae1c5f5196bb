/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What tutorials begin with: memory at rank 0 alone, the other ranks bring none. Each puts its number there under a
 * lock; after a barrier each reads them all under a lock. */
#include "../check.h"

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    int *mem = NULL;
    MPI_Win win;
    MPI_Aint bytes = rank == 0 ? size * (MPI_Aint)sizeof(int) : 0;
    OK(MPI_Win_allocate(bytes, sizeof(int), MPI_INFO_NULL, world, &mem, &win));
    if (rank == 0) {
        OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
        memset(mem, 0, (size_t)bytes);
        OK(MPI_Win_unlock(0, win));
    }
    OK(MPI_Barrier(world));
    int mine = 100 + rank, *all = calloc((size_t)size, sizeof *all);
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
    OK(MPI_Put(&mine, 1, MPI_INT, 0, rank, 1, MPI_INT, win));
    OK(MPI_Win_unlock(0, win));
    OK(MPI_Barrier(world));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
    OK(MPI_Get(all, size, MPI_INT, 0, 0, size, MPI_INT, win));
    OK(MPI_Win_unlock(0, win));
    for (int r = 0; r < size; r++)
        CHECK(all[r] == 100 + r);
    free(all);
    OK(MPI_Win_free(&win));
    CHECK(win == MPI_WIN_NULL);
    return end();
}
