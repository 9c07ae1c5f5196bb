/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Buffers attached to a session and to a communicator: a communicator's own comes before its session's, a session's
 * before none; one session's is not another's; automatic ones; detach and flush wait, iflush does not. */
#include "../check.h"

enum { COUNT = 25000, BYTES = COUNT * sizeof(int) + MPI_BSEND_OVERHEAD };
static int data[COUNT], got[COUNT];

static MPI_Comm self_of(MPI_Session s, const char *tag)
{
    MPI_Group g;
    MPI_Comm c;
    OK(MPI_Group_from_session_pset(s, "mpi://SELF", &g));
    OK(MPI_Comm_create_from_group(g, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
    OK(MPI_Group_free(&g));
    return c;
}

static void receive(MPI_Comm c, int value)
{
    OK(MPI_Recv(got, COUNT, MPI_INT, 0, 1, c, MPI_STATUS_IGNORE));
    CHECK(got[0] == value && got[COUNT - 1] == value);
}

static int send(MPI_Comm c, int value)
{
    for (int i = 0; i < COUNT; i++)
        data[i] = value;
    return MPI_Bsend(data, COUNT, MPI_INT, 0, 1, c);
}

static void which(MPI_Session a, MPI_Session b)
{
    static char of_a[BYTES], of_comm[2 * BYTES];
    MPI_Comm c = self_of(a, "c"), d = self_of(b, "d");
    void *at;
    int n;
    FAILS(MPI_ERR_BUFFER, send(c, 1));
    OK(MPI_Session_attach_buffer(a, of_a, BYTES));
    FAILS(MPI_ERR_BUFFER, MPI_Session_attach_buffer(a, of_comm, BYTES));
    OK(send(c, 2));
    FAILS(MPI_ERR_BUFFER, send(c, 3)); /* it is full */
    FAILS(MPI_ERR_BUFFER, send(d, 3)); /* and another session's */
    OK(MPI_Comm_attach_buffer(c, of_comm, 2 * BYTES));
    OK(send(c, 4));
    OK(send(c, 5));
    FAILS(MPI_ERR_BUFFER, send(c, 6));
    MPI_Request flushes[2];
    int flag = 1;
    OK(MPI_Session_iflush_buffer(a, &flushes[0]));
    OK(MPI_Comm_iflush_buffer(c, &flushes[1]));
    OK(MPI_Testall(2, flushes, &flag, MPI_STATUSES_IGNORE));
    CHECK(!flag);
    receive(c, 2);
    receive(c, 4);
    OK(MPI_Wait(&flushes[0], MPI_STATUS_IGNORE));
    OK(MPI_Test(&flushes[1], &flag, MPI_STATUS_IGNORE));
    CHECK(!flag);
    receive(c, 5);
    OK(MPI_Wait(&flushes[1], MPI_STATUS_IGNORE));
    OK(MPI_Comm_flush_buffer(c));
    OK(MPI_Comm_detach_buffer(c, &at, &n));
    CHECK(at == of_comm && n == 2 * BYTES);
    OK(MPI_Session_flush_buffer(a));
    OK(MPI_Session_detach_buffer(a, &at, &n));
    CHECK(at == of_a && n == BYTES);
    OK(MPI_Session_detach_buffer(a, &at, &n));
    CHECK(at == NULL && n == 0);
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_free(&d));
}

static void automatic(MPI_Session s)
{
    MPI_Comm c = self_of(s, "automatic"), made;
    void *at = NULL;
    int n = -1;
    OK(MPI_Session_attach_buffer(s, MPI_BUFFER_AUTOMATIC, 0));
    OK(MPI_Comm_dup(c, &made)); /* of the same session */
    for (int i = 0; i < 20; i++)
        OK(send(made, i));
    for (int i = 0; i < 20; i++)
        receive(made, i);
    OK(MPI_Session_detach_buffer(s, &at, &n));
    CHECK(at == MPI_BUFFER_AUTOMATIC && n == 0);
    FAILS(MPI_ERR_BUFFER, send(made, 1));
    OK(MPI_Comm_free(&made));
    OK(MPI_Comm_free(&c));
}

/* The session ends when what is in its buffer has been received, which another rank does late. */
static void last(MPI_Session *s)
{
    MPI_Group g;
    MPI_Comm c;
    OK(MPI_Group_from_session_pset(*s, "mpi://WORLD", &g));
    OK(MPI_Comm_create_from_group(g, "last", MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
    OK(MPI_Group_free(&g));
    OK(MPI_Comm_rank(c, &rank));
    OK(MPI_Comm_size(c, &size));
    OK(MPI_Session_attach_buffer(*s, MPI_BUFFER_AUTOMATIC, 0));
    for (int i = 0; i < COUNT; i++)
        data[i] = rank;
    OK(MPI_Bsend(data, COUNT, MPI_INT, (rank + 1) % size, 1, c));
    int from = (rank + size - 1) % size;
    OK(MPI_Recv(got, COUNT, MPI_INT, from, 1, c, MPI_STATUS_IGNORE));
    CHECK(got[COUNT - 1] == from);
    OK(MPI_Comm_free(&c));
    OK(MPI_Session_finalize(s));
}

int main(void)
{
    MPI_Session a, b;
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &a));
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &b));
    which(a, b);
    automatic(a);
    OK(MPI_Session_finalize(&b));
    last(&a);
    return 0;
}
