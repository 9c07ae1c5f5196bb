/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counts whose bytes, or whose way from the first element to the last, no address tells: an error class, in every call
 * that multiplies a count, instead of what is left after the overflow. What holds no data may have any displacement. */
#include "../check.h"

static const MPI_Count many = (MPI_Count)1 << 62, half = (MPI_Count)1 << 59;
static int a[64], b[64];
static MPI_Request r;
static MPI_Status st;

static void point_to_point(void)
{
    int peer = MPI_PROC_NULL, flag;
    MPI_Message m;
    FAILS(MPI_ERR_COUNT, MPI_Send_c(a, many, MPI_INT, peer, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Send_c(a, many, MPI_INT, rank, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Isend_c(a, many, MPI_INT, rank, 0, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Bsend_c(a, many, MPI_INT, rank, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Ssend_init_c(a, many, MPI_INT, rank, 0, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Recv_c(a, many, MPI_INT, rank, 0, world, &st));
    FAILS(MPI_ERR_COUNT, MPI_Irecv_c(a, many, MPI_INT, rank, 0, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Recv_init_c(a, many, MPI_INT, rank, 0, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Sendrecv_c(a, 1, MPI_INT, rank, 0, b, many, MPI_INT, rank, 0, world, &st));
    FAILS(MPI_ERR_COUNT, MPI_Sendrecv_replace_c(a, many, MPI_INT, rank, 0, rank, 0, world, &st));
    FAILS(MPI_ERR_COUNT, MPI_Isendrecv_replace_c(a, many, MPI_INT, rank, 0, rank, 0, world, &r));
    OK(MPI_Improbe(MPI_PROC_NULL, 0, world, &flag, &m, &st));
    FAILS(MPI_ERR_COUNT, MPI_Mrecv_c(a, many, MPI_INT, &m, &st));
    OK(MPI_Mrecv_c(a, half, MPI_INT, &m, &st)); /* much, but a program may have an address space for it */
    /* A receive may have more room than will ever be needed. */
    OK(MPI_Irecv_c(b, half, MPI_INT, rank, 1, world, &r));
    OK(MPI_Send_c(a, 1, MPI_INT, rank, 1, world));
    OK(MPI_Wait(&r, &st));
    MPI_Count n;
    OK(MPI_Get_count_c(&st, MPI_INT, &n));
    CHECK(n == 1);
}

static void packing(void)
{
    MPI_Count at = 0, n;
    MPI_Datatype pairs;
    FAILS(MPI_ERR_COUNT, MPI_Pack_c(a, many, MPI_INT, b, sizeof b, &at, world));
    FAILS(MPI_ERR_COUNT, MPI_Unpack_c(b, sizeof b, &at, a, many, MPI_INT, world));
    FAILS(MPI_ERR_COUNT, MPI_Pack_external_c("external32", a, many, MPI_INT, b, sizeof b, &at));
    FAILS(MPI_ERR_COUNT, MPI_Unpack_external_c("external32", b, sizeof b, &at, a, many, MPI_INT));
    CHECK(at == 0);
    OK(MPI_Pack_size_c(many, MPI_INT, world, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Pack_external_size_c("external32", many, MPI_INT, &n));
    CHECK(n == MPI_UNDEFINED);
    FAILS(MPI_ERR_COUNT, MPI_Reduce_local_c(a, b, many, MPI_INT, MPI_SUM));
    OK(MPI_Type_contiguous(2, MPI_INT, &pairs));
    FAILS(MPI_ERR_COUNT, MPI_Status_set_elements_c(&st, pairs, many));
    OK(MPI_Type_free(&pairs));
}

/* Both the number that is moved and the extent count; a small number of elements may be large. */
static void types(void)
{
    MPI_Datatype sparse, large, again;
    OK(MPI_Type_create_resized_c(MPI_INT, 0, (MPI_Count)1 << 40, &sparse));
    OK(MPI_Type_commit(&sparse));
    FAILS(MPI_ERR_COUNT, MPI_Send(a, 1 << 30, sparse, rank, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Bcast(a, 1 << 30, sparse, 0, world));
    OK(MPI_Type_create_resized_c(MPI_INT, 0, -((MPI_Count)1 << 40), &large));
    OK(MPI_Type_commit(&large));
    FAILS(MPI_ERR_COUNT, MPI_Send(a, 1 << 30, large, rank, 0, world));
    OK(MPI_Type_free(&large));
    OK(MPI_Type_contiguous_c((MPI_Count)1 << 40, MPI_INT, &large));
    OK(MPI_Type_commit(&large));
    FAILS(MPI_ERR_COUNT, MPI_Send(a, 1 << 30, large, rank, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Type_contiguous_c((MPI_Count)1 << 40, large, &again));
    FAILS(MPI_ERR_COUNT, MPI_Type_vector_c((MPI_Count)1 << 22, 1, (MPI_Count)1 << 22, sparse, &again));
    FAILS(MPI_ERR_COUNT, MPI_Type_create_hvector_c(3, 1, INT64_MAX / 2, MPI_INT, &again));
    FAILS(MPI_ERR_COUNT, MPI_Type_create_resized_c(MPI_INT, INT64_MAX, INT64_MAX, &again));
    FAILS(MPI_ERR_COUNT, MPI_Type_create_resized_c(MPI_INT, INT64_MIN, 1, &again));
    OK(MPI_Type_free(&sparse));
    OK(MPI_Type_free(&large));
}

static void displaced_types(void)
{
    static const MPI_Count far[] = {INT64_MAX, INT64_MAX - 8, INT64_MIN, INT64_MIN + 8, (MPI_Count)3 << 61};
    const MPI_Count longest[] = {half, half, half, half, half, half, half, half, half, half}, none[10] = {0};
    MPI_Datatype t, ints[] = {MPI_INT, MPI_INT}, vector, of_vectors[] = {MPI_INT, MPI_INT};
    OK(MPI_Type_vector(2, 1, 3, MPI_INT, &vector));
    of_vectors[1] = vector;
    for (int i = 0; i < 5; i++) {
        const MPI_Count at[] = {8, far[i]}, lengths[] = {1, 1}, empty[] = {1, 0};
        FAILS(MPI_ERR_COUNT, MPI_Type_create_hindexed_c(2, lengths, at, MPI_INT, &t));
        FAILS(MPI_ERR_COUNT, MPI_Type_create_hindexed_block_c(2, 1, at, MPI_INT, &t));
        FAILS(MPI_ERR_COUNT, MPI_Type_indexed_c(2, lengths, at, MPI_INT, &t));
        FAILS(MPI_ERR_COUNT, MPI_Type_indexed_c(2, lengths, at, vector, &t));
        FAILS(MPI_ERR_COUNT, MPI_Type_create_struct_c(2, lengths, at, ints, &t));
        FAILS(MPI_ERR_COUNT, MPI_Type_create_struct_c(2, lengths, at, of_vectors, &t));
        OK(MPI_Type_indexed_c(2, empty, at, MPI_INT, &t));
        OK(MPI_Type_free(&t));
        OK(MPI_Type_create_hindexed_c(2, empty, at, vector, &t));
        OK(MPI_Type_free(&t));
        OK(MPI_Type_create_struct_c(2, empty, at, of_vectors, &t));
        OK(MPI_Type_free(&t));
    }
    FAILS(MPI_ERR_COUNT, MPI_Type_indexed_c(10, longest, none, MPI_INT, &t)); /* together */
    FAILS(MPI_ERR_COUNT, MPI_Type_indexed_c(10, longest, none, vector, &t));
    OK(MPI_Type_free(&vector));
}

static void collectives(void)
{
    FAILS(MPI_ERR_COUNT, MPI_Bcast_c(a, many, MPI_INT, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Ibcast_c(a, many, MPI_INT, 0, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Bcast_init_c(a, many, MPI_INT, 0, world, MPI_INFO_NULL, &r));
    FAILS(MPI_ERR_COUNT, MPI_Reduce_c(a, b, many, MPI_INT, MPI_SUM, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Allreduce_c(a, b, many, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Iallreduce_c(a, b, many, MPI_INT, MPI_SUM, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Scan_c(a, b, many, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Exscan_c(a, b, many, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Reduce_scatter_block_c(a, b, many, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Gather_c(a, many, MPI_INT, b, many, MPI_INT, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Scatter_c(a, many, MPI_INT, b, many, MPI_INT, 0, world));
    FAILS(MPI_ERR_COUNT, MPI_Allgather_c(a, many, MPI_INT, b, many, MPI_INT, world));
    FAILS(MPI_ERR_COUNT, MPI_Alltoall_c(a, many, MPI_INT, b, many, MPI_INT, world));
}

/* No block is too long by itself, but all of them together are. */
static void together(void)
{
    MPI_Count each = ((MPI_Count)1 << 60) / (size < 3 ? 1 : 2), counts[16];
    MPI_Aint displs[16] = {0};
    MPI_Datatype types[16];
    if (size < 2)
        return;
    for (int i = 0; i < 16; i++)
        counts[i] = each, types[i] = MPI_INT;
    FAILS(MPI_ERR_COUNT, MPI_Allgather_c(a, each, MPI_INT, b, each, MPI_INT, world));
    FAILS(MPI_ERR_COUNT, MPI_Alltoall_c(a, each, MPI_INT, b, each, MPI_INT, world));
    FAILS(MPI_ERR_COUNT, MPI_Ialltoall_c(a, each, MPI_INT, b, each, MPI_INT, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Reduce_scatter_block_c(a, b, each, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Reduce_scatter_c(a, b, counts, MPI_INT, MPI_SUM, world));
    FAILS(MPI_ERR_COUNT, MPI_Ireduce_scatter_c(a, b, counts, MPI_INT, MPI_SUM, world, &r));
    FAILS(MPI_ERR_COUNT, MPI_Allgatherv_c(a, 1, MPI_INT, b, counts, displs, MPI_INT, world));
    FAILS(MPI_ERR_COUNT, MPI_Alltoallv_c(a, counts, displs, MPI_INT, b, counts, displs, MPI_INT, world));
    FAILS(MPI_ERR_COUNT, MPI_Alltoallw_c(a, counts, displs, types, b, counts, displs, types, world));
    if (rank == 0) {
        FAILS(MPI_ERR_COUNT, MPI_Gather_c(a, 1, MPI_INT, b, each, MPI_INT, 0, world));
        FAILS(MPI_ERR_COUNT, MPI_Scatterv_c(a, counts, displs, MPI_INT, b, 1, MPI_INT, 0, world));
    }
}

static void displacements(void)
{
    MPI_Count counts[16];
    MPI_Aint displs[16];
    for (int i = 0; i < 16; i++)
        counts[i] = 1, displs[i] = i;
    displs[size - 1] = many;
    FAILS(MPI_ERR_ARG, MPI_Allgatherv_c(a, 1, MPI_INT, b, counts, displs, MPI_INT, world));
    displs[size - 1] = -many;
    FAILS(MPI_ERR_ARG, MPI_Alltoallv_c(a, counts, displs, MPI_INT, b, counts, displs, MPI_INT, world));
    counts[size - 1] = 0; /* then it may lie anywhere */
    a[0] = rank + 1;
    OK(MPI_Allgatherv_c(a, rank < size - 1, MPI_INT, b, counts, displs, MPI_INT, world));
    for (int i = 0; i < size - 1; i++)
        CHECK(b[i] == i + 1);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    point_to_point();
    packing();
    types();
    displaced_types();
    collectives();
    together();
    displacements();
    OK(MPI_Barrier(world));
    return end();
}
