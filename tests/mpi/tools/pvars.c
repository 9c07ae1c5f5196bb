/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pvars: performance variables count what happens between start and stop, each handle for itself. Each rank sends to
 * the next, and the last to the first; one alone to itself. */
#include "tools.h"

static MPI_T_pvar_session session;
static int to, from;

/* The message of tag `last` is received when all that were sent before it have come. */
enum { LAST = 99 };

static void unexpected(void)
{
    enum { N = 40, BYTES = 24 };
    char data[BYTES] = {1};
    MPI_Request r[N + 1];
    MPI_Comm dup;
    OK(MPI_Comm_dup(world, &dup));
    MPI_T_pvar_handle length = pvar_open(session, "p2p_unexpected_queue_length", NULL);
    MPI_T_pvar_handle bytes = pvar_open(session, "p2p_unexpected_queue_bytes", NULL);
    MPI_T_pvar_handle most = pvar_open(session, "p2p_unexpected_queue_length_max", NULL);
    MPI_T_pvar_handle count = pvar_open(session, "p2p_unexpected", NULL);
    MPI_T_pvar_handle here = pvar_open(session, "p2p_comm_unexpected_queue_length", &dup);
    MPI_T_pvar_handle there = pvar_open(session, "p2p_comm_unexpected_queue_length", &world);
    OK(MPI_T_pvar_start(session, MPI_T_PVAR_ALL_HANDLES));
    CHECK(pvar_value(session, length) == 0 && pvar_value(session, most) == 0);
    OK(MPI_Barrier(world));
    for (int i = 0; i < N; i++)
        OK(MPI_Isend(data, BYTES, MPI_BYTE, to, i, dup, &r[i]));
    OK(MPI_Isend(data, BYTES, MPI_BYTE, to, LAST, dup, &r[N]));
    OK(MPI_Recv(data, BYTES, MPI_BYTE, from, LAST, dup, MPI_STATUS_IGNORE));
    CHECK(pvar_value(session, length) == N && pvar_value(session, bytes) == N * BYTES);
    CHECK(pvar_value(session, here) == N && pvar_value(session, there) == 0);
    CHECK(pvar_value(session, count) == N || pvar_value(session, count) == N + 1);
    CHECK(pvar_value(session, most) == N || pvar_value(session, most) == N + 1);
    for (int i = 0; i < N; i++) /* with wildcards, for which each message stands in several places */
        OK(MPI_Recv(data, BYTES, MPI_BYTE, MPI_ANY_SOURCE, i % 2 ? MPI_ANY_TAG : i, dup, MPI_STATUS_IGNORE));
    OK(MPI_Waitall(N + 1, r, MPI_STATUSES_IGNORE));
    CHECK(pvar_value(session, length) == 0 && pvar_value(session, bytes) == 0);
    unsigned long long v;
    OK(MPI_T_pvar_readreset(session, most, &v));
    CHECK(v >= N && pvar_value(session, most) == 0);
    OK(MPI_Comm_free(&dup));
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_pvar_read(session, here, &v));
    OK(MPI_T_pvar_handle_free(session, &here));
    OK(MPI_T_pvar_handle_free(session, &there));
    OK(MPI_T_pvar_handle_free(session, &most));
    OK(MPI_T_pvar_handle_free(session, &count));
    OK(MPI_Barrier(world));
}

static void posted(void)
{
    enum { N = 9 };
    int in[N], out = 5;
    MPI_Request r[N];
    MPI_T_pvar_handle all = pvar_open(session, "p2p_posted_queue_length", NULL);
    MPI_T_pvar_handle here = pvar_open(session, "p2p_comm_posted_queue_length", &world);
    for (int i = 0; i < N; i++)
        OK(MPI_Irecv(&in[i], 1, MPI_INT, i % 2 ? MPI_ANY_SOURCE : from, 50 + i, world, &r[i]));
    CHECK(pvar_value(session, all) == N && pvar_value(session, here) == N);
    OK(MPI_Barrier(world));
    for (int i = 0; i < N; i++)
        OK(MPI_Send(&out, 1, MPI_INT, to, 50 + i, world));
    OK(MPI_Waitall(N, r, MPI_STATUSES_IGNORE));
    CHECK(pvar_value(session, all) == 0 && pvar_value(session, here) == 0);
}

