/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every mode of sending (standard, buffered, synchronous, ready) in every form (blocking, nonblocking, persistent, with
 * int and with MPI_Count), every form of receiving, at sizes on both sides of each protocol's border; buffers of all
 * three kinds. Messages go around a ring, and to oneself where there is one rank. */
#include "../check.h"

enum { MOST = 300000 };
#define W world
static const int sizes[] = {0, 1, 7, 8, 9, 63, 64, 65, 1000, 4095, 4096, 4097, 8192, 16385, 32767, 65536, 65537, MOST};
enum { SIZES = sizeof sizes / sizeof *sizes };
static unsigned char out[MOST], in[MOST];
static int to, from;

typedef int send_now(const void *, int, MPI_Datatype, int, int, MPI_Comm);
typedef int send_now_c(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm);
typedef int send_later(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
typedef int send_later_c(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
static const struct {
    send_now *now;
    send_now_c *now_c;
    send_later *later, *init;
    send_later_c *later_c, *init_c;
} modes[] = {{MPI_Send, MPI_Send_c, MPI_Isend, MPI_Send_init, MPI_Isend_c, MPI_Send_init_c},
             {MPI_Bsend, MPI_Bsend_c, MPI_Ibsend, MPI_Bsend_init, MPI_Ibsend_c, MPI_Bsend_init_c},
             {MPI_Ssend, MPI_Ssend_c, MPI_Issend, MPI_Ssend_init, MPI_Issend_c, MPI_Ssend_init_c},
             {MPI_Rsend, MPI_Rsend_c, MPI_Irsend, MPI_Rsend_init, MPI_Irsend_c, MPI_Rsend_init_c}};
enum { MODES = 4, FORMS = 6 };

static void send_as(int mode, int form, int n, int tag)
{
    MPI_Request r = MPI_REQUEST_NULL;
    switch (form) {
    case 0:
        OK(modes[mode].now(out, n, MPI_BYTE, to, tag, W));
        return;
    case 1:
        OK(modes[mode].now_c(out, n, MPI_BYTE, to, tag, W));
        return;
    case 2:
        OK(modes[mode].later(out, n, MPI_BYTE, to, tag, W, &r));
        break;
    case 3:
        OK(modes[mode].later_c(out, n, MPI_BYTE, to, tag, W, &r));
        break;
    default:
        OK(form == 4 ? modes[mode].init(out, n, MPI_BYTE, to, tag, W, &r)
                     : modes[mode].init_c(out, n, MPI_BYTE, to, tag, W, &r));
        OK(MPI_Start(&r));
    }
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    if (form >= 4)
        OK(MPI_Request_free(&r));
    CHECK(r == MPI_REQUEST_NULL);
}

/* Every rank posts its receive, tells who sends to it that it is ready, and sends. */
static void around(int mode, int form, int n, int tag)
{
    MPI_Request r;
    MPI_Status st;
    MPI_Count got;
    unsigned char mark = (unsigned char)(rank * 31 + tag), want = (unsigned char)(from * 31 + tag);
    memset(out, mark, (size_t)n);
    memset(in, want + 1, (size_t)n + (n < MOST));
    if (form % 2)
        OK(MPI_Irecv_c(in, n, MPI_BYTE, from, tag, W, &r));
    else
        OK(MPI_Irecv(in, n, MPI_BYTE, from, tag, W, &r));
    OK(MPI_Sendrecv(NULL, 0, MPI_INT, from, 9999, NULL, 0, MPI_INT, to, 9999, W, MPI_STATUS_IGNORE));
    send_as(mode, form, n, tag);
    OK(MPI_Wait(&r, &st));
    OK(MPI_Get_count_c(&st, MPI_BYTE, &got));
    CHECK(got == n && st.MPI_SOURCE == from && st.MPI_TAG == tag);
    for (int i = 0; i < n; i++)
        if (in[i] != want)
            CHECK(in[i] == want);
    CHECK(n == MOST || in[n] == (unsigned char)(want + 1));
}

static void all_modes(void)
{
    for (int mode = 0; mode < MODES; mode++)
        for (int form = 0; form < FORMS; form++)
            for (int i = 0; i < SIZES; i++)
                around(mode, form, sizes[i], mode * 1000 + form * 100 + i);
}

/* One message, received in each way that there is. */
enum { WAYS = 12 };
static void receive(int way, int n, int tag)
{
    MPI_Request r = MPI_REQUEST_NULL;
    MPI_Message m;
    MPI_Status st;
    int got = -1, flag = 0;
    switch (way) {
    case 0:
        OK(MPI_Recv(in, n, MPI_BYTE, from, tag, W, &st));
        break;
    case 1:
        OK(MPI_Recv_c(in, n, MPI_BYTE, MPI_ANY_SOURCE, tag, W, &st));
        break;
    case 2:
        OK(MPI_Irecv(in, n, MPI_BYTE, from, MPI_ANY_TAG, W, &r));
        break;
    case 3:
        OK(MPI_Recv_init(in, n, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, W, &r));
        OK(MPI_Start(&r));
        break;
    case 4:
        OK(MPI_Recv_init_c(in, n, MPI_BYTE, from, tag, W, &r));
        OK(MPI_Startall(1, &r));
        break;
    case 5:
        OK(MPI_Mprobe(MPI_ANY_SOURCE, tag, W, &m, &st));
        OK(MPI_Mrecv(in, n, MPI_BYTE, &m, &st));
        break;
    case 6:
        OK(MPI_Mprobe(from, MPI_ANY_TAG, W, &m, &st));
        OK(MPI_Mrecv_c(in, n, MPI_BYTE, &m, &st));
        break;
    case 7:
        while (!flag)
            OK(MPI_Improbe(from, tag, W, &flag, &m, &st));
        OK(MPI_Imrecv(in, n, MPI_BYTE, &m, &r));
        CHECK(m == MPI_MESSAGE_NULL);
        break;
    case 8:
        while (!flag)
            OK(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, W, &flag, &m, &st));
        OK(MPI_Imrecv_c(in, n, MPI_BYTE, &m, &r));
        break;
    case 9:
        OK(MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, W, &st));
        OK(MPI_Get_count(&st, MPI_BYTE, &got));
        CHECK(got == n);
        OK(MPI_Recv(in, got, MPI_BYTE, st.MPI_SOURCE, st.MPI_TAG, W, &st));
        break;
    case 10:
        while (!flag)
            OK(MPI_Iprobe(from, tag, W, &flag, &st));
        OK(MPI_Recv(in, n, MPI_BYTE, st.MPI_SOURCE, st.MPI_TAG, W, &st));
        break;
    default:
        OK(MPI_Recv(in, n < MOST ? n + 1 : n, MPI_BYTE, from, tag, W, &st)); /* shorter than its receive */
    }
    if (r != MPI_REQUEST_NULL)
        OK(MPI_Wait(&r, &st));
    if (r != MPI_REQUEST_NULL)
        OK(MPI_Request_free(&r));
    OK(MPI_Get_count(&st, MPI_BYTE, &got));
    CHECK(got == n && st.MPI_SOURCE == from && st.MPI_TAG == tag);
}

