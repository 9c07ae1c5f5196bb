/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: publishes, looks up and unpublishes through MPICH 5. */
#include <mpi.h>
#include <stdio.h>
#include <string.h>

/* The first rank opens and publishes a port, the second looks it up and connects. */
int main(int argc, char **argv)
{
    MPI_Comm self, other;
    char port[MPI_MAX_PORT_NAME];
    int rank, value = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_dup(MPI_COMM_SELF, &self);
    if (rank == 0) {
        MPI_Open_port(MPI_INFO_NULL, port);
        MPI_Publish_name("muster", MPI_INFO_NULL, port);
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Comm_accept(port, MPI_INFO_NULL, 0, self, &other);
        MPI_Recv(&value, 1, MPI_INT, 0, 7, other, MPI_STATUS_IGNORE);
        printf("accepted %d\n", value);
        MPI_Unpublish_name("muster", MPI_INFO_NULL, port);
        MPI_Close_port(port);
        MPI_Comm_disconnect(&other);
    } else if (rank == 1) {
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Lookup_name("muster", MPI_INFO_NULL, port);
        MPI_Comm_connect(port, MPI_INFO_NULL, 0, self, &other);
        value = 42;
        MPI_Send(&value, 1, MPI_INT, 0, 7, other);
        MPI_Comm_disconnect(&other);
    } else
        MPI_Barrier(MPI_COMM_WORLD);
    MPI_Comm_free(&self);
    MPI_Finalize();
    return 0;
}
