/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rough: messages and collectives of all with all, checked, on several communicators; what its argument says comes
 * before. Rank 0 prints "fine". */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A sanitizer's search for leaks does not find its own threads in another namespace. */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

enum { LONG = 1 << 20, COMMS = 6 };
static char out[LONG], in[LONG];
static int rank, size;

/* What is sent lies at the same place in all processes, where addresses are not random. */
static void ring(MPI_Comm comm, int n, int late)
{
    int left = (rank + size - 1) % size, right = (rank + 1) % size;
    MPI_Request r;
    memset(out, rank + 1, (size_t)n);
    memset(in, 0, (size_t)n);
    MPI_Isend(out, n, MPI_BYTE, right, 0, comm, &r);
    usleep((useconds_t)(late * (1 + rank % 2) * 100000)); /* one sleeps while the other one receives */
    MPI_Recv(in, n, MPI_BYTE, left, 0, comm, MPI_STATUS_IGNORE);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    for (int i = 0; i < n; i++)
        if (in[i] != left + 1)
            MPI_Abort(comm, 9);
}

static void sum(MPI_Comm comm, int n)
{
    memset(out, 1, (size_t)n);
    MPI_Allreduce(out, in, n, MPI_INT8_T, MPI_SUM, comm);
    for (int i = 0; i < n; i++)
        if (in[i] != size)
            MPI_Abort(comm, 9);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    MPI_Comm comms[COMMS];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (strcmp(what, "makes ready") == 0)
        fclose(fopen("ready", "w"));
    if (strcmp(what, "starts another") == 0 && system(argv[0]) != 0)
        MPI_Abort(MPI_COMM_WORLD, 8);
    if (strcmp(what, "aborts") == 0)
        MPI_Abort(MPI_COMM_WORLD, 7);
    if (strcmp(what, "closes files") == 0)
        for (int fd = 3; fd < 64; fd++)
            dup2(STDIN_FILENO, fd);
    for (int i = 0; i < COMMS; i++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comms[i]);
        for (int n = 1; n <= LONG; n *= 32)
            ring(comms[i], n, i == 0), sum(comms[i], n);
        sum(comms[i], LONG);
    }
    if (strcmp(what, "closes files") == 0) {
        sleep(rank == 0 ? 4 : 0); /* so long that others look whether it lives */
        sum(MPI_COMM_WORLD, 8);
    }
    for (int i = 0; i < COMMS; i++)
        MPI_Comm_free(&comms[i]);
    if (rank == 0)
        puts("fine");
    MPI_Finalize();
    return 0;
}
