/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_move: operations on a rank that is reached by messages. What goes there is copied into packets, so that it is
 * done with here when the call returns; what comes back is waited for by an operation, which data name. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/trace.h"
#include "lib/datatype/layout.h"
#include "lib/request/request.h"
#include "lib/rma/far_type.h"
#include "lib/rma/message.h"

/* So many of these may wait for one target, and for so many bytes that it has to keep. */
enum { PENDING_MOST = 1024, OWED_MOST = 1 << 20 };

struct far_op {
    struct request head;
    struct target *t;
    void *buf; /* where data go */
    MPI_Count count;
    struct datatype *type; /* held */
    MPI_Count moved, whole;
};
REQUEST_FITS(struct far_op);

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

/* asked: somebody waits for it; else it goes by itself when it is complete. */
static struct far_op *far_op_new(struct target *t, void *buf, MPI_Count count, const struct datatype *type, MPI_Count whole,
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
    t->far->pending++;
    message_watch(1);
    return o;
}

static void far_op_end(struct far_op *o, struct far_failure why)
{
    struct far *f = o->t->far;
    f->pending--;
    message_watch(-1);
    if (why.class != MPI_SUCCESS && o->head.orphan && f->failure.class == MPI_SUCCESS)
        f->failure = why;
    request_complete(&o->head, far_error(o->t, why));
}

/* The operation that data of t name; NULL: it is over, or there is none. */
static struct far_op *far_op_named(const struct target *t, uint64_t request)
{
    struct request *r = request_of((MPI_Request)(uintptr_t)request);
    return r && r->type == REQ_RMA && !r->complete && far_op_of(r)->t == t ? far_op_of(r) : NULL;
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

void far_abandon(struct target *t, int error)
{
    for (struct request *r = obj_next(OBJ_REQUEST, NULL); r && t->far->pending > 0; r = obj_next(OBJ_REQUEST, r))
        if (r->type == REQ_RMA && !r->complete && far_op_of(r)->t == t)
            far_op_end(far_op_of(r), (struct far_failure){.class = error});
}

/* It could not be sent wholly: the caller is told, and nobody waits for it any more. */
static void far_op_cancel(struct target *t, uint64_t request, int error)
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

static bool may_owe(const void *arg)
{
    const struct far *f = arg;
    return f->owed < OWED_MOST;
}

/* The elements of a type as a head names them. */
static int name_elements(struct target *t, struct message_head *h, const struct datatype *type, MPI_Count count)
{
    h->count = count;
    if (type >= basic_types && type < basic_types + BASIC_COUNT) {
        h->type = (uint16_t)(type - basic_types);
    } else if (datatype_is_run(type, count) && type->true_lb == 0) {
        const struct datatype *basic = type->basic >= 0 && basic_types[type->basic].dense ? &basic_types[type->basic]
                                                                                          : &datatype_byte;
        h->type = (uint16_t)(basic - basic_types);
        h->count = count * type->size / basic->size;
    } else {
        return far_type_tell(t, type, &h->type);
    }
    return MPI_SUCCESS;
}

static int put(struct target *t, const struct origin *from, char *to, MPI_Count count, const struct datatype *type)
{
    MPI_Count whole = from->count * from->type->size, most = (MPI_Count)message_most(t);
    struct message_head h = {.kind = MESSAGE_PUT, .at = (int64_t)(intptr_t)to};
    if (whole > count * type->size)
        return MPI_ERR_TRUNCATE;
    int rc = name_elements(t, &h, type, count);
    for (MPI_Count n; rc == MPI_SUCCESS && h.from < whole; h.from += n) {
        char *data;
        n = whole - h.from < most ? whole - h.from : most;
        if ((rc = message_room(t, (size_t)n, &data)) != MPI_SUCCESS)
            break;
        datatype_pack(from->type, from->at, from->count, h.from, data, (size_t)n);
        message_send(t, &h, (size_t)n);
        far_soil(t);
    }
    return rc;
}

static int get(struct target *t, const struct origin *into, char *from, MPI_Count count, const struct datatype *type)
{
    struct message_head h = {.kind = MESSAGE_GET, .at = (int64_t)(intptr_t)from, .bytes = count * type->size};
    char *data;
    if (h.bytes > into->count * into->type->size)
        return MPI_ERR_TRUNCATE;
    int rc = name_elements(t, &h, type, count);
    if (rc == MPI_SUCCESS)
        rc = far_wait(t, may_begin, t->far);
    if (rc == MPI_SUCCESS)
        rc = message_room(t, 0, &data);
    if (rc != MPI_SUCCESS)
        return rc;
    struct far_op *o = far_op_new(t, into->at, into->count, into->type, h.bytes, into->request != NULL);
    if (!o)
        return MPI_ERR_NO_MEM;
    h.request = o->head.obj.handle;
    message_send(t, &h, 0);
    far_soil(t);
    if (into->request)
        *into->request = &o->head;
    return MPI_SUCCESS;
}

const struct target_verbs target_message = {put, get};

/* One packet of an accumulate: n bytes of elements from h->from on. */
static int accumulate_part(struct target *t, struct message_head *h, const struct combine *c, const void *compare,
                           size_t n)
{
    size_t size = (size_t)c->basic->size, sent = compare ? 2 * size : c->op == NO_OP ? 0 : n;
    char *data;
    int rc = h->request ? far_wait(t, may_owe, t->far) : MPI_SUCCESS;
    if (rc == MPI_SUCCESS)
        rc = message_room(t, sent, &data);
    if (rc != MPI_SUCCESS)
        return rc;
    if (compare)
        memcpy(data, compare, size);
    if (sent > 0)
        datatype_pack(c->origin.type, c->origin.at, c->origin.count, h->from, data + (compare ? size : 0), n);
    h->bytes = (int64_t)n;
    message_send(t, h, sent);
    if (h->request)
        t->far->owed += n;
    far_soil(t);
    return MPI_SUCCESS;
}

int far_accumulate(struct target *t, const struct combine *c, const void *compare, struct request **request)
{
    bool fetches = c->result.type != NULL;
    MPI_Count whole = c->target.count * c->target.type->size, size = c->basic->size;
    MPI_Count most = (MPI_Count)message_most(t) / size * size;
    struct far_op *o = NULL;
    struct message_head h = {.kind = (uint8_t)(compare   ? MESSAGE_COMPARE_SWAP
                                               : fetches ? MESSAGE_GET_ACCUMULATE
                                                         : MESSAGE_ACCUMULATE),
                             .op = (uint8_t)c->op,
                             .at = (int64_t)(intptr_t)c->target.at};
    if (whole == 0 || (c->op == NO_OP && !fetches))
        return MPI_SUCCESS;
    int rc = name_elements(t, &h, c->target.type, c->target.count);
    if (rc == MPI_SUCCESS && fetches)
        rc = far_wait(t, may_begin, t->far);
    if (rc == MPI_SUCCESS && fetches) {
        o = far_op_new(t, (void *)(uintptr_t)c->result.at, c->result.count, c->result.type, whole, request != NULL);
        rc = o ? MPI_SUCCESS : MPI_ERR_NO_MEM;
        h.request = o ? o->head.obj.handle : 0;
    }
    for (MPI_Count n; rc == MPI_SUCCESS && h.from < whole; h.from += n) {
        n = whole - h.from < most ? whole - h.from : most;
        rc = accumulate_part(t, &h, c, compare, (size_t)n);
    }
    if (o && rc != MPI_SUCCESS)
        far_op_cancel(t, h.request, rc);
    else if (o && request)
        *request = &o->head;
    return rc;
}
