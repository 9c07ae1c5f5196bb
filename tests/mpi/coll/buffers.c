/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MPI_IN_PLACE or NULL where it may not stand, and one buffer given twice: an error class, where a program forgot what
 * it means, instead of a wrong result or a crash. What is not significant, or holds no data, may be anything. */
#include "../check.h"

enum { N = 4 };
static int a[16 * N], b[16 * N], counts[16], displs[16];
static MPI_Datatype types[16];
static MPI_Request r;

static void in_place(void)
{
    void *at = MPI_IN_PLACE;
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(a, at, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(at, at, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Iallreduce(a, at, N, MPI_INT, MPI_SUM, world, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce_init(a, at, N, MPI_INT, MPI_SUM, world, MPI_INFO_NULL, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce_c(a, at, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Scan(a, at, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Exscan(a, at, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter_block(a, at, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter(a, at, counts, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allgather(a, N, MPI_INT, at, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allgatherv(a, N, MPI_INT, at, counts, displs, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoall(a, N, MPI_INT, at, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoallv(a, counts, displs, MPI_INT, at, counts, displs, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoallw(a, counts, displs, types, at, counts, displs, types, world));
    FAILS(MPI_ERR_BUFFER, MPI_Bcast(at, N, MPI_INT, 0, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_local(at, b, N, MPI_INT, MPI_SUM));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_local(a, at, N, MPI_INT, MPI_SUM));
    if (rank == 0) {
        FAILS(MPI_ERR_BUFFER, MPI_Reduce(a, at, N, MPI_INT, MPI_SUM, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Gather(a, N, MPI_INT, at, N, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Gatherv(a, N, MPI_INT, at, counts, displs, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Scatter(at, N, MPI_INT, b, N, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Iscatterv(at, counts, displs, MPI_INT, b, N, MPI_INT, 0, world, &r));
    }
}

/* Nowhere is no place for data. */
static void null(void)
{
    FAILS(MPI_ERR_BUFFER, MPI_Bcast(NULL, N, MPI_INT, 0, world));
    FAILS(MPI_ERR_BUFFER, MPI_Ibcast(NULL, N, MPI_INT, 0, world, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(NULL, b, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(a, NULL, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce_init(a, NULL, N, MPI_INT, MPI_SUM, world, MPI_INFO_NULL, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce(NULL, b, N, MPI_INT, MPI_SUM, 0, world));
    FAILS(MPI_ERR_BUFFER, MPI_Exscan(a, NULL, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allgather(NULL, N, MPI_INT, b, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allgather(a, N, MPI_INT, NULL, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoall_c(a, N, MPI_INT, NULL, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Gather(NULL, N, MPI_INT, b, N, MPI_INT, 0, world));
    FAILS(MPI_ERR_BUFFER, MPI_Scatter(a, N, MPI_INT, NULL, N, MPI_INT, 0, world));
    FAILS(MPI_ERR_BUFFER, MPI_Scatterv(a, counts, displs, MPI_INT, NULL, N, MPI_INT, 0, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter_block(NULL, b, N, MPI_INT, MPI_SUM, world));
    if (rank == 0) {
        FAILS(MPI_ERR_BUFFER, MPI_Reduce(a, NULL, N, MPI_INT, MPI_SUM, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Gather(a, N, MPI_INT, NULL, N, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Iscatter(NULL, N, MPI_INT, b, N, MPI_INT, 0, world, &r));
    }
}

static void given_twice(void)
{
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(a, a, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Iallreduce(a, a, N, MPI_INT, MPI_SUM, world, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Scan(a, a, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Exscan(a, a, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_local(a, a, N, MPI_INT, MPI_SUM));
    FAILS(MPI_ERR_BUFFER, MPI_Allgather(a, N, MPI_INT, a, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Allgatherv(a, N, MPI_INT, a, counts, displs, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoall(a, N, MPI_INT, a, N, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoallv(a, counts, displs, MPI_INT, a, counts, displs, MPI_INT, world));
    FAILS(MPI_ERR_BUFFER, MPI_Ialltoallw(a, counts, displs, types, a, counts, displs, types, world, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter_block(a, a, N, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter(a, a, counts, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter_init(a, a, counts, MPI_INT, MPI_SUM, world, MPI_INFO_NULL, &r));
    if (rank == 0) {
        FAILS(MPI_ERR_BUFFER, MPI_Reduce(a, a, N, MPI_INT, MPI_SUM, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Gather(a, N, MPI_INT, a, N, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Gatherv(a, N, MPI_INT, a, counts, displs, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Scatter(a, N, MPI_INT, a, N, MPI_INT, 0, world));
        FAILS(MPI_ERR_BUFFER, MPI_Iscatterv(a, counts, displs, MPI_INT, a, N, MPI_INT, 0, world, &r));
    }
    /* Other mistakes keep their own names. */
    FAILS(MPI_ERR_TYPE, MPI_Allreduce(a, a, N, MPI_DATATYPE_NULL, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Allreduce(a, a, -1, MPI_INT, MPI_SUM, world));
}

static void allowed(void)
{
    MPI_Datatype at_a;
    MPI_Aint where;
    int got = 0, ones[N] = {1, 1, 1, 1};
    OK(MPI_Allreduce(a, a, 0, MPI_INT, MPI_SUM, world));
    OK(MPI_Allreduce(NULL, NULL, 0, MPI_INT, MPI_SUM, world));
    OK(MPI_Reduce_local(a, a, 0, MPI_INT, MPI_SUM));
    OK(MPI_Allgather(a, 0, MPI_INT, a, 0, MPI_INT, world));
    OK(MPI_Bcast(NULL, 0, MPI_INT, 0, world));
    OK(MPI_Gather(NULL, 0, MPI_INT, NULL, 0, MPI_INT, 0, world));
    OK(MPI_Reduce(ones, rank ? NULL : b, N, MPI_INT, MPI_SUM, 0, world));
    OK(MPI_Reduce(rank ? ones : MPI_IN_PLACE, rank ? ones : memcpy(b, ones, sizeof ones), N, MPI_INT, MPI_SUM, 0,
                  world));
    CHECK(rank || (b[0] == size && b[N - 1] == size));
    OK(MPI_Gather(ones, 1, MPI_INT, rank ? MPI_IN_PLACE : b, 1, MPI_INT, 0, world));
    OK(MPI_Scatter(rank ? MPI_IN_PLACE : b, 1, MPI_INT, &got, 1, MPI_INT, 0, world));
    CHECK(got == 1);
    /* Both at MPI_BOTTOM, where the types say what is meant. */
    OK(MPI_Get_address(a, &where));
    OK(MPI_Type_create_hindexed_block(1, 1, &where, MPI_INT, &at_a));
    OK(MPI_Type_commit(&at_a));
    a[0] = rank;
    OK(MPI_Bcast(MPI_BOTTOM, 1, at_a, size - 1, world));
    CHECK(a[0] == size - 1);
    OK(MPI_Type_free(&at_a));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    for (int i = 0; i < 16; i++) {
        counts[i] = N;
        displs[i] = i * N;
        types[i] = MPI_INT;
    }
    in_place();
    null();
    given_twice();
    allowed();
    OK(MPI_Barrier(world));
    return end();
}
