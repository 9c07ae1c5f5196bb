/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is under way between two ranks while one of them waits for the other: first they are not connected, then many
 * messages are not taken, then a long one is fetched from a rank that computes. Each goes on when a file is there. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MANY = 4096, SHORT = 8192, LONG = 16 << 20 };

static char *buffer;
static MPI_Request requests[MANY];

static void await(const char *file)
{
    while (access(file, F_OK) != 0)
        usleep(10000);
}

static void sender(void)
{
    int done;
    MPI_Ssend(buffer, 1, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
    for (int i = 0; i < MANY; i++)
        MPI_Isend(buffer, SHORT, MPI_CHAR, 1, 2, MPI_COMM_WORLD, &requests[i]);
    MPI_Waitall(MANY, requests, MPI_STATUSES_IGNORE);
    MPI_Isend(buffer, LONG, MPI_CHAR, 1, 3, MPI_COMM_WORLD, requests);
    MPI_Test(requests, &done, MPI_STATUS_IGNORE);
    await("fetched");
    MPI_Wait(requests, MPI_STATUS_IGNORE);
}

static void receiver(void)
{
    await("connected");
    MPI_Recv(buffer, 1, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    await("taken");
    for (int i = 0; i < MANY; i++)
        MPI_Recv(buffer, SHORT, MPI_CHAR, 0, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Recv(buffer, LONG, MPI_CHAR, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

int main(int argc, char **argv)
{
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    buffer = calloc(1, LONG);
    if (rank == 0)
        sender();
    else
        receiver();
    free(buffer);
    MPI_Finalize();
    return 0;
}
