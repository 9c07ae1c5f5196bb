/* SPDX-License-Identifier: BSD-3-Clause
 *
 * send: MPI_Send and its modes: blocking, nonblocking, persistent. */
#include "lib/bindings/impl.h"
#include "lib/p2p/bsend.h"
#include "lib/p2p/protocol.h"

static __attribute__((noinline)) int blocking_slow(const void *buf, MPI_Count count, struct datatype *t, int dest,
                                                   int tag, struct comm *c, int mode)
{
    struct request *r;
    int rc = p2p_send(buf, count, t, dest, tag, c, c->ctx, mode, &r);
    return r ? request_wait(r, MPI_STATUS_IGNORE) : rc;
}

ALWAYS_INLINE int blocking(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
                           int mode)
{
    if (mode != MODE_SYNC && LIKELY(p2p_send_now(buf, count, t, dest, tag, c, c->ctx)))
        return MPI_SUCCESS;
    return blocking_slow(buf, count, t, dest, tag, c, mode);
}

static const struct request_ops send_ops = {
    .cancel = cancel_send, .release = p2p_request_release, .describe = p2p_request_describe};

static __attribute__((noinline)) int nonblocking_slow(const void *buf, MPI_Count count, struct datatype *t, int dest,
                                                      int tag, struct comm *c, int mode, MPI_Request *out)
{
    struct request *r;
    int rc = p2p_send(buf, count, t, dest, tag, c, c->ctx, mode, &r);
    if (r)
        r->ops = &send_ops;
    if (rc == MPI_SUCCESS)
        *out = request_handle(r ? r : request_sent);
    return rc;
}

/* At once, but other packets may go along: somebody is to wait for it. */
ALWAYS_INLINE bool send_now_more(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag,
                                 struct comm *c)
{
    transport_more = true;
    bool gone = p2p_send_now(buf, count, t, dest, tag, c, c->ctx);
    transport_more = false;
    return gone;
}

ALWAYS_INLINE int nonblocking(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
                              int mode, MPI_Request *out)
{
    if (mode == MODE_SYNC || UNLIKELY(!send_now_more(buf, count, t, dest, tag, c)))
        return nonblocking_slow(buf, count, t, dest, tag, c, mode, out);
    *out = request_handle(request_sent);
    return MPI_SUCCESS;
}

int mpi_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c)
{
    return blocking(buf, count, t, dest, tag, c, MODE_STANDARD);
}

int mpi_ssend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c)
{
    return blocking(buf, count, t, dest, tag, c, MODE_SYNC);
}

int mpi_rsend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c)
{
    return blocking(buf, count, t, dest, tag, c, MODE_READY);
}

int mpi_isend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, MPI_Request *out)
{
    return nonblocking(buf, count, t, dest, tag, c, MODE_STANDARD, out);
}

int mpi_issend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
               MPI_Request *out)
{
    return nonblocking(buf, count, t, dest, tag, c, MODE_SYNC, out);
}

int mpi_irsend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
               MPI_Request *out)
{
    return nonblocking(buf, count, t, dest, tag, c, MODE_READY, out);
}

int mpi_bsend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c)
{
    return bsend(buf, count, t, dest, tag, c);
}

int mpi_ibsend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
               MPI_Request *out)
{
    int rc = bsend(buf, count, t, dest, tag, c);
    if (rc == MPI_SUCCESS)
        *out = request_handle(request_sent);
    return rc;
}

static int send_start(struct request *head)
{
    struct p2p_request *r = p2p_request_of(head);
    struct match_key k = r->posted.key;
    if (r->mode == MODE_BUFFER) {
        int rc = bsend(r->sbuf, r->count, r->datatype, k.source, k.tag, r->head.comm);
        if (rc == MPI_SUCCESS)
            request_complete(&r->head, MPI_SUCCESS);
        return rc;
    }
    if (k.source == MPI_PROC_NULL ||
        (r->mode != MODE_SYNC && send_now_more(r->sbuf, r->count, r->datatype, k.source, k.tag, r->head.comm))) {
        request_complete(&r->head, MPI_SUCCESS);
        return MPI_SUCCESS;
    }
    return p2p_send_start(r);
}

static const struct request_ops persistent_send_ops = {
    .start = send_start, .cancel = cancel_send, .release = p2p_request_release, .describe = p2p_request_describe};

static int send_init(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, int mode,
                     MPI_Request *out)
{
    struct p2p_request *r = p2p_request_new(REQ_SEND, &persistent_send_ops, c, t);
    if (!r)
        return MPI_ERR_NO_MEM;
    r->peer = NULL;
    r->sbuf = buf;
    r->count = count;
    r->posted.key = match_key_of(c->ctx, dest, tag);
    r->mode = (uint8_t)mode;
    r->head.persistent = true;
    r->head.active = false;
    *out = request_handle(&r->head);
    return MPI_SUCCESS;
}

int mpi_send_init(const void *buf, MPI_Count n, struct datatype *t, int dest, int tag, struct comm *c, MPI_Request *out)
{
    return send_init(buf, n, t, dest, tag, c, MODE_STANDARD, out);
}

int mpi_ssend_init(const void *buf, MPI_Count n, struct datatype *t, int dest, int tag, struct comm *c,
                   MPI_Request *out)
{
    return send_init(buf, n, t, dest, tag, c, MODE_SYNC, out);
}

int mpi_rsend_init(const void *buf, MPI_Count n, struct datatype *t, int dest, int tag, struct comm *c,
                   MPI_Request *out)
{
    return send_init(buf, n, t, dest, tag, c, MODE_READY, out);
}

int mpi_bsend_init(const void *buf, MPI_Count n, struct datatype *t, int dest, int tag, struct comm *c,
                   MPI_Request *out)
{
    return send_init(buf, n, t, dest, tag, c, MODE_BUFFER, out);
}
