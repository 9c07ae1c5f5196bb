/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_op: operations that wait, and what ends them. */
#include "lib/rma/far_op.h"
#include "lib/core/trace.h"

enum { PENDING_MOST = 1024 };

static struct far_op *far_op_of(struct request *r)
{
    return (struct far_op *)r;
}

static int far_op_release(struct request *r)
{
    datatype_unref(far_op_of(r)->type);
    return MPI_SUCCESS;
}

static void far_op_describe(const struct request *r, struct trace_wait *t)
{
    t->peer = ((const struct far_op *)r)->t->proc;
}

static const struct request_ops ops = {.release = far_op_release, .describe = far_op_describe};

struct far_op *far_op_new(struct target *t, void *buf, MPI_Count count, const struct datatype *type, MPI_Count whole,
                          bool asked)
{
    struct far_op *o = far_op_of(request_new(REQ_RMA, &ops, t->w->comm));
    if (!o)
        return NULL;
    o->head.bytes = 0;
    o->head.source = MPI_ANY_SOURCE;
    o->head.tag = MPI_ANY_TAG;
    o->head.owns = true;
    o->head.orphan = !asked;
    o->t = t;
    o->buf = buf;
    o->count = count;
    o->type = datatype_ref((struct datatype *)(uintptr_t)type);
    o->moved = 0;
    o->whole = whole;
    o->remote = false;
    t->far->pending++;
    message_watch(1);
    return o;
}

void far_op_end(struct far_op *o, struct far_failure why)
{
    struct far *f = o->t->far;
    f->pending--;
    message_watch(-1);
    if (why.class != MPI_SUCCESS && o->head.orphan && f->failure.class == MPI_SUCCESS)
        f->failure = why;
    request_complete(&o->head, far_error(o->t, why));
}

/* The operation that data of t name; NULL: it is over, or there is none that waits for messages. */
static struct far_op *far_op_named(const struct target *t, uint64_t request)
{
    struct request *r = request_of((MPI_Request)(uintptr_t)request);
    return r && r->type == REQ_RMA && !r->complete && far_op_of(r)->t == t && !far_op_of(r)->remote ? far_op_of(r)
                                                                                                    : NULL;
}

static void owe_less(struct far *f, size_t n)
{
    f->owed -= n < f->owed ? n : f->owed;
}

void far_data(struct target *t, uint64_t request, MPI_Count from, const char *data, size_t n)
{
    struct far_op *o = far_op_named(t, request);
    owe_less(t->far, n);
    if (!o || from < 0 || (MPI_Count)n > o->whole - o->moved || from > o->whole - (MPI_Count)n)
        return;
    datatype_unpack(o->type, o->buf, o->count, from, data, n);
    o->moved += (MPI_Count)n;
    if (o->moved == o->whole)
        far_op_end(o, (struct far_failure){.class = MPI_SUCCESS});
}

void far_refused(struct target *t, uint64_t request, size_t n, struct far_failure why)
{
    struct far_op *o = far_op_named(t, request);
    owe_less(t->far, n);
    if (o)
        far_op_end(o, why);
}

/* What the transport has to do with ends when the transport says so. */
void far_abandon(struct target *t, int error)
{
    for (struct request *r = obj_next(OBJ_REQUEST, NULL); r && t->far->pending > 0; r = obj_next(OBJ_REQUEST, r))
        if (r->type == REQ_RMA && !r->complete && far_op_of(r)->t == t && !far_op_of(r)->remote)
            far_op_end(far_op_of(r), (struct far_failure){.class = error});
}

void far_op_cancel(struct target *t, uint64_t request, int error)
{
    struct request *r = request_of((MPI_Request)(uintptr_t)request);
    struct far_failure kept = t->far->failure;
    if (!r || r->type != REQ_RMA)
        return; /* what was sent has been refused before */
    if (r->complete) {
        request_free(r);
        return;
    }
    r->orphan = true;
    far_op_end(far_op_of(r), (struct far_failure){.class = error});
    t->far->failure = kept;
}

static bool may_begin(const void *arg)
{
    const struct far *f = arg;
    return f->pending < PENDING_MOST;
}

int far_op_await(struct target *t)
{
    return far_wait(t, may_begin, t->far);
}
