/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cancel: sends are given back if no receive has matched them, and complete as ever if one has. Each rank sends to the
 * next one, and so receives from the one before. */
#include "../check.h"

enum { TAG = 5, SAY = 6, LONG = 300000 };
static char out[LONG], in[LONG];
static int next, before;

static bool wait_cancelled(MPI_Request *r)
{
    MPI_Status st;
    int flag;
    OK(MPI_Wait(r, &st));
    OK(MPI_Test_cancelled(&st, &flag));
    return flag;
}

static bool anything_here(void)
{
    int flag;
    OK(MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
    return flag;
}

static void nobody_receives(void)
{
    static const int sizes[] = {0, 8, 5000, LONG};
    for (int i = 0; i < 8; i++) {
        MPI_Request r;
        if (i % 2)
            OK(MPI_Issend(out, sizes[i / 2], MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r));
        else
            OK(MPI_Isend(out, LONG, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r));
        OK(MPI_Cancel(&r));
        CHECK(wait_cancelled(&r) && r == MPI_REQUEST_NULL);
        OK(MPI_Barrier(MPI_COMM_WORLD));
        CHECK(!anything_here());
        OK(MPI_Barrier(MPI_COMM_WORLD));
    }
}

/* One packet is on its way at once, and is not called back. */
static void short_ones_stay(void)
{
    MPI_Request r;
    OK(MPI_Isend(out, 8, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r));
    OK(MPI_Cancel(&r));
    CHECK(!wait_cancelled(&r));
    OK(MPI_Recv(in, 8, MPI_CHAR, before, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}

static void matched(bool long_one)
{
    MPI_Request r[2];
    int n = long_one ? LONG : 8;
    in[n - 1] = 0, out[n - 1] = 7;
    OK(MPI_Irecv(in, n, MPI_CHAR, before, TAG, MPI_COMM_WORLD, &r[0]));
    OK(MPI_Barrier(MPI_COMM_WORLD)); /* all receives are posted */
    OK(MPI_Issend(out, n, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r[1]));
    OK(MPI_Cancel(&r[1]));
    CHECK(!wait_cancelled(&r[1]));
    OK(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
    CHECK(in[n - 1] == 7);
}

static void taken_by_mprobe(void)
{
    MPI_Request r, said;
    MPI_Message m;
    char word = 1;
    OK(MPI_Issend(out, LONG, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r));
    OK(MPI_Mprobe(before, TAG, MPI_COMM_WORLD, &m, MPI_STATUS_IGNORE));
    OK(MPI_Isend(&word, 1, MPI_CHAR, before, SAY, MPI_COMM_WORLD, &said));
    OK(MPI_Recv(&word, 1, MPI_CHAR, next, SAY, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    OK(MPI_Cancel(&r)); /* too late, and known to be */
    OK(MPI_Wait(&said, MPI_STATUS_IGNORE));
    MPI_Request got;
    OK(MPI_Imrecv(in, LONG, MPI_CHAR, &m, &got));
    CHECK(!wait_cancelled(&r));
    OK(MPI_Wait(&got, MPI_STATUS_IGNORE));
}

/* Cancelled while the receive is being posted: it comes whole or not at all. */
static void race(unsigned *seed)
{
    MPI_Request s, r;
    MPI_Status st;
    char gone, theirs;
    int wait = (int)(draw(seed) % 2000), n = draw(seed) % 2 ? LONG : 16, flag;
    OK(MPI_Issend(out, n, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &s));
    for (volatile int i = 0; i < (rank % 2 ? wait : 0); i++)
        ;
    OK(MPI_Irecv(in, LONG, MPI_CHAR, before, TAG, MPI_COMM_WORLD, &r));
    OK(MPI_Cancel(&s));
    gone = wait_cancelled(&s);
    OK(MPI_Sendrecv(&gone, 1, MPI_CHAR, next, SAY, &theirs, 1, MPI_CHAR, before, SAY, MPI_COMM_WORLD, &st));
    if (theirs)
        OK(MPI_Cancel(&r));
    OK(MPI_Wait(&r, &st));
    OK(MPI_Test_cancelled(&st, &flag));
    CHECK(flag == theirs);
    OK(MPI_Get_count(&st, MPI_CHAR, &flag));
    CHECK(theirs || flag == n);
    OK(MPI_Barrier(MPI_COMM_WORLD)); /* the next message is not for this receive */
}

static void persistent(void)
{
    MPI_Request r;
    OK(MPI_Ssend_init(out, LONG, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r));
    for (int i = 0; i < 4; i++) {
        OK(MPI_Start(&r));
        if (i % 2) {
            OK(MPI_Cancel(&r));
            CHECK(wait_cancelled(&r));
        } else {
            OK(MPI_Recv(in, LONG, MPI_CHAR, before, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
            CHECK(!wait_cancelled(&r));
        }
        CHECK(r != MPI_REQUEST_NULL);
        OK(MPI_Barrier(MPI_COMM_WORLD));
    }
    OK(MPI_Request_free(&r));
}

/* More than the way there can hold: what has left arrives, what has not is taken back, and order is kept. */
static void flood(void)
{
    enum { MANY = 3000, BYTES = 1000 };
    static MPI_Request r[MANY];
    static char bufs[MANY][BYTES];
    int left = 0, theirs, number;
    for (int i = 0; i < MANY; i++) {
        memcpy(bufs[i], &i, sizeof i);
        OK(MPI_Isend(bufs[i], BYTES, MPI_CHAR, next, TAG, MPI_COMM_WORLD, &r[i]));
    }
    for (int i = MANY - 1; i >= 0; i--)
        OK(MPI_Cancel(&r[i]));
    for (int i = 0; i < MANY; i++)
        left += !wait_cancelled(&r[i]);
    OK(MPI_Sendrecv(&left, 1, MPI_INT, next, SAY, &theirs, 1, MPI_INT, before, SAY, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    for (int i = 0; i < theirs; i++) {
        OK(MPI_Recv(in, BYTES, MPI_CHAR, before, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        memcpy(&number, in, sizeof number);
        CHECK(number == i);
    }
    OK(MPI_Barrier(MPI_COMM_WORLD));
    CHECK(!anything_here());
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    next = (rank + 1) % size;
    before = (rank + size - 1) % size;
    unsigned seed = 4711;
    nobody_receives();
    short_ones_stay();
    matched(false);
    matched(true);
    taken_by_mprobe();
    for (int i = 0; i < 200; i++)
        race(&seed);
    persistent();
    flood();
    return end();
}
