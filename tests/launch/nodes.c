/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodes: ranks of several nodes, with one another and each node by itself. Each prints "fine". Usage: nodes NODES
 * STEP-TO-A-RANK-OF-ANOTHER-NODE [FILE: each has said its pid, and waits for that] */
#include <unistd.h>
#include "scenario.h"

static int step; /* to a rank of another node */

#define DONE(call) is((call) == MPI_SUCCESS, #call)

static void messages(void)
{
    int x = rank, y = -1, other = (rank + step) % size, from = (rank + size - step) % size;
    MPI_Status s;
    MPI_Request r;
    DONE(MPI_Isend(&x, 1, MPI_INT, other, 1, MPI_COMM_WORLD, &r));
    DONE(MPI_Probe(MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &s));
    IS(s.MPI_SOURCE == from);
    DONE(MPI_Recv(&y, 1, MPI_INT, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &s));
    IS(y == from && s.MPI_SOURCE == from);
    DONE(MPI_Wait(&r, MPI_STATUS_IGNORE));
    DONE(MPI_Sendrecv(&x, 1, MPI_INT, other, 2, &y, 1, MPI_INT, from, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    IS(y == from);
}

static void collectives(void)
{
    int x = rank, y[64], sum = size * (size - 1) / 2;
    MPI_Request r;
    MPI_Comm c, d;
    DONE(MPI_Barrier(MPI_COMM_WORLD));
    DONE(MPI_Bcast(&x, 1, MPI_INT, size - 1, MPI_COMM_WORLD));
    IS(x == size - 1);
    DONE(MPI_Allreduce(&rank, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    IS(x == sum);
    DONE(MPI_Allgather(&rank, 1, MPI_INT, y, 1, MPI_INT, MPI_COMM_WORLD));
    for (int i = 0; i < size; i++)
        IS(y[i] == i);
    DONE(MPI_Scan(&rank, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    IS(x == rank * (rank + 1) / 2);
    DONE(MPI_Ibarrier(MPI_COMM_WORLD, &r));
    DONE(MPI_Wait(&r, MPI_STATUS_IGNORE));
    DONE(MPI_Comm_dup(MPI_COMM_WORLD, &c));
    DONE(MPI_Comm_split(c, rank % 2, rank, &d));
    DONE(MPI_Allreduce(&rank, &x, 1, MPI_INT, MPI_MIN, d));
    IS(x == rank % 2);
    MPI_Comm_free(&c);
    MPI_Comm_free(&d);
}

static void elsewhere(void)
{
    messages();
    collectives();
}

/* All of a node's ranks, in reverse order of their ranks. */
static void here_works(MPI_Comm c, int expected)
{
    int n, me, sum, all[64], got = -1, first;
    MPI_Comm d;
    IS(MPI_Comm_size(c, &n) == MPI_SUCCESS && n == expected);
    MPI_Comm_rank(c, &me);
    IS(MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, c) == MPI_SUCCESS);
    for (int i = 1; i < n; i++)
        IS(all[i] < all[i - 1]);
    IS(MPI_Barrier(c) == MPI_SUCCESS);
    IS(MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, c) == MPI_SUCCESS && sum == n * (n - 1) / 2);
    IS(MPI_Sendrecv(&me, 1, MPI_INT, (me + 1) % n, 0, &got, 1, MPI_INT, MPI_ANY_SOURCE, 0, c, MPI_STATUS_IGNORE) ==
       MPI_SUCCESS);
    IS(got == (me + n - 1) % n);
    IS(MPI_Comm_dup(c, &d) == MPI_SUCCESS && MPI_Comm_split(d, me % 2, 0, &c) == MPI_SUCCESS);
    first = me;
    IS(MPI_Bcast(&first, 1, MPI_INT, 0, c) == MPI_SUCCESS && first == me % 2);
    MPI_Comm_free(&c);
    MPI_Comm_free(&d);
}

int main(int argc, char **argv)
{
    MPI_Comm here, some;
    int nodes = atoi(argv[1]);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    step = atoi(argv[2]);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    for (int told = 0; argc > 3 && access(argv[3], F_OK) != 0; told = 1) {
        if (!told)
            printf("pid %d\n", (int)getpid()), fflush(stdout);
        usleep(10000);
    }
    elsewhere();
    IS(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, -rank, MPI_INFO_NULL, &here) == MPI_SUCCESS);
    here_works(here, size / nodes);
    IS(MPI_Comm_split_type(MPI_COMM_WORLD, rank % 2 ? MPI_UNDEFINED : MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &some) ==
       MPI_SUCCESS);
    IS((some == MPI_COMM_NULL) == rank % 2);
    elsewhere();
    MPI_Comm_free(&here);
    if (some != MPI_COMM_NULL)
        MPI_Comm_free(&some);
    MPI_Finalize();
    puts("fine");
    return 0;
}
