/* SPDX-License-Identifier: BSD-3-Clause
 *
 * own: a program on our own library, for launchers of others. Prints "RANK of SIZE: HERE on this node" once the ranks
 * of its node have talked; then does what its argument says. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size, here, sum, x;
    const char *what = argc > 1 ? argv[1] : "";
    MPI_Comm node;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &here);
    x = 1;
    MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, node);
    if (sum != here)
        MPI_Abort(MPI_COMM_WORLD, 9);
    printf("%d of %d: %d on this node\n", rank, size, here);
    fflush(stdout);
    MPI_Barrier(node); /* all have said it before one of them ends the others */
    if (strcmp(what, "abort") == 0 && rank == size - 1)
        MPI_Abort(MPI_COMM_WORLD, 5);
    if (strncmp(what, "killed", 6) == 0 && rank == size - 1) {
        usleep(200000);
        raise(SIGKILL);
    }
    if (strstr(what, "recv"))
        MPI_Recv(&x, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (strstr(what, "allreduce"))
        MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (strstr(what, "abort") || strstr(what, "barrier"))
        MPI_Barrier(MPI_COMM_WORLD);
    MPI_Comm_free(&node);
    MPI_Finalize();
    return 0;
}
