/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sessions begin and end again and again: before MPI_Init, beside it, after MPI_Finalize, and at ranks in different
 * numbers. What is sent in one arrives, though its receiver may have none at the moment. */
#include "../check.h"

static MPI_Session begin_session(void)
{
    MPI_Session s = MPI_SESSION_NULL;
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s));
    CHECK(s != MPI_SESSION_NULL);
    return s;
}

static MPI_Comm comm_of(MPI_Session s, const char *set, const char *tag)
{
    MPI_Group g;
    MPI_Comm c;
    OK(MPI_Group_from_session_pset(s, set, &g));
    OK(MPI_Comm_create_from_group(g, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
    OK(MPI_Group_free(&g));
    return c;
}

static void round_trip(int times)
{
    for (int i = 0; i < times; i++) {
        MPI_Session s = begin_session();
        MPI_Comm c = comm_of(s, "mpi://WORLD", "round");
        int sum = 0, n;
        OK(MPI_Comm_rank(c, &rank));
        OK(MPI_Comm_size(c, &n));
        OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, c));
        CHECK(sum == n * (n - 1) / 2);
        OK(MPI_Comm_free(&c));
        OK(MPI_Session_finalize(&s));
        CHECK(s == MPI_SESSION_NULL);
    }
}

/* By itself alone, as often as it has ranks below it: others do not take part. */
static void alone(void)
{
    for (int i = 0; i <= rank % 4; i++) {
        MPI_Session s = begin_session(), other = begin_session();
        MPI_Comm c = comm_of(s, "mpi://SELF", "alone");
        int n = 0, out = 7, in = 0;
        OK(MPI_Comm_size(c, &n));
        CHECK(n == 1);
        OK(MPI_Sendrecv(&out, 1, MPI_INT, 0, 1, &in, 1, MPI_INT, 0, 1, c, MPI_STATUS_IGNORE));
        CHECK(in == 7);
        OK(MPI_Session_finalize(&other));
        OK(MPI_Comm_free(&c));
        OK(MPI_Session_finalize(&s));
    }
}

/* Rank 0 makes the communicator and sends, long before the others have a session: they have one more in between. */
static void ahead(void)
{
    static int data[1000];
    if (rank > 0)
        alone();
    MPI_Session s = begin_session();
    MPI_Comm c = comm_of(s, "mpi://WORLD", "ahead");
    int n;
    OK(MPI_Comm_size(c, &n));
    for (int r = 1; rank == 0 && r < n; r++)
        OK(MPI_Send(data, 1000, MPI_INT, r, 5, c));
    if (rank > 0)
        OK(MPI_Recv(data, 1000, MPI_INT, 0, 5, c, MPI_STATUS_IGNORE));
    OK(MPI_Comm_free(&c));
    OK(MPI_Session_finalize(&s));
}

static void initialized(bool init, bool fini)
{
    int flag = -1;
    OK(MPI_Initialized(&flag));
    CHECK(flag == init);
    OK(MPI_Finalized(&flag));
    CHECK(flag == fini);
}

int main(int argc, char **argv)
{
    initialized(false, false);
    round_trip(3);
    alone();
    ahead();
    initialized(false, false);

    MPI_Session over = begin_session();
    MPI_Comm before = comm_of(over, "mpi://WORLD", "over"), both;
    begin(&argc, &argv);
    round_trip(2);
    alone();
    OK(MPI_Barrier(world));
    OK(MPI_Barrier(before));
    MPI_Comm mine = comm_of(over, "mpi://WORLD", "mine");
    int how;
    OK(MPI_Comm_compare(mine, MPI_COMM_WORLD, &how));
    CHECK(how == MPI_CONGRUENT);
    OK(MPI_Comm_dup(mine, &both));
    OK(MPI_Comm_free(&mine));
    end();
    initialized(true, true);
    FAILS(MPI_ERR_COMM, MPI_Barrier(MPI_COMM_WORLD));

    /* MPI_COMM_WORLD is over, the session goes on. */
    OK(MPI_Barrier(before));
    OK(MPI_Barrier(both));
    OK(MPI_Comm_free(&both));
    OK(MPI_Comm_free(&before));
    OK(MPI_Session_finalize(&over));
    round_trip(3);
    alone();
    ahead();
    return 0;
}
