/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Members who do not agree on how long a collective is: after the error the communicator may be used, or every later
 * call on it is an error; never a wrong result, and never a call that does not return. Each case has a communicator of
 * its own, and the others go on. By messages ("messages" is the argument) this holds where all choose the same
 * algorithm: those that differ are all short. */
#include "../check.h"

enum { N = 40000 };
static int a[16 * N], b[16 * N];
static MPI_Comm c;
static bool messages; /* who passes on a broadcast passes on as much as it has room for */
static bool levels;   /* several nodes, some of several ranks */

/* An error, or what it should be. */
static bool sums_right(void)
{
    int mine = rank + 1, all = -1;
    int rc = MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, c);
    if (rc == MPI_SUCCESS)
        CHECK(all == size * (size + 1) / 2);
    return rc == MPI_SUCCESS;
}

static void go_on(bool failed)
{
    bool right = true;
    for (int i = 0; i < 5; i++) {
        bool now = sums_right();
        CHECK(right || !now); /* once it is over, it is over */
        right = now;
    }
    /* Whoever saw the error is not told later that all is well, unless it is. */
    int one = rank == size - 1 ? 9 : 0;
    int rc = MPI_Bcast(&one, 1, MPI_INT, size - 1, c);
    CHECK(rc != MPI_SUCCESS || one == 9);
    CHECK(!failed || right || rc != MPI_SUCCESS || rank == size - 1);
}

static void gather(int sent, int received)
{
    int rc = MPI_Gather(a, sent, MPI_INT, b, rank == 0 ? received : sent, MPI_INT, 0, c);
    if (rank == 0 && sent > received)
        FAILS(MPI_ERR_TRUNCATE, rc);
    go_on(rc != MPI_SUCCESS);
}

static void scatter(int sent, int received)
{
    int rc = MPI_Scatter(a, sent, MPI_INT, b, rank == 0 ? sent : received, MPI_INT, 0, c);
    go_on(rc != MPI_SUCCESS);
}

static void bcast(int sent, int received)
{
    int rc = MPI_Bcast(b, rank == 0 ? sent : received, MPI_INT, 0, c);
    if (rank != 0 && sent != received && !messages)
        FAILS(MPI_ERR_TRUNCATE, rc);
    CHECK(sums_right()); /* how long it is, the root says */
    go_on(false);
}

static void reductions(int first, int others)
{
    int n = rank == 0 ? first : others;
    int rc = MPI_Allreduce(a, b, n, MPI_INT, MPI_SUM, c);
    go_on(rc != MPI_SUCCESS);
}

static void later(int first, int others)
{
    MPI_Request r;
    OK(MPI_Iallgather(a, rank == 0 ? first : others, MPI_INT, b, rank == 0 ? first : others, MPI_INT, c, &r));
    int rc = MPI_Wait(&r, MPI_STATUS_IGNORE);
    go_on(rc != MPI_SUCCESS);
}

static void each(void (*f)(int, int), int x, int y)
{
    OK(MPI_Comm_dup(world, &c));
    f(x, y);
    OK(MPI_Comm_free(&c));
    OK(MPI_Barrier(world));
}

static int ranks_beside(void)
{
    MPI_Comm node;
    int n;
    OK(MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
    OK(MPI_Comm_size(node, &n));
    OK(MPI_Comm_free(&node));
    OK(MPI_Allreduce(MPI_IN_PLACE, &n, 1, MPI_INT, MPI_MAX, world));
    return n;
}

int main(int argc, char **argv)
{
    static const int counts[] = {1, 4, 200, 3000, N};
    begin(&argc, &argv);
    messages = argc > 1 || !on_one_node();
    levels = !on_one_node() && ranks_beside() > 1;
    for (int i = 0; i < 5 && size > 1; i++)
        for (int j = 0; j < 5; j++) {
            if (!messages || (i < 3 && j < 3))
                each(bcast, counts[i], counts[j]);
            if (i == j)
                continue;
            if (messages && (i > 2 || j > 2))
                continue;
            each(gather, counts[i], counts[j]);
            if (!levels)
                each(scatter, counts[i], counts[j]);
            if (messages)
                continue;
            each(reductions, counts[i], counts[j]);
            each(later, counts[i], counts[j]);
        }
    return end();
}
