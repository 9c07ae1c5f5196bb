/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Many messages before their receives, and many receives before their messages, taken in the order that is worst for
 * whoever searches. Each part is some 10^5 operations; a search through a queue would make it 10^9 to 10^10, more than
 * the test's time. What is received is checked, so that speed does not come from a wrong order. */
#include "../check.h"

#define W MPI_COMM_WORLD
enum { MANY = 100000, SOME = 10000, LAST = 200000 };

static int senders;

/* Number i, of MANY in all, is sent by rank 1 + i % senders; the value is the number. */
static void send_all(int n)
{
    for (int i = 0; i < n; i++)
        if (rank == 1 + i % senders)
            OK(MPI_Send(&i, 1, MPI_INT, 0, i, W));
    OK(MPI_Send(NULL, 0, MPI_INT, 0, LAST, W));
}

/* All of them have come, and wait. */
static void await_all(void)
{
    for (int r = 1; r < size; r++)
        OK(MPI_Recv(NULL, 0, MPI_INT, r, LAST, W, MPI_STATUS_IGNORE));
}

static int take(int source, int tag)
{
    int got = -1;
    MPI_Status st;
    OK(MPI_Recv(&got, 1, MPI_INT, source, tag, W, &st));
    CHECK(st.MPI_TAG == got && st.MPI_SOURCE == 1 + got % senders);
    return got;
}

/* The newest first, by tag. */
static void unexpected_by_tag(int any)
{
    if (rank > 0) {
        send_all(MANY);
        return;
    }
    await_all();
    for (int i = MANY - 1; i >= 0; i--)
        CHECK(take(any ? MPI_ANY_SOURCE : 1 + i % senders, i) == i);
}

/* From the last sender's first one on: by source with any tag, then all the others in the order in which they came. */
static void unexpected_by_source(void)
{
    if (rank > 0) {
        send_all(MANY);
        return;
    }
    await_all();
    int left = MANY, before[64] = {0};
    for (int i = senders - 1; i < MANY; i += senders, left--)
        CHECK(take(senders, MPI_ANY_TAG) == i);
    for (; left > 0; left--) {
        int got = take(MPI_ANY_SOURCE, MPI_ANY_TAG), from = got % senders;
        CHECK(got >= before[from] && from != senders - 1);
        before[from] = got + 1;
    }
}

/* Looking in vain among many. */
static void probes(void)
{
    if (rank > 0) {
        send_all(MANY);
        return;
    }
    await_all();
    for (int i = 0; i < SOME; i++) {
        int flag;
        OK(MPI_Iprobe(MPI_ANY_SOURCE, LAST + 2 + i, W, &flag, MPI_STATUS_IGNORE));
        CHECK(!flag);
    }
    for (int i = 0; i < MANY; i++)
        CHECK(take(MPI_ANY_SOURCE, i) == i);
}

/* Receives in the reverse of the order in which messages come; every third one with a wildcard. */
static void posted(int n)
{
    static int got[MANY];
    static MPI_Request r[MANY];
    OK(MPI_Barrier(W));
    if (rank == 0)
        for (int i = n - 1; i >= 0; i--)
            OK(MPI_Irecv(&got[i], 1, MPI_INT, i % 3 ? 1 + i % senders : MPI_ANY_SOURCE, i, W, &r[i]));
    OK(MPI_Barrier(W));
    if (rank > 0) {
        send_all(n);
        return;
    }
    OK(MPI_Waitall(n, r, MPI_STATUSES_IGNORE));
    for (int i = 0; i < n; i++)
        CHECK(got[i] == i);
    await_all();
}

/* Cancelled ones leave from the middle. */
static void cancelled(void)
{
    static int got[MANY];
    static MPI_Request r[MANY];
    if (rank > 0)
        return;
    for (int i = 0; i < MANY; i++)
        OK(MPI_Irecv(&got[i], 1, MPI_INT, i % 2 ? MPI_ANY_SOURCE : 1, i % 5 ? i : MPI_ANY_TAG, W, &r[i]));
    for (int i = 0; i < MANY; i++)
        OK(MPI_Cancel(&r[(i * 7919L) % MANY]));
    OK(MPI_Waitall(MANY, r, MPI_STATUSES_IGNORE));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    senders = size - 1;
    unexpected_by_tag(0);
    unexpected_by_tag(1);
    OK(MPI_Barrier(W)); /* what comes next must not be taken for this */
    unexpected_by_source();
    OK(MPI_Barrier(W));
    probes();
    posted(SOME);
    posted(MANY);
    cancelled();
    return end();
}
