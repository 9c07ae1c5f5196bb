/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Persistent collectives match as they are made: ranks start them in different orders, again and again, beside
 * nonblocking ones; and in one order where the communicator says so. */
#include "../check.h"

enum { KINDS = 9, ROUNDS = 20, MOST = 64 };
static int one[KINDS], in[KINDS][MOST], out[KINDS][MOST];

static void make(MPI_Comm c, MPI_Request r[KINDS])
{
    OK(MPI_Bcast_init(&out[0][0], 1, MPI_INT, 0, c, MPI_INFO_NULL, &r[0]));
    OK(MPI_Barrier_init(c, MPI_INFO_NULL, &r[1]));
    OK(MPI_Allreduce_init(&one[2], &out[2][0], 1, MPI_INT, MPI_SUM, c, MPI_INFO_NULL, &r[2]));
    OK(MPI_Allgather_init(&one[3], 1, MPI_INT, out[3], 1, MPI_INT, c, MPI_INFO_NULL, &r[3]));
    OK(MPI_Alltoall_init(in[4], 1, MPI_INT, out[4], 1, MPI_INT, c, MPI_INFO_NULL, &r[4]));
    OK(MPI_Reduce_init(&one[5], &out[5][0], 1, MPI_INT, MPI_MAX, size - 1, c, MPI_INFO_NULL, &r[5]));
    OK(MPI_Gather_init(&one[6], 1, MPI_INT, out[6], 1, MPI_INT, 0, c, MPI_INFO_NULL, &r[6]));
    OK(MPI_Scatter_init(in[7], 1, MPI_INT, &out[7][0], 1, MPI_INT, 0, c, MPI_INFO_NULL, &r[7]));
    OK(MPI_Scan_init(&one[8], &out[8][0], 1, MPI_INT, MPI_SUM, c, MPI_INFO_NULL, &r[8]));
}

static void fill(int round)
{
    memset(out, 0, sizeof out);
    out[0][0] = rank == 0 ? round : -1;
    for (int k = 0; k < KINDS; k++) {
        one[k] = rank + round * k;
        for (int i = 0; i < size; i++)
            in[k][i] = rank * 100 + i + round;
    }
}

static void check(int round)
{
    CHECK(out[0][0] == round);
    CHECK(out[2][0] == size * (size - 1) / 2 + size * round * 2);
    CHECK(out[5][0] == (rank == size - 1 ? size - 1 + round * 5 : 0));
    CHECK(out[7][0] == rank + round);
    CHECK(out[8][0] == rank * (rank + 1) / 2 + (rank + 1) * round * 8);
    for (int i = 0; i < size; i++) {
        CHECK(out[3][i] == i + round * 3);
        CHECK(out[4][i] == i * 100 + rank + round);
        CHECK(out[6][i] == (rank == 0 ? i + round * 6 : 0));
    }
}

/* Where `turned`, each rank begins elsewhere. */
static void start(MPI_Comm c, bool turned)
{
    MPI_Request r[KINDS], other;
    int sum, mine = rank;
    make(c, r);
    for (int round = 1; round <= ROUNDS; round++) {
        fill(round);
        for (int i = 0; i < KINDS; i++)
            OK(MPI_Start(&r[turned ? (i * (rank % 2 ? KINDS - 1 : 1) + rank * round) % KINDS : i]));
        OK(MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, c, &other));
        OK(MPI_Waitall(KINDS, r, MPI_STATUSES_IGNORE));
        OK(MPI_Wait(&other, MPI_STATUS_IGNORE));
        CHECK(sum == size * (size - 1) / 2);
        check(round);
    }
    for (int k = 0; k < KINDS; k++)
        OK(MPI_Request_free(&r[k]));
}

int main(int argc, char **argv)
{
    MPI_Comm c;
    MPI_Info info;
    begin(&argc, &argv);
    start(MPI_COMM_WORLD, true);
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "mpi_assert_strict_persistent_collective_ordering", "true"));
    OK(MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &c));
    OK(MPI_Info_free(&info));
    start(c, false);
    OK(MPI_Comm_free(&c));
    return end();
}
