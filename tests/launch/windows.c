/* SPDX-License-Identifier: BSD-3-Clause
 *
 *     windows [MiB [fatal]]
 *
 * Windows of so much: allocated, each rank puts to the next one and adds to rank 0; rank 0 says that it was fine, or
 * that there was no memory, or another error. Then windows of little. fatal: errors end the job. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int rank, size;

static int used(long bytes)
{
    long *base, sum = 1, n = bytes / 8, mine = 100 + rank, zero = 0;
    MPI_Win win;
    int class, rc = MPI_Win_allocate(bytes, 8, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    if (rc != MPI_SUCCESS) {
        MPI_Error_class(rc, &class);
        if (rank == 0)
            puts(class == MPI_ERR_NO_MEM ? "no memory" : "error");
        return 0;
    }
    for (long i = 0; i < n; i += 512)
        base[i] = i;
    base[0] = base[n - 1] = 0;
    MPI_Win_fence(0, win);
    MPI_Put(&mine, 1, MPI_LONG, (rank + 1) % size, n - 1, 1, MPI_LONG, win);
    MPI_Accumulate(&sum, 1, MPI_LONG, 0, 0, 1, MPI_LONG, MPI_SUM, win);
    MPI_Win_fence(0, win);
    MPI_Fetch_and_op(&zero, &sum, MPI_LONG, 0, 0, MPI_NO_OP, win);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, win);
    int ok = base[n - 1] == 100 + (rank + size - 1) % size && sum == size, all;
    MPI_Allreduce(&ok, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Win_free(&win);
    if (rank == 0)
        puts(all ? "fine" : "wrong");
    return all;
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    if (argc <= 2)
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    used(argc > 1 ? atol(argv[1]) << 20 : 1 << 20);
    int ok = used(4096);
    MPI_Finalize();
    return !ok;
}
