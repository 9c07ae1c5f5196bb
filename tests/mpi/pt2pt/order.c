/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Order: every rank sends to every other one messages of random sizes around each protocol's border, in random modes,
 * on two communicators; each carries its number. Receivers take them with and without wildcards, posted early or late:
 * what comes from one sender on one communicator comes in the order of sending. */
#include "../check.h"

enum { MESSAGES = 60, MOST = 140000, POSTED = 8 };
static const int borders[] = {0, 8, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072};
static char *out[64][MESSAGES];
static MPI_Request sent[64 * MESSAGES];
static int sends;
static unsigned seed;

struct head {
    int source, number, bytes;
};

static int some_size(void)
{
    int n = borders[draw(&seed) % (sizeof borders / sizeof *borders)] + (int)(draw(&seed) % 33) - 16;
    return n < (int)sizeof(struct head) ? (int)sizeof(struct head) : n;
}

static void send_all(MPI_Comm c)
{
    sends = 0;
    for (int i = 0; i < MESSAGES; i++)
        for (int k = 0; k < size; k++) {
            int to = (rank + k) % size, n = some_size(), tag = (int)(draw(&seed) % 3);
            char *m = out[to][i] = malloc((size_t)n);
            memset(m, i, (size_t)n);
            memcpy(m, &(struct head){rank, i, n}, sizeof(struct head));
            OK(draw(&seed) % 4 ? MPI_Isend(m, n, MPI_BYTE, to, tag, c, &sent[sends])
                               : MPI_Issend(m, n, MPI_BYTE, to, tag, c, &sent[sends]));
            sends++;
        }
}

static void sent_all(void)
{
    OK(MPI_Waitall(sends, sent, MPI_STATUSES_IGNORE));
    for (int i = 0; i < MESSAGES; i++)
        for (int to = 0; to < size; to++)
            free(out[to][i]);
}

static int next_of[64];

/* What came is the next one of its sender, whole. */
static void look(const char *m, const MPI_Status *st)
{
    struct head h;
    int n;
    OK(MPI_Get_count(st, MPI_BYTE, &n));
    memcpy(&h, m, sizeof h);
    CHECK(h.source == st->MPI_SOURCE && h.bytes == n);
    CHECK(h.number == next_of[h.source]);
    CHECK(n == (int)sizeof h || m[n - 1] == (char)h.number);
    next_of[h.source]++;
}

/* Receives with any tag, a window of them posted at a time, completed in the order of posting. */
static void receive_posted(MPI_Comm c, bool wild)
{
    static char in[POSTED][MOST];
    MPI_Request r[POSTED];
    MPI_Status st;
    int total = MESSAGES * size, posted = 0;
    for (int done = 0; done < total; done++) {
        for (; posted < total && posted < done + POSTED; posted++)
            OK(MPI_Irecv(in[posted % POSTED], MOST, MPI_BYTE, wild ? MPI_ANY_SOURCE : posted % size, MPI_ANY_TAG, c,
                         &r[posted % POSTED]));
        OK(MPI_Wait(&r[done % POSTED], &st));
        look(in[done % POSTED], &st);
    }
}

/* Whatever comes, blocking, probed or matched. */
static void receive_late(MPI_Comm c)
{
    static char in[MOST];
    MPI_Status st;
    MPI_Message m;
    for (int done = 0; done < MESSAGES * size; done++) {
        unsigned how = draw(&seed) % 3;
        if (how == 0) {
            OK(MPI_Recv(in, MOST, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, c, &st));
        } else if (how == 1) {
            OK(MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, c, &st));
            OK(MPI_Recv(in, MOST, MPI_BYTE, st.MPI_SOURCE, st.MPI_TAG, c, &st));
        } else {
            OK(MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, c, &m, &st));
            OK(MPI_Mrecv(in, MOST, MPI_BYTE, &m, &st));
        }
        look(in, &st);
    }
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    CHECK(size <= 64);
    seed = 777u + (unsigned)rank;
    MPI_Comm c[2] = {world};
    OK(MPI_Comm_dup(world, &c[1]));
    for (int round = 0; round < 6; round++) {
        memset(next_of, 0, sizeof next_of);
        send_all(c[round % 2]);
        if (round < 4)
            receive_posted(c[round % 2], round < 2);
        else
            receive_late(c[round % 2]);
        sent_all();
    }
    OK(MPI_Comm_free(&c[1]));
    return end();
}
