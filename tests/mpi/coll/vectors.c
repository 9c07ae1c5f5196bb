/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arrays of counts, displacements and types that a program overwrites as soon as a nonblocking or persistent collective
 * has been called, as mpi4py 4.1 does, which gives their memory back. */
#include "../check.h"

enum { MOST = 16 };
static int counts[MOST], displs[MOST], total;
static MPI_Datatype types[MOST];
static MPI_Request request;

/* One from the first rank, two from the next, and so on. */
static void arrays(int unit)
{
    total = 0;
    for (int r = 0; r < size; r++) {
        counts[r] = r + 1;
        displs[r] = total * unit;
        types[r] = MPI_INT;
        total += r + 1;
    }
}

static void complete(bool persistent)
{
    memset(counts, 0x55, sizeof counts);
    memset(displs, 0x55, sizeof displs);
    memset(types, 0x55, sizeof types);
    for (int i = 0; i < (persistent ? 2 : 1); i++) {
        if (persistent)
            OK(MPI_Start(&request));
        OK(MPI_Wait(&request, MPI_STATUS_IGNORE));
    }
    if (persistent)
        OK(MPI_Request_free(&request));
}

static void all(bool p)
{
    int mine[MOST], got[MOST * MOST], sum[MOST];
    for (int i = 0; i < MOST; i++)
        mine[i] = rank;
    arrays(1);
    OK(p ? MPI_Allgatherv_init(mine, rank + 1, MPI_INT, got, counts, displs, MPI_INT, world, MPI_INFO_NULL, &request)
         : MPI_Iallgatherv(mine, rank + 1, MPI_INT, got, counts, displs, MPI_INT, world, &request));
    complete(p);
    for (int r = 0, at = 0; r < size; r++)
        for (int i = 0; i <= r; i++)
            CHECK(got[at++] == r);
    static int many[MOST * MOST];
    for (int i = 0; i < MOST * MOST; i++)
        many[i] = i;
    arrays(1);
    OK(p ? MPI_Reduce_scatter_init(many, sum, counts, MPI_INT, MPI_SUM, world, MPI_INFO_NULL, &request)
         : MPI_Ireduce_scatter(many, sum, counts, MPI_INT, MPI_SUM, world, &request));
    complete(p);
    for (int i = 0; i <= rank; i++)
        CHECK(sum[i] == size * (rank * (rank + 1) / 2 + i));
}

static void rooted(bool p, int root)
{
    int mine[MOST], got[MOST * MOST], *none = (int *)16, *n, *d;
    for (int i = 0; i < MOST; i++)
        mine[i] = rank;
    arrays(1);
    n = rank == root ? counts : none;
    d = rank == root ? displs : none;
    OK(p ? MPI_Gatherv_init(mine, rank + 1, MPI_INT, got, n, d, MPI_INT, root, world, MPI_INFO_NULL, &request)
         : MPI_Igatherv(mine, rank + 1, MPI_INT, got, n, d, MPI_INT, root, world, &request));
    complete(p);
    for (int r = 0, at = 0; r < size && rank == root; r++)
        for (int i = 0; i <= r; i++)
            CHECK(got[at++] == r);
    arrays(1);
    for (int i = 0; i < MOST; i++)
        mine[i] = -1;
    OK(p ? MPI_Scatterv_init(got, n, d, MPI_INT, mine, rank + 1, MPI_INT, root, world, MPI_INFO_NULL, &request)
         : MPI_Iscatterv(got, n, d, MPI_INT, mine, rank + 1, MPI_INT, root, world, &request));
    complete(p);
    for (int i = 0; i < MOST; i++)
        CHECK(mine[i] == (i <= rank ? rank : -1));
}

/* Each sends as many to all as it has from each. */
static void pairs(bool p, bool typed)
{
    int out[MOST * MOST], got[MOST * MOST], unit = typed ? (int)sizeof(int) : 1;
    for (int r = 0, at = 0; r < size; r++)
        for (int i = 0; i <= r; i++)
            out[at++] = rank * MOST + r;
    int in_counts[MOST], in_displs[MOST];
    MPI_Datatype in_types[MOST];
    for (int r = 0; r < size; r++) {
        in_counts[r] = rank + 1;
        in_displs[r] = r * (rank + 1) * unit;
        in_types[r] = MPI_INT;
    }
    arrays(unit);
    if (typed)
        OK(p ? MPI_Alltoallw_init(out, counts, displs, types, got, in_counts, in_displs, in_types, world, MPI_INFO_NULL,
                                  &request)
             : MPI_Ialltoallw(out, counts, displs, types, got, in_counts, in_displs, in_types, world, &request));
    else
        OK(p ? MPI_Alltoallv_init(out, counts, displs, MPI_INT, got, in_counts, in_displs, MPI_INT, world,
                                  MPI_INFO_NULL, &request)
             : MPI_Ialltoallv(out, counts, displs, MPI_INT, got, in_counts, in_displs, MPI_INT, world, &request));
    memset(in_counts, 0x55, sizeof in_counts);
    memset(in_displs, 0x55, sizeof in_displs);
    memset(in_types, 0x55, sizeof in_types);
    complete(p);
    for (int r = 0; r < size; r++)
        for (int i = 0; i <= rank; i++)
            CHECK(got[r * (rank + 1) + i] == r * MOST + rank);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    for (int i = 0; i < 4; i++) {
        all(i % 2);
        rooted(i % 2, i % size);
        pairs(i % 2, false);
        pairs(i % 2, true);
    }
    return end();
}
