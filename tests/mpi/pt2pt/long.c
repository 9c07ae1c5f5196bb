/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Long messages by every way that they can take: the sender waits for just this one, computes, sleeps, has messages for
 * others too, or receives at the same time; types that are not one run on either side; buffers that are too short; and
 * short messages beside them. Rank r sends to r + 1. */
#include "../check.h"
#include <unistd.h>

#define W MPI_COMM_WORLD
static const int sizes[] = {4080, 4097, 16384, 65549, 1 << 20, (5 << 20) + 24};
enum { SIZES = sizeof sizes / sizeof *sizes, MOST = (5 << 20) + 24, PARTS = 3 };
static char *out, *in;
static int to, from;

static void fill(int n, int seed)
{
    for (int i = 0; i < n; i++)
        out[i] = (char)(i * 7 + i / 4096 + seed);
    memset(in, 0, (size_t)n);
}

static void holds(const char *p, int n, int seed)
{
    for (int i = 0; i < n; i++)
        CHECK(p[i] == (char)(i * 7 + i / 4096 + seed));
}

static void came(const MPI_Status *s, int n)
{
    int k;
    OK(MPI_Get_count(s, MPI_BYTE, &k));
    CHECK(s->MPI_SOURCE == from && k == n);
}

/* Who sends first waits at once, computes, or has fallen asleep when the receive comes. */
static void by_turns(int n, int how)
{
    MPI_Status s;
    MPI_Request r;
    for (int turn = 0; turn < 2; turn++) {
        if (rank % 2 == turn) {
            OK(MPI_Isend(out, n, MPI_BYTE, to, 1, W, &r));
            if (how == 1)
                usleep(3000);
            OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
        }
        if (from % 2 == turn) {
            if (how == 2)
                usleep(20000);
            OK(MPI_Recv(in, n, MPI_BYTE, from, 1, W, &s));
            came(&s, n);
            holds(in, n, from);
        }
    }
}

static void both_ways(int n)
{
    MPI_Status s;
    MPI_Request r[2];
    OK(MPI_Sendrecv(out, n, MPI_BYTE, to, 2, in, n, MPI_BYTE, from, 2, W, &s));
    came(&s, n);
    holds(in, n, from);
    memset(in, 0, (size_t)n);
    OK(MPI_Irecv(in, n, MPI_BYTE, from, 3, W, &r[0]));
    OK(MPI_Isend(out, n, MPI_BYTE, to, 3, W, &r[1]));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    holds(in, n, from);
}

/* Short ones are sent after long ones, and received before them. */
static void overtaken(int n)
{
    MPI_Request r[2 * PARTS];
    int number[PARTS] = {10, 11, 12}, got;
    for (int i = 0; i < PARTS; i++) {
        OK(MPI_Isend(out, n / (i + 1), MPI_BYTE, to, 4, W, &r[2 * i]));
        OK(MPI_Isend(&number[i], 1, MPI_INT, to, 5, W, &r[2 * i + 1]));
    }
    for (int i = 0; i < PARTS; i++) {
        OK(MPI_Recv(&got, 1, MPI_INT, from, 5, W, MPI_STATUS_IGNORE));
        CHECK(got == 10 + i);
    }
    for (int i = 0; i < PARTS; i++) {
        MPI_Status s;
        OK(MPI_Recv(in, n, MPI_BYTE, from, 4, W, &s));
        came(&s, n / (i + 1));
        holds(in, n / (i + 1), from);
    }
    OK(MPI_Waitall(2 * PARTS, r, MPI_STATUSES_IGNORE));
}

/* Every other group of 8 bytes, on one side or on both. */
static void typed(int n, int send_typed, int recv_typed)
{
    static char wide[2 * MOST], landing[2 * MOST];
    MPI_Datatype every_other;
    MPI_Request r;
    int groups = n / 8;
    OK(MPI_Type_vector(groups, 8, 16, MPI_BYTE, &every_other));
    OK(MPI_Type_commit(&every_other));
    for (int i = 0; i < groups; i++)
        memcpy(wide + 16L * i, out + 8L * i, 8);
    memset(landing, 99, 16L * (size_t)groups);
    if (send_typed)
        OK(MPI_Isend(wide, 1, every_other, to, 6, W, &r));
    else
        OK(MPI_Isend(out, 8 * groups, MPI_BYTE, to, 6, W, &r));
    if (recv_typed) {
        OK(MPI_Recv(landing, 1, every_other, from, 6, W, MPI_STATUS_IGNORE));
        for (int i = 0; i < groups; i++) {
            memcpy(in + 8L * i, landing + 16L * i, 8);
            CHECK(landing[16L * i + 8] == 99 && landing[16L * i + 15] == 99);
        }
    } else {
        OK(MPI_Recv(in, 8 * groups, MPI_BYTE, from, 6, W, MPI_STATUS_IGNORE));
    }
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    holds(in, 8 * groups, from);
    OK(MPI_Type_free(&every_other));
}

static void too_short(int n)
{
    MPI_Request r;
    MPI_Status s;
    OK(MPI_Isend(out, n, MPI_BYTE, to, 7, W, &r));
    in[n / 2] = 77;
    FAILS(MPI_ERR_TRUNCATE, MPI_Recv(in, n / 2, MPI_BYTE, from, 7, W, &s));
    holds(in, n / 2, from);
    CHECK(in[n / 2] == 77);
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    if (rank % 2 == 0 && size > 1)
        OK(MPI_Send(out, n, MPI_BYTE, to, 8, W));
    if (from % 2 == 0 && size > 1)
        FAILS(MPI_ERR_TRUNCATE, MPI_Recv(in, 10, MPI_BYTE, from, 8, W, &s));
}

/* All to all the others. */
static void many(int n)
{
    static MPI_Request r[64];
    int part = n / size;
    for (int k = 0; k < size; k++) {
        OK(MPI_Irecv(in + (long)k * part, part, MPI_BYTE, k, 9, W, &r[k]));
        OK(MPI_Isend(out, part, MPI_BYTE, k, 9, W, &r[size + k]));
    }
    OK(MPI_Waitall(2 * size, r, MPI_STATUSES_IGNORE));
    for (int k = 0; k < size; k++)
        holds(in + (long)k * part, part, k);
}

static void synchronous(int n)
{
    for (int turn = 0; turn < 2; turn++) {
        if (rank % 2 == turn && from != rank)
            OK(MPI_Ssend(out, n, MPI_BYTE, to, 10, W));
        if (from % 2 == turn && from != rank) {
            OK(MPI_Recv(in, n, MPI_BYTE, from, 10, W, MPI_STATUS_IGNORE));
            holds(in, n, from);
        }
    }
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    to = (rank + 1) % size;
    from = (rank + size - 1) % size;
    out = malloc(MOST);
    in = malloc(MOST);
    CHECK(out && in);
    for (int k = 0; k < SIZES; k++) {
        int n = sizes[k];
        fill(n, rank);
        for (int how = 0; how < 3 && size % 2 == 0; how++)
            by_turns(n, how);
        both_ways(n);
        overtaken(n);
        for (int side = 1; side < 4; side++)
            typed(n, side & 1, side & 2);
        too_short(n);
        many(n);
        if (size % 2 == 0)
            synchronous(n);
    }
    free(out);
    free(in);
    return end();
}