/* n messages of so many bytes each. All have come when it returns, and no others can before all ranks are here again.
 */
static void exchange(int n, int bytes)
{
    char *out = calloc(1, (size_t)bytes), *in = malloc((size_t)bytes);
    CHECK(in && out);
    OK(MPI_Barrier(world));
    for (int i = 0; i < n; i++)
        OK(MPI_Sendrecv(out, bytes, MPI_BYTE, to, i, in, bytes, MPI_BYTE, from, i, world, MPI_STATUS_IGNORE));
    free(in);
    free(out);
}

struct pair {
    MPI_T_pvar_handle count, bytes;
};

static struct pair pair_open(const char *count, const char *bytes)
{
    struct pair p = {pvar_open(session, count, NULL), pvar_open(session, bytes, NULL)};
    OK(MPI_T_pvar_start(session, p.count));
    OK(MPI_T_pvar_start(session, p.bytes));
    return p;
}

static bool pair_is(struct pair p, unsigned long long count, unsigned long long bytes)
{
    return pvar_value(session, p.count) == count && pvar_value(session, p.bytes) == bytes;
}

/* Short ones by all the ways that they can be sent and received. */
static void ways(void)
{
    int in = 0, out = 7, flag = 0;
    char strided[64] = {0};
    MPI_Request r;
    MPI_Status s;
    MPI_Message m;
    MPI_Datatype every_other;
    OK(MPI_Type_vector(4, 1, 2, MPI_BYTE, &every_other));
    OK(MPI_Type_commit(&every_other));
    struct pair sent = pair_open("p2p_eager_sent", "p2p_eager_bytes_sent");
    struct pair came = pair_open("p2p_received", "p2p_eager_bytes_received");
    OK(MPI_Barrier(world)); /* nobody's message comes before all count */
    OK(MPI_Isend(&out, 1, MPI_INT, to, 1, world, &r));
    OK(MPI_Recv(&in, 1, MPI_INT, from, 1, world, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Irecv(&in, 1, MPI_INT, from, 2, world, &r));
    OK(MPI_Send(&out, 1, MPI_INT, to, 2, world));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Send_init(&out, 1, MPI_INT, to, 3, world, &r));
    OK(MPI_Start(&r));
    while (!flag)
        OK(MPI_Iprobe(from, 3, world, &flag, &s));
    OK(MPI_Recv(&in, 1, MPI_INT, from, 3, world, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Request_free(&r));
    OK(MPI_Isend(strided, 1, every_other, to, 4, world, &r));
    OK(MPI_Mprobe(from, 4, world, &m, &s));
    OK(MPI_Mrecv(strided, 1, every_other, &m, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(in == 7 && pair_is(sent, 4, 16) && pair_is(came, 4, 16));
    OK(MPI_Type_free(&every_other));
    OK(MPI_Barrier(world));
    OK(MPI_T_pvar_handle_free(session, &sent.count));
    OK(MPI_T_pvar_handle_free(session, &sent.bytes));
    OK(MPI_T_pvar_handle_free(session, &came.count));
    OK(MPI_T_pvar_handle_free(session, &came.bytes));
}

static void paths(void)
{
    enum { LONG = 200000 };
    struct pair eager = pair_open("p2p_eager_sent", "p2p_eager_bytes_sent");
    struct pair announced = pair_open("p2p_rendezvous_sent", "p2p_rendezvous_bytes_sent");
    struct pair copies = pair_open("p2p_one_copy_bytes_received", "p2p_two_copy_bytes_received");
    MPI_T_pvar_handle came = pvar_open(session, "p2p_received", NULL);
    exchange(3, 100);
    CHECK(pair_is(eager, 3, 300) && pair_is(announced, 0, 0) && pvar_value(session, came) == 0);
    OK(MPI_T_pvar_start(session, came));
    exchange(5, LONG);
    CHECK(pair_is(eager, 3, 300) && pair_is(announced, 5, 5 * LONG) && pvar_value(session, came) == 5);
    CHECK(pvar_value(session, copies.count) + pvar_value(session, copies.bytes) == 5 * LONG);
    int out = 1, in;
    MPI_Request r;
    OK(MPI_Barrier(world));
    OK(MPI_Issend(&out, 1, MPI_INT, to, 0, world, &r));
    OK(MPI_Recv(&in, 1, MPI_INT, from, 0, world, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(pair_is(eager, 3, 300) && pair_is(announced, 6, 5 * LONG + 4) && pvar_value(session, came) == 6);

    /* Stopped, written, read and reset; and one that nobody has started counts nothing. */
    MPI_T_pvar_handle other = pvar_open(session, "p2p_eager_sent", NULL);
    unsigned long long v = 1000;
    OK(MPI_T_pvar_stop(session, eager.count));
    OK(MPI_T_pvar_stop(session, eager.count));
    exchange(2, 8);
    CHECK(pair_is(eager, 3, 316) && pvar_value(session, other) == 0);
    OK(MPI_T_pvar_write(session, eager.count, &v));
    OK(MPI_T_pvar_start(session, MPI_T_PVAR_ALL_HANDLES));
    exchange(2, 8);
    CHECK(pair_is(eager, 1002, 332) && pvar_value(session, other) == 2);
    OK(MPI_T_pvar_readreset(session, eager.count, &v));
    CHECK(v == 1002 && pvar_value(session, eager.count) == 0);
    exchange(1, 8);
    CHECK(pair_is(eager, 1, 340) && pvar_value(session, other) == 3);
    OK(MPI_T_pvar_reset(session, MPI_T_PVAR_ALL_HANDLES));
    CHECK(pair_is(eager, 0, 0) && pair_is(announced, 0, 0) && pvar_value(session, other) == 0);
    OK(MPI_T_pvar_stop(session, MPI_T_PVAR_ALL_HANDLES));
    exchange(1, 8);
    CHECK(pair_is(eager, 0, 0) && pvar_value(session, other) == 0);
}

/* Two tools at once; one leaves with what it has started. */
static void sessions(void)
{
    MPI_T_pvar_session mine, theirs;
    OK(MPI_T_pvar_session_create(&mine));
    OK(MPI_T_pvar_session_create(&theirs));
    MPI_T_pvar_handle a = pvar_open(mine, "p2p_eager_sent", NULL), b = pvar_open(theirs, "p2p_eager_sent", NULL);
    unsigned long long v;
    OK(MPI_T_pvar_start(mine, MPI_T_PVAR_ALL_HANDLES));
    exchange(1, 8);
    OK(MPI_T_pvar_start(theirs, b));
    exchange(1, 8);
    CHECK(pvar_value(mine, a) == 2 && pvar_value(theirs, b) == 1);
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_pvar_read(mine, b, &v));
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_pvar_start(mine, b));
    TFAILS(MPI_T_ERR_INVALID_HANDLE, MPI_T_pvar_handle_free(mine, &b));
    OK(MPI_T_pvar_session_free(&mine));
    CHECK(mine == MPI_T_PVAR_SESSION_NULL);
    exchange(1, 8);
    CHECK(pvar_value(theirs, b) == 2);
    OK(MPI_T_pvar_session_free(&theirs));
}

int main(int argc, char **argv)
{
    int provided;
    begin(&argc, &argv);
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    to = (rank + 1) % size;
    from = (rank + size - 1) % size;
    OK(MPI_T_pvar_session_create(&session));
    unexpected();
    posted();
    ways();
    paths();
    sessions();
    OK(MPI_T_pvar_session_free(&session));
    OK(MPI_T_finalize());
    return end();
}
