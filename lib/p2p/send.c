/* SPDX-License-Identifier: BSD-3-Clause
 *
 * send: MPI_Send and its modes: blocking, nonblocking, persistent. */
#include <stdlib.h>
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

static const struct request_ops send_ops = {.cancel = cancel_send};

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

ALWAYS_INLINE int nonblocking(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
                              int mode, MPI_Request *out)
{
    if (mode == MODE_SYNC || UNLIKELY(!p2p_send_now(buf, count, t, dest, tag, c, c->ctx)))
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

/* Persistent. The user's request is a shell around a send that is begun anew each time. */
struct persistent_send {
    struct request *now;
    struct progress_hook hook;
    struct request *self;
    bool hooked;
};

static bool watch(struct progress_hook *h)
{
    struct persistent_send *s = (struct persistent_send *)((char *)h - offsetof(struct persistent_send, hook));
    if (!s->now->complete)
        return false;
    progress_remove(h);
    s->hooked = false;
    int error = s->now->error;
    s->self->cancelled = s->now->cancelled;
    request_free(s->now);
    s->now = NULL;
    request_complete(s->self, error);
    return true;
}

static int send_start(struct request *r)
{
    struct persistent_send *s = r->extra;
    int rc;
    s->now = NULL;
    if (r->mode == MODE_BUFFER)
        rc = bsend(r->sbuf, r->count, r->datatype, r->posted.key.source, r->posted.key.tag, r->comm);
    else
        rc = p2p_send(r->sbuf, r->count, r->datatype, r->posted.key.source, r->posted.key.tag, r->comm,
                      r->posted.key.ctx, r->mode, &s->now);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!s->now) {
        request_complete(r, MPI_SUCCESS);
    } else {
        s->hooked = true;
        progress_add(&s->hook);
    }
    return MPI_SUCCESS;
}

static int persistent_cancel(struct request *r)
{
    struct persistent_send *s = r->extra;
    return s->now && !s->now->complete ? cancel_send(s->now) : MPI_SUCCESS;
}

static struct request *persistent_part(const struct request *r, int i)
{
    return i == 0 ? ((struct persistent_send *)r->extra)->now : NULL;
}

static int send_release(struct request *r)
{
    free(r->extra);
    return MPI_SUCCESS;
}

static const struct request_ops persistent_send_ops = {
    .start = send_start, .release = send_release, .cancel = persistent_cancel, .part = persistent_part};

static int send_init(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, int mode,
                     MPI_Request *out)
{
    struct persistent_send *s = calloc(1, sizeof *s);
    struct request *r = s ? request_new(REQ_SEND, c, t) : NULL;
    if (!r) {
        free(s);
        return MPI_ERR_NO_MEM;
    }
    s->hook.poll = watch;
    s->self = r;
    r->peer = NULL;
    r->sbuf = buf;
    r->count = count;
    r->posted.key = match_key_of(c->ctx, dest, tag);
    r->mode = (uint8_t)mode;
    r->persistent = true;
    r->active = false;
    r->ops = &persistent_send_ops;
    r->extra = s;
    *out = request_handle(r);
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
