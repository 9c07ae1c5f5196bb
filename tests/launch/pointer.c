/* SPDX-License-Identifier: BSD-3-Clause
 *
 *     pointer FILE
 *
 * Each rank writes ten bytes by the shared pointer, one by one; rank 0 says where that is then. */
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank;
    MPI_File f;
    MPI_Offset at;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_ARE_FATAL);
    MPI_File_open(MPI_COMM_WORLD, argv[1], MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &f);
    for (int i = 0; i < 10; i++)
        MPI_File_write_shared(f, "x", 1, MPI_BYTE, MPI_STATUS_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_File_get_position_shared(f, &at);
    if (rank == 0)
        printf("%lld\n", (long long)at);
    MPI_File_close(&f);
    MPI_Finalize();
    return 0;
}
