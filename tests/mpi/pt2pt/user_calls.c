/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Errors of a generalized request's functions come out of the calls that run them; nonblocking flushes of buffers. */
#include "../check.h"

static int query_rc, free_rc, cancel_rc, frees;

static int query(void *extra, MPI_Status *s)
{
    OK(MPI_Status_set_elements(s, MPI_INT, 3));
    OK(MPI_Status_set_cancelled(s, 0));
    s->MPI_SOURCE = 7;
    s->MPI_TAG = 8;
    return query_rc;
}

static int release(void *extra)
{
    frees++;
    return free_rc;
}

static int cancel(void *extra, int complete)
{
    return cancel_rc;
}

static MPI_Request start(int q, int f, int c)
{
    MPI_Request r;
    query_rc = q, free_rc = f, cancel_rc = c, frees = 0;
    OK(MPI_Grequest_start(query, release, cancel, NULL, &r));
    return r;
}

static void general(void)
{
    MPI_Status s;
    MPI_Request r = start(MPI_SUCCESS, MPI_SUCCESS, MPI_SUCCESS);
    OK(MPI_Grequest_complete(r));
    OK(MPI_Wait(&r, &s));
    CHECK(r == MPI_REQUEST_NULL && frees == 1 && s.MPI_SOURCE == 7 && s.MPI_TAG == 8);
    r = start(MPI_ERR_BUFFER, MPI_SUCCESS, MPI_SUCCESS);
    OK(MPI_Grequest_complete(r));
    FAILS(MPI_ERR_BUFFER, MPI_Wait(&r, &s));
    CHECK(frees == 1);
    r = start(MPI_SUCCESS, MPI_ERR_OTHER, MPI_ERR_TAG);
    FAILS(MPI_ERR_TAG, MPI_Cancel(&r));
    OK(MPI_Grequest_complete(r));
    FAILS(MPI_ERR_OTHER, MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(r == MPI_REQUEST_NULL && frees == 1);
    r = start(MPI_SUCCESS, MPI_ERR_COUNT, MPI_SUCCESS);
    OK(MPI_Grequest_complete(r));
    FAILS(MPI_ERR_COUNT, MPI_Request_free(&r));
}

enum { N = 1 << 20 };
static char out[N], in[N];

static void flush(MPI_Comm c, int own, void *buffer)
{
    MPI_Request r[2], w;
    void *at;
    int n, to = (rank + 1) % size, from = (rank + size - 1) % size;
    OK(own ? MPI_Comm_attach_buffer(c, buffer, N + MPI_BSEND_OVERHEAD)
           : MPI_Buffer_attach(buffer, N + MPI_BSEND_OVERHEAD));
    OK(own ? MPI_Comm_iflush_buffer(c, &r[0]) : MPI_Buffer_iflush(&r[0]));
    OK(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
    OK(MPI_Irecv(in, N, MPI_CHAR, from, 1, c, &w));
    OK(MPI_Bsend(out, N, MPI_CHAR, to, 1, c));
    for (int i = 0; i < 2; i++)
        OK(own ? MPI_Comm_iflush_buffer(c, &r[i]) : MPI_Buffer_iflush(&r[i]));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    OK(MPI_Wait(&w, MPI_STATUS_IGNORE));
    OK(own ? MPI_Comm_detach_buffer(c, &at, &n) : MPI_Buffer_detach(&at, &n));
    CHECK(at == buffer && n == N + MPI_BSEND_OVERHEAD);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    general();
    void *buffer = malloc(N + MPI_BSEND_OVERHEAD);
    flush(MPI_COMM_WORLD, 0, buffer);
    flush(MPI_COMM_WORLD, 1, buffer);
    free(buffer);
    return end();
}
