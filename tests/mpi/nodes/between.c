/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Nodes cannot share memory yet. What needs another node fails at once and says so; what stays on a node works, and
 * goes on working after that. */
#include "../check.h"

#define ALL MPI_COMM_WORLD
#define REFUSED(call) FAILS(MPI_ERR_UNSUPPORTED_OPERATION, call)
/* What returns before it is done may say so then, or when it is waited for. */
#define REFUSED_LATER(call) (r = MPI_REQUEST_NULL, flag = (call), started(flag, &r))

static void started(int rc, MPI_Request *r)
{
    REFUSED(rc != MPI_SUCCESS ? rc : MPI_Wait(r, MPI_STATUS_IGNORE));
    CHECK(*r == MPI_REQUEST_NULL);
}

int main(int argc, char **argv)
{
    int me, all, x = 1, y, flag, sum;
    MPI_Request r;
    MPI_Comm c;
    MPI_Group g;
    begin(&argc, &argv);
    OK(MPI_Comm_size(ALL, &all));
    OK(MPI_Comm_rank(ALL, &me));
    CHECK(all == 4 * size && me / size * size + rank == me); /* blocks of ranks on four nodes */
    int far = (me + size) % all, near = me / size * size + (rank + 1) % size;
    double t = MPI_Wtime();
    REFUSED(MPI_Send(&x, 1, MPI_INT, far, 0, ALL));
    REFUSED_LATER(MPI_Isend(&x, 1, MPI_INT, far, 0, ALL, &r));
    REFUSED(MPI_Ssend(&x, 1, MPI_INT, far, 0, ALL));
    REFUSED(MPI_Recv(&x, 1, MPI_INT, far, 0, ALL, MPI_STATUS_IGNORE));
    REFUSED_LATER(MPI_Irecv(&x, 1, MPI_INT, far, 0, ALL, &r));
    REFUSED(MPI_Probe(far, 0, ALL, MPI_STATUS_IGNORE));
    REFUSED(MPI_Iprobe(far, 0, ALL, &flag, MPI_STATUS_IGNORE));
    REFUSED(MPI_Sendrecv(&x, 1, MPI_INT, near, 0, &y, 1, MPI_INT, far, 0, ALL, MPI_STATUS_IGNORE));
    REFUSED(MPI_Barrier(ALL));
    REFUSED(MPI_Bcast(&x, 1, MPI_INT, 0, ALL));
    REFUSED(MPI_Allreduce(&x, &y, 1, MPI_INT, MPI_SUM, ALL));
    REFUSED_LATER(MPI_Ibarrier(ALL, &r));
    REFUSED(MPI_Comm_dup(ALL, &c));
    REFUSED(MPI_Comm_split(ALL, 0, 0, &c));
    REFUSED(MPI_Intercomm_create(world, 0, ALL, far - rank, 0, &c)); /* the leader alone is refused, all return it */
    CHECK(MPI_Wtime() - t < 30);
    char text[MPI_MAX_ERROR_STRING];
    int n;
    OK(MPI_Error_string(MPI_ERR_UNSUPPORTED_OPERATION, text, &n));
    /* The group of all is known everywhere. */
    OK(MPI_Comm_group(ALL, &g));
    OK(MPI_Group_size(g, &n));
    CHECK(n == all);
    OK(MPI_Group_free(&g));
    /* On the node: over the world's own communicator, and over the node's. */
    OK(MPI_Isend(&me, 1, MPI_INT, near, 5, ALL, &r));
    OK(MPI_Recv(&y, 1, MPI_INT, me / size * size + (rank + size - 1) % size, 5, ALL, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(y == me / size * size + (rank + size - 1) % size);
    OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, world));
    CHECK(sum == size * (size - 1) / 2);
    OK(MPI_Comm_dup(world, &c));
    OK(MPI_Barrier(c));
    OK(MPI_Comm_free(&c));
    OK(MPI_Send(&x, 1, MPI_INT, MPI_PROC_NULL, 0, ALL));
    return end();
}