static void all_receives(void)
{
    for (int way = 0; way < WAYS; way++)
        for (int i = 0; i < SIZES; i++) {
            MPI_Request r;
            int n = sizes[i], tag = way * 100 + i;
            memset(out, rank + tag, (size_t)n);
            memset(in, from + tag + 1, (size_t)n);
            OK(MPI_Isend(out, n, MPI_BYTE, to, tag, W, &r));
            receive(way, n, tag);
            for (int k = 0; k<n; k += n> 100 ? n - 1 : 1)
                CHECK(in[k] == (unsigned char)(from + tag));
            OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
            OK(MPI_Barrier(W));
        }
}

/* Send and receive at once; in place. */
static void exchanges(void)
{
    MPI_Request r[2];
    MPI_Status st;
    for (int i = 0; i < SIZES; i++)
        for (int how = 0; how < 8; how++) {
            int n = sizes[i];
            memset(out, rank + how, (size_t)n);
            memset(in, 0xee, (size_t)n);
            unsigned char *got = how % 4 < 2 ? in : out;
            r[0] = r[1] = MPI_REQUEST_NULL;
            if (how == 0)
                OK(MPI_Sendrecv(out, n, MPI_BYTE, to, 1, in, n, MPI_BYTE, from, 1, W, &st));
            else if (how == 1)
                OK(MPI_Sendrecv_c(out, n, MPI_BYTE, to, 1, in, n, MPI_BYTE, MPI_ANY_SOURCE, 1, W, &st));
            else if (how == 2)
                OK(MPI_Sendrecv_replace(out, n, MPI_BYTE, to, 1, from, 1, W, &st));
            else if (how == 3)
                OK(MPI_Sendrecv_replace_c(out, n, MPI_BYTE, to, 1, from, 1, W, &st));
            else if (how == 4)
                OK(MPI_Isendrecv(out, n, MPI_BYTE, to, 1, in, n, MPI_BYTE, from, 1, W, &r[0]));
            else if (how == 5)
                OK(MPI_Isendrecv_c(out, n, MPI_BYTE, to, 1, in, n, MPI_BYTE, from, 1, W, &r[0]));
            else if (how == 6)
                OK(MPI_Isendrecv_replace(out, n, MPI_BYTE, to, 1, from, 1, W, &r[0]));
            else
                OK(MPI_Isendrecv_replace_c(out, n, MPI_BYTE, to, 1, from, 1, W, &r[0]));
            if (how >= 4)
                OK(MPI_Wait(&r[0], &st));
            int count;
            OK(MPI_Get_count(&st, MPI_BYTE, &count));
            CHECK(st.MPI_SOURCE == from && st.MPI_TAG == 1 && count == n);
            CHECK(n == 0 || (got[0] == (unsigned char)(from + how) && got[n - 1] == (unsigned char)(from + how)));
        }
}

