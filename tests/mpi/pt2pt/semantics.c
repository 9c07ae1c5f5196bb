/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the standard promises of messages: order whatever the size, wildcards, modes, probes, matched probes, persistent
 * requests, cancel, truncation, MPI_PROC_NULL, empty and inactive requests. Between rank 0 and the last one, which may
 * be the same process. */
#include <time.h>
#include "../check.h"

#define W MPI_COMM_WORLD
static int peer;

/* Long, short, long, ...: received in the order of sending, wild or not. */
static void order(void)
{
    enum { N = 60 };
    static const int sizes[] = {1, 100000, 30, 5000, 0, 20000};
    static char buf[N][100000], in[100000];
    MPI_Request r[N];
    MPI_Status st;
    if (rank == 0)
        for (int i = 0; i < N; i++) {
            memset(buf[i], i, 100000);
            OK(MPI_Isend(buf[i], sizes[i % 6], MPI_BYTE, peer, i % 2, W, &r[i]));
        }
    if (rank == peer) {
        int next[2] = {0, 1}, n;
        for (int i = 0; i < N; i++) {
            int tag = i % 3 == 0 ? MPI_ANY_TAG : i % 2;
            if (tag >= 0 && next[tag] >= N)
                tag = MPI_ANY_TAG;
            OK(MPI_Recv(in, 100000, MPI_BYTE, i % 4 ? 0 : MPI_ANY_SOURCE, tag, W, &st));
            OK(MPI_Get_count(&st, MPI_BYTE, &n));
            int k = next[st.MPI_TAG];
            if (tag == MPI_ANY_TAG)
                CHECK(k == (next[0] < next[1] ? next[0] : next[1]));
            CHECK(st.MPI_SOURCE == 0 && n == sizes[k % 6] && (n == 0 || (in[0] == k && in[n - 1] == k)));
            next[st.MPI_TAG] += 2;
        }
    }
    if (rank == 0)
        OK(MPI_Waitall(N, r, MPI_STATUSES_IGNORE));
}

static void modes(void)
{
    static char attached[200000];
    void *back;
    int n, x = 42, y = 0, bytes;
    MPI_Request r;
    OK(MPI_Buffer_attach(attached, sizeof attached));
    if (rank == peer)
        OK(MPI_Irecv(&y, 1, MPI_INT, 0, 3, W, &r));
    if (rank == 0) {
        OK(MPI_Bsend(&x, 1, MPI_INT, peer, 3, W));
        FAILS(MPI_ERR_BUFFER, MPI_Bsend(attached, 300000, MPI_BYTE, peer, 3, W));
    }
    if (rank == peer) {
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
        CHECK(y == 42 && r == MPI_REQUEST_NULL);
    }
    OK(MPI_Buffer_detach(&back, &n));
    CHECK(back == attached && n == sizeof attached);
    /* A synchronous send is not complete before its receive has begun. */
    if (rank == 0) {
        int flag = 1;
        OK(MPI_Issend(&x, 1, MPI_INT, peer, 4, W, &r));
        for (int i = 0; i < 1000 && peer != 0; i++) {
            OK(MPI_Test(&r, &flag, MPI_STATUS_IGNORE));
            CHECK(!flag);
        }
        if (peer != 0)
            OK(MPI_Send(&x, 1, MPI_INT, peer, 5, W));
    }
    if (rank == peer) {
        if (peer != 0)
            OK(MPI_Recv(&y, 1, MPI_INT, 0, 5, W, MPI_STATUS_IGNORE));
        OK(MPI_Recv(&y, 1, MPI_INT, 0, 4, W, MPI_STATUS_IGNORE));
    }
    if (rank == 0)
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Pack_size(1, MPI_INT, W, &bytes));
    CHECK(bytes == 4);
}

