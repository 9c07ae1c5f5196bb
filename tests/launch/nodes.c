/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodes: on nodes that cannot send to one another yet, what needs another node is an error, and what does not works.
 * Each rank prints "fine"; "fatal" instead does one thing wrong with the default error handler. Usage: nodes NODES
 * STEP-TO-A-RANK-OF-ANOTHER-NODE [fatal] */
#include "scenario.h"

static int step; /* to a rank of another node */

#define FAR(call) is(class_of(call) == MPI_ERR_UNSUPPORTED_OPERATION, #call)

static void elsewhere(void)
{
    int x = 0, y[64], flag, other = (rank + step) % size;
    MPI_Message m;
    MPI_Request r;
    MPI_Comm c;
    FAR(MPI_Send(&x, 1, MPI_INT, other, 0, MPI_COMM_WORLD));
    FAR(MPI_Recv(&x, 1, MPI_INT, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    FAR(MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    FAR(MPI_Probe(other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    FAR(MPI_Probe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    FAR(MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
    FAR(MPI_Mprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &m, MPI_STATUS_IGNORE));
    int rc = MPI_Irecv(&x, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &r);
    FAR(rc == MPI_SUCCESS ? MPI_Wait(&r, MPI_STATUS_IGNORE) : rc);
    FAR(MPI_Barrier(MPI_COMM_WORLD));
    FAR(MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD));
    FAR(MPI_Reduce(&rank, &x, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD));
    FAR(MPI_Allreduce(&rank, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    FAR(MPI_Allgather(&rank, 1, MPI_INT, y, 1, MPI_INT, MPI_COMM_WORLD));
    FAR(MPI_Alltoall(y, 1, MPI_INT, y + 32, 1, MPI_INT, MPI_COMM_WORLD));
    FAR(MPI_Scan(&rank, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    rc = MPI_Ibarrier(MPI_COMM_WORLD, &r);
    FAR(rc == MPI_SUCCESS ? MPI_Wait(&r, MPI_STATUS_IGNORE) : rc);
    FAR(MPI_Comm_dup(MPI_COMM_WORLD, &c));
    FAR(MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &c));
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
    if (argc > 3)
        MPI_Barrier(MPI_COMM_WORLD);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
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