/* Buffered sends leave the caller's buffer at once, whatever their buffer is: the process's, the communicator's own, or
 * one that the library makes as it goes. */
static void buffered(int kind)
{
    enum { N = 50, ROOM = 8 << 20 };
    static char mine[ROOM];
    static int x[20000], y[20000];
    MPI_Comm c;
    void *back;
    int n;
    MPI_Count n_c;
    void *buffer = kind >= 2 ? MPI_BUFFER_AUTOMATIC : mine;
    int room = kind >= 2 ? 0 : ROOM;
    OK(MPI_Comm_dup(W, &c));
    if (kind % 2) {
        OK(MPI_Comm_attach_buffer(c, buffer, room));
        FAILS(MPI_ERR_BUFFER, MPI_Comm_attach_buffer(c, buffer, room));
    } else {
        OK(MPI_Buffer_attach(buffer, room));
        FAILS(MPI_ERR_BUFFER, MPI_Buffer_attach(buffer, room));
    }
    for (int i = 0; i < N; i++) {
        int count = i % 2 ? 20000 : 5;
        for (int k = 0; k < count; k++)
            x[k] = i + rank;
        OK(MPI_Bsend(x, count, MPI_INT, to, i, c));
        memset(x, 0xff, sizeof x);
    }
    for (int i = 0; i < N; i++) {
        int count = i % 2 ? 20000 : 5;
        OK(MPI_Recv(y, count, MPI_INT, from, i, c, MPI_STATUS_IGNORE));
        for (int k = 0; k < count; k++)
            if (y[k] != i + from)
                CHECK(y[k] == i + from);
    }
    OK(kind % 2 ? MPI_Comm_flush_buffer(c) : MPI_Buffer_flush());
    if (kind % 2)
        OK(MPI_Comm_detach_buffer_c(c, &back, &n_c));
    else if (kind == 0)
        OK(MPI_Buffer_detach(&back, &n));
    else
        OK(MPI_Buffer_detach_c(&back, &n_c));
    CHECK(back == buffer && (kind == 0 ? n == room : n_c == room));
    OK(MPI_Comm_free(&c));
}