static void probes(void)
{
    int x[3] = {1, 2, 3}, y[3], n, flag;
    MPI_Status st;
    MPI_Message m;
    MPI_Request r[2];
    if (rank == 0) {
        OK(MPI_Isend(x, 3, MPI_INT, peer, 7, W, &r[0]));
        OK(MPI_Isend(x, 1, MPI_INT, peer, 8, W, &r[1]));
    }
    if (rank == peer) {
        OK(MPI_Probe(MPI_ANY_SOURCE, 8, W, &st));
        OK(MPI_Get_count(&st, MPI_INT, &n));
        CHECK(n == 1 && st.MPI_SOURCE == 0 && st.MPI_TAG == 8);
        OK(MPI_Mprobe(0, MPI_ANY_TAG, W, &m, &st));
        CHECK(st.MPI_TAG == 7);
        OK(MPI_Iprobe(0, 7, W, &flag, &st));
        CHECK(!flag);
        OK(MPI_Mrecv(y, 3, MPI_INT, &m, &st));
        CHECK(y[2] == 3 && m == MPI_MESSAGE_NULL);
        FAILS(MPI_ERR_TRUNCATE, MPI_Recv(y, 0, MPI_INT, 0, 8, W, &st));
    }
    if (rank == 0)
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    OK(MPI_Mprobe(MPI_PROC_NULL, 0, W, &m, &st));
    CHECK(m == MPI_MESSAGE_NO_PROC && st.MPI_SOURCE == MPI_PROC_NULL);
    OK(MPI_Mrecv(y, 1, MPI_INT, &m, &st));
    CHECK(st.MPI_SOURCE == MPI_PROC_NULL && st.MPI_TAG == MPI_ANY_TAG);
}

static void persistent(void)
{
    static int x[20000], y[20000];
    MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    MPI_Status st;
    int flag;
    if (rank == 0)
        OK(MPI_Send_init(x, 20000, MPI_INT, peer, 9, W, &r[0]));
    if (rank == peer)
        OK(MPI_Recv_init(y, 20000, MPI_INT, 0, 9, W, &r[1]));
    for (int i = 0; i < 10; i++) {
        x[19999] = i;
        if (rank == peer)
            OK(MPI_Start(&r[1]));
        if (rank == 0)
            OK(MPI_Start(&r[0]));
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        CHECK(rank != peer || y[19999] == i);
    }
    for (int k = 0; k < 2; k++)
        if (r[k] != MPI_REQUEST_NULL) {
            OK(MPI_Test(&r[k], &flag, &st));
            CHECK(flag && st.MPI_SOURCE == MPI_ANY_SOURCE && st.MPI_TAG == MPI_ANY_TAG);
            FAILS(MPI_ERR_REQUEST, MPI_Cancel(&r[k]));
            OK(MPI_Request_free(&r[k]));
        }
}

