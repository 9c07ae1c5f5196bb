/* SPDX-License-Identifier: BSD-3-Clause
 *
 * deadlock: programs that wait for ever, and some that only seem to. */
#include "scenario.h"
#include <unistd.h>

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static int b[2];
static const MPI_Comm world = MPI_COMM_WORLD;

static void ring(void)
{
    MPI_Recv(b, 1, MPI_INT, (rank + 1) % size, 5, world, MPI_STATUS_IGNORE);
}
static void tag(void)
{
    MPI_Send(b, 1, MPI_INT, (rank + 1) % size, 6, world);
    MPI_Recv(b, 1, MPI_INT, (rank + size - 1) % size, 5, world, MPI_STATUS_IGNORE);
}
static void mixed(void)
{
    if (rank == last)
        MPI_Recv(b, 1, MPI_INT, 0, 7, world, MPI_STATUS_IGNORE);
    else
        MPI_Allreduce(b, b + 1, 1, MPI_INT, MPI_SUM, world);
}
static void named(void)
{
    MPI_Comm halo;
    MPI_Request r;
    MPI_Comm_dup(world, &halo);
    MPI_Comm_set_name(halo, "halo");
    MPI_Irecv(b, 1, MPI_INT, (rank + 1) % size, 5, halo, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}
static void any(void)
{
    if (rank > 0)
        MPI_Recv(b, 1, MPI_INT, MPI_ANY_SOURCE, 7, world, MPI_STATUS_IGNORE);
}
/* Rank 0 is not in MPI until the test says so. */
static void computes(void)
{
    while (rank == 0 && access("go", F_OK) != 0)
        usleep(10000);
    MPI_Barrier(world);
}
static void tests(void)
{
    MPI_Request r;
    int flag = 0;
    MPI_Ibarrier(world, &r);
    while (rank == 0 && access("go", F_OK) != 0)
        MPI_Iprobe(1, 1, world, &flag, MPI_STATUS_IGNORE);
    if (rank == 0)
        MPI_Send(b, 1, MPI_INT, 1, 2, world);
    if (rank == 1)
        MPI_Recv(b, 1, MPI_INT, 0, 2, world, MPI_STATUS_IGNORE);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    MPI_Barrier(world);
}

static const struct scenario calls[] = {S(ring), S(tag), S(mixed), S(named), S(any), S(computes), S(tests)};

int main(int argc, char **argv)
{
    scenario_begin(&argc, &argv);
    scenario_run(calls, sizeof calls / sizeof *calls, argv[1]);
    MPI_Finalize();
    return 0;
}