/* There is room for one message, which is received before the next one is sent: the room is always found. */
static void one_at_a_time(int n)
{
    char *room = malloc((size_t)n + MPI_BSEND_OVERHEAD);
    OK(MPI_Buffer_attach(room, n + MPI_BSEND_OVERHEAD));
    for (int i = 0; i < 300; i++) {
        if (rank == 0)
            OK(MPI_Bsend(out, n, MPI_BYTE, size - 1, 3, W));
        if (rank == size - 1)
            OK(MPI_Recv(in, n, MPI_BYTE, 0, 3, W, MPI_STATUS_IGNORE));
        OK(MPI_Barrier(W));
    }
    OK(MPI_Buffer_detach(&room, &n));
    free(room);
}

static void no_buffer(void)
{
    int x = 0;
    void *back;
    if (to != rank)
        FAILS(MPI_ERR_BUFFER, MPI_Bsend(&x, 1, MPI_INT, to, 0, W));
    OK(MPI_Bsend(&x, 1, MPI_INT, MPI_PROC_NULL, 0, W));
    OK(MPI_Buffer_attach_c(out, sizeof out));
    OK(MPI_Buffer_detach(&back, &x));
    CHECK(back == out && x == sizeof out);
}

/* Nothing goes to or comes from MPI_PROC_NULL, in all forms. */
static void nobody(void)
{
    MPI_Request r[9];
    MPI_Status st[9];
    MPI_Message m;
    int flag, x = 5, n;
    for (int mode = 0; mode < MODES; mode++) {
        OK(modes[mode].now(&x, 1, MPI_INT, MPI_PROC_NULL, 0, W));
        OK(modes[mode].later(&x, 1, MPI_INT, MPI_PROC_NULL, 0, W, &r[mode]));
        OK(modes[mode].init(&x, 1, MPI_INT, MPI_PROC_NULL, 0, W, &r[mode + 4]));
    }
    OK(MPI_Recv_init(&x, 1, MPI_INT, MPI_PROC_NULL, 3, W, &r[8]));
    OK(MPI_Startall(5, r + 4));
    OK(MPI_Waitall(9, r, st));
    CHECK(st[8].MPI_SOURCE == MPI_PROC_NULL && st[8].MPI_TAG == MPI_ANY_TAG && x == 5);
    for (int i = 4; i < 9; i++)
        OK(MPI_Request_free(&r[i]));
    OK(MPI_Probe(MPI_PROC_NULL, 0, W, st));
    OK(MPI_Get_count(st, MPI_INT, &n));
    CHECK(st->MPI_SOURCE == MPI_PROC_NULL && st->MPI_TAG == MPI_ANY_TAG && n == 0);
    OK(MPI_Iprobe(MPI_PROC_NULL, 0, W, &flag, st));
    CHECK(flag && st->MPI_SOURCE == MPI_PROC_NULL);
    OK(MPI_Improbe(MPI_PROC_NULL, 0, W, &flag, &m, st));
    CHECK(flag && m == MPI_MESSAGE_NO_PROC);
    OK(MPI_Imrecv(&x, 1, MPI_INT, &m, r));
    OK(MPI_Wait(r, st));
    CHECK(m == MPI_MESSAGE_NULL && st->MPI_SOURCE == MPI_PROC_NULL && x == 5);
    OK(MPI_Isendrecv(&x, 1, MPI_INT, MPI_PROC_NULL, 0, &n, 1, MPI_INT, MPI_PROC_NULL, 0, W, r));
    OK(MPI_Wait(r, st));
    CHECK(st->MPI_SOURCE == MPI_PROC_NULL);
    OK(MPI_Sendrecv_replace(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_PROC_NULL, 0, W, st));
    CHECK(x == 5);
}