static void others(void)
{
    int x = rank, y = -1, n, index, flag, right = (rank + 1) % size, left = (rank + size - 1) % size;
    MPI_Request r, two[2];
    MPI_Status st;
    OK(MPI_Irecv(&y, 1, MPI_INT, MPI_ANY_SOURCE, 77, W, &r));
    OK(MPI_Cancel(&r));
    OK(MPI_Wait(&r, &st));
    OK(MPI_Test_cancelled(&st, &flag));
    CHECK(flag);
    OK(MPI_Sendrecv_replace(&x, 1, MPI_INT, right, 1, left, 1, W, &st));
    CHECK(x == left && st.MPI_SOURCE == left);
    x = rank;
    OK(MPI_Isendrecv(&x, 1, MPI_INT, right, 2, &y, 1, MPI_INT, left, 2, W, &r));
    OK(MPI_Wait(&r, &st));
    CHECK(y == left && st.MPI_SOURCE == left);
    OK(MPI_Isendrecv_replace(&x, 1, MPI_INT, right, 2, left, 2, W, &r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(x == left);
    OK(MPI_Sendrecv(&x, 1, MPI_INT, MPI_PROC_NULL, 0, &y, 1, MPI_INT, MPI_PROC_NULL, 0, W, &st));
    OK(MPI_Get_count(&st, MPI_INT, &n));
    CHECK(n == 0 && st.MPI_SOURCE == MPI_PROC_NULL);
    two[0] = two[1] = MPI_REQUEST_NULL;
    OK(MPI_Waitany(2, two, &index, &st));
    CHECK(index == MPI_UNDEFINED);
    OK(MPI_Testsome(2, two, &n, &index, MPI_STATUSES_IGNORE));
    CHECK(n == MPI_UNDEFINED);
    FAILS(MPI_ERR_RANK, MPI_Send(&x, 1, MPI_INT, size, 0, W));
    FAILS(MPI_ERR_TAG, MPI_Send(&x, 1, MPI_INT, 0, -5, W));
    FAILS(MPI_ERR_COUNT, MPI_Send(&x, -1, MPI_INT, 0, 0, W));
    FAILS(MPI_ERR_TYPE, MPI_Send(&x, 1, MPI_DATATYPE_NULL, 0, 0, W));
    FAILS(MPI_ERR_COMM, MPI_Send(&x, 1, MPI_INT, 0, 0, MPI_COMM_NULL));
}

/* Vectors to vectors and to bytes, long enough to be read from the sender's memory, or to travel in pieces. */
static void irregular(void)
{
    enum { N = 50000 };
    static int a[2 * N], b[3 * N];
    MPI_Datatype v2, v3;
    MPI_Request r;
    OK(MPI_Type_vector(N, 1, 2, MPI_INT, &v2));
    OK(MPI_Type_vector(N / 500, 500, 1500, MPI_INT, &v3));
    OK(MPI_Type_commit(&v2));
    OK(MPI_Type_commit(&v3));
    for (int how = 0; how < 4; how++) {
        for (int i = 0; i < 2 * N; i++)
            a[i] = i;
        memset(b, 0xff, sizeof b);
        if (rank == 0)
            OK(how % 2 ? MPI_Isend(a, 1, v2, peer, how, W, &r) : MPI_Isend(a, N, MPI_INT, peer, how, W, &r));
        if (rank == peer) {
            OK(how / 2 ? MPI_Recv(b, 1, v3, 0, how, W, MPI_STATUS_IGNORE)
                       : MPI_Recv(b, N, MPI_INT, 0, how, W, MPI_STATUS_IGNORE));
            for (int i = 0; i < N; i++)
                CHECK(b[how / 2 ? i / 500 * 1500 + i % 500 : i] == (how % 2 ? 2 * i : i));
        }
        if (rank == 0)
            OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    }
    OK(MPI_Type_free(&v2));
    OK(MPI_Type_free(&v3));
}

/* Many unexpected messages, many receives in the wrong order: fast, and all arrive. */
static void hostile(void)
{
    enum { MANY = 100000, POSTED = 10000 };
    static int in[POSTED];
    static MPI_Request r[POSTED];
    clock_t t = clock();
    int x;
    if (rank == 0)
        for (int i = 0; i < MANY; i++)
            OK(MPI_Send(&i, 1, MPI_INT, peer, i, W));
    if (rank == peer)
        for (int i = MANY; i-- > 0;) {
            OK(MPI_Recv(&x, 1, MPI_INT, 0, i, W, MPI_STATUS_IGNORE));
            CHECK(x == i);
        }
    if (rank == peer)
        for (int i = POSTED; i-- > 0;)
            OK(MPI_Irecv(&in[i], 1, MPI_INT, 0, i, W, &r[i]));
    if (rank == 0)
        for (int i = 0; i < POSTED; i++)
            OK(MPI_Send(&i, 1, MPI_INT, peer, i, W));
    if (rank == peer) {
        OK(MPI_Waitall(POSTED, r, MPI_STATUSES_IGNORE));
        for (int i = 0; i < POSTED; i++)
            CHECK(in[i] == i);
    }
    CHECK((clock() - t) / CLOCKS_PER_SEC < 30); /* of processor time: others may want it too */
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    peer = size - 1;
    /* A barrier after each: wildcards must not take what belongs to the next. */
    void (*const parts[])(void) = {order, modes, probes, persistent, others, irregular, hostile};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        parts[i]();
        OK(MPI_Barrier(W));
    }
    return end();
}
