/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Members of a node who do not call the same: another operation, root or collective is an error at one of them at
 * least, of the class that says what differs, and every later call on the communicator is one. */
#include "../check.h"

static MPI_Comm c;
static int in[64], out[64];

static void reset(void)
{
    OK(MPI_Comm_dup(world, &c));
}

/* The error that somebody saw, and nobody goes on as if nothing had been. */
static void seen(int class, int rc)
{
    int mine = MPI_SUCCESS, error, any, right = 0, one = 1, sum;
    if (rc != MPI_SUCCESS)
        OK(MPI_Error_class(rc, &mine));
    for (int i = 0; i < 3; i++) {
        rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, c);
        right |= rc == MPI_SUCCESS;
        if (mine == MPI_SUCCESS && rc != MPI_SUCCESS)
            OK(MPI_Error_class(rc, &mine));
    }
    error = mine == class;
    OK(MPI_Allreduce(&error, &any, 1, MPI_INT, MPI_LOR, world));
    CHECK(any);
    CHECK(!right);
    OK(MPI_Comm_free(&c));
}

static void operations(int n)
{
    reset();
    seen(MPI_ERR_OP, MPI_Allreduce(in, out, n, MPI_INT, rank == 0 ? MPI_SUM : MPI_MAX, c));
    reset();
    seen(MPI_ERR_OP, MPI_Reduce(in, out, n, MPI_INT, rank == 0 ? MPI_SUM : MPI_MAX, 0, c));
}

/* Both are the root of a broadcast, which nobody reads: the next collective tells. */
static void roots(int n)
{
    reset();
    seen(MPI_ERR_OTHER, MPI_Bcast(in, n, MPI_INT, rank, c));
}

static void kinds(void)
{
    reset();
    seen(MPI_ERR_OTHER, rank == 0 ? MPI_Bcast(in, 1, MPI_INT, 0, c) : MPI_Barrier(c));
    reset();
    seen(MPI_ERR_OTHER, rank == 0 ? MPI_Allreduce(in, out, 2, MPI_INT, MPI_SUM, c)
                                  : MPI_Allgather(in, 2, MPI_INT, out, 2, MPI_INT, c));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    if (size == 2) {
        for (int n = 1; n <= 32; n *= 32) {
            operations(n);
            roots(n);
        }
        kinds();
    } else if (size > 2) {
        reset();
        seen(MPI_ERR_OP, MPI_Reduce(in, out, 1, MPI_INT, rank == size - 1 ? MPI_SUM : MPI_MAX, 0, c));
    }
    return end();
}