/* No type is needed for what goes nowhere; any other wrong type is wrong nevertheless. */
static void nobody_and_no_type(void)
{
    const MPI_Datatype none = MPI_DATATYPE_NULL;
    MPI_Request r;
    MPI_Status st;
    MPI_Datatype raw;
    int x = 5;
    OK(MPI_Irecv(NULL, 0, none, MPI_PROC_NULL, 0, W, &r));
    OK(MPI_Wait(&r, &st));
    CHECK(st.MPI_SOURCE == MPI_PROC_NULL);
    OK(MPI_Recv(NULL, 0, none, MPI_PROC_NULL, 0, W, &st));
    OK(MPI_Send_c(NULL, 0, none, MPI_PROC_NULL, 0, W));
    OK(MPI_Sendrecv(&x, 1, MPI_INT, to, 4, NULL, 0, none, MPI_PROC_NULL, 0, W, &st));
    OK(MPI_Sendrecv(NULL, 0, none, MPI_PROC_NULL, 0, &x, 1, MPI_INT, from, 4, W, &st));
    OK(MPI_Sendrecv_replace(NULL, 0, none, MPI_PROC_NULL, 0, MPI_PROC_NULL, 0, W, &st));
    FAILS(MPI_ERR_TYPE, MPI_Irecv(NULL, 0, none, from, 0, W, &r));
    FAILS(MPI_ERR_TYPE, MPI_Recv(NULL, 0, none, MPI_ANY_SOURCE, 0, W, &st));
    FAILS(MPI_ERR_TYPE, MPI_Sendrecv(&x, 1, MPI_INT, MPI_PROC_NULL, 4, NULL, 0, none, from, 0, W, &st));
    FAILS(MPI_ERR_TYPE, MPI_Sendrecv_replace(NULL, 0, none, to, 0, MPI_PROC_NULL, 0, W, &st));
    OK(MPI_Type_contiguous(1, MPI_INT, &raw));
    FAILS(MPI_ERR_TYPE, MPI_Recv(&x, 1, raw, MPI_PROC_NULL, 0, W, &st));
    OK(MPI_Type_free(&raw));
}

/* Three bytes that are received as an int are no whole one: the count says so, and the receive has done what it could.
 * So it is with other libraries too, and whoever asks for the count learns of it. */
static void part_of_an_element(void)
{
    MPI_Status st;
    int x[2] = {0, 0}, n;
    char three[3] = {1, 2, 3};
    OK(MPI_Sendrecv(three, 3, MPI_BYTE, to, 5, x, 2, MPI_INT, from, 5, W, &st));
    OK(MPI_Get_count(&st, MPI_INT, &n));
    CHECK(n == MPI_UNDEFINED && memcmp(x, three, 3) == 0 && x[1] == 0);
    OK(MPI_Get_elements(&st, MPI_INT, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Get_count(&st, MPI_BYTE, &n));
    CHECK(n == 3);
}

int main(int argc, char **argv)
{
    static char room[4 << 20];
    void *back;
    int n;
    begin(&argc, &argv);
    to = (rank + 1) % size;
    from = (rank + size - 1) % size;
    no_buffer();
    for (int kind = 0; kind < 4; kind++)
        buffered(kind);
    one_at_a_time(100);
    one_at_a_time(20000);
    one_at_a_time(MOST);
    OK(MPI_Buffer_attach(room, sizeof room));
    all_modes();
    nobody();
    nobody_and_no_type();
    part_of_an_element();
    OK(MPI_Buffer_detach(&back, &n));
    all_receives();
    exchanges();
    return end();
}
