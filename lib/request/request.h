/* SPDX-License-Identifier: BSD-3-Clause
 *
 * request: an operation under way. Life: made inactive or started; complete once; then freed, or inactive again if
 * persistent. A request holds its communicator and datatype while it is alive. */
#ifndef LIB_REQUEST_REQUEST_H
#define LIB_REQUEST_REQUEST_H

#include <assert.h>
#include <string.h>
#include <sys/queue.h>
#include "lib/object/comm.h"
#include "lib/datatype/datatype.h"
#include "lib/transport/peer.h"

enum request_type { REQ_SEND, REQ_RECV, REQ_SCHED, REQ_GENERAL, REQ_DONE };
enum send_mode { MODE_STANDARD, MODE_SYNC, MODE_READY, MODE_BUFFER };

struct request;
struct counter;
struct request_ops {
    int (*start)(struct request *r);   /* persistent: begin again; an error class */
    int (*cancel)(struct request *r);  /* NULL: cannot be cancelled; an error class, as of a user's function */
    int (*release)(struct request *r); /* what the request owns besides comm and type; NULL: nothing */
    int (*query)(struct request *r);   /* generalized: fills the status; NULL: nothing to ask */
};

/* A place in a matching table (match.h). */
struct match_node {
    struct match_node *next, *prev;
    struct match_key key;
    uint64_t seq; /* order in which receives were posted */
};

/* Two cache lines for what every message needs, a third one for the long way. */
struct request {
    struct obj obj;
    uint8_t type;
    uint8_t mode;
    bool complete;
    bool active; /* inactive: persistent and not started, or complete and reported */
    bool persistent;
    bool cancelled;
    bool orphan; /* freed by the user while active: frees itself when complete */
    bool matched;
    bool counted;    /* its parent counts it: tell it of the completion */
    uint8_t packet;  /* what to send next when it pends */
    uint8_t way;     /* of a receive: the class of lengths that it is timed for, from 1 */
    bool registered; /* a send: others may get it, until `mem` is given back */
    int error;
    const struct request_ops *ops;
    struct comm *comm;
    struct datatype *datatype;
    MPI_Count bytes; /* received, or sent */

    /* what was asked for */
    union {
        const void *sbuf;
        void *rbuf;
    };
    MPI_Count count;
    struct match_node posted; /* its key: of a send, too, with the other rank as source */
    int source, status_tag;   /* what came of it */

    /* under way */
    struct peer *peer;
    MPI_Count moved; /* bytes moved so far */
    union {
        MPI_Count whole; /* bytes that come, though not all may fit */
        void *mem;       /* a send that is registered: the transport's handle */
    };
    uint64_t remote; /* the other side's request */
    TAILQ_ENTRY(request) link;
    void *extra;            /* schedule, generalized request, copied buffer */
    struct counter *parent; /* counter.h; while counted */
};
static_assert(offsetof(struct request, sbuf) == 64 && offsetof(struct request, peer) == 128, "lines of the fast path");

static inline MPI_Request request_handle(const struct request *r)
{
    return (MPI_Request)r->obj.handle;
}

/* A new active request; takes references to comm and t (either may be NULL). NULL without memory. What lies behind
 * the first cache line is left unset. */
ALWAYS_INLINE struct request *request_new(enum request_type type, struct comm *comm, struct datatype *t)
{
    struct request *r = obj_new_raw(OBJ_REQUEST, sizeof *r);
    if (UNLIKELY(!r))
        return NULL;
    r->type = (uint8_t)type;
    r->mode = 0;
    r->complete = false;
    r->active = true;
    r->persistent = r->cancelled = r->orphan = r->matched = r->counted = false;
    r->packet = 0;
    r->way = 0;
    r->registered = false;
    r->error = MPI_SUCCESS;
    r->ops = NULL;
    r->comm = comm;
    r->datatype = t;
    if (comm && UNLIKELY(!comm->obj.predefined))
        comm->obj.refs++;
    if (t && UNLIKELY(!t->obj.predefined))
        t->obj.refs++;
    return r;
}
/* What its release came to. */
int request_free(struct request *r);
/* What else a completion brings: a parent counts down, an orphan goes away. */
void request_completed(struct request *r);
/* Marks it complete. */
ALWAYS_INLINE void request_complete(struct request *r, int error)
{
    r->error = error;
    r->complete = true;
    if (UNLIKELY(r->orphan | r->counted))
        request_completed(r);
}
/* One for all sends that were over at once: complete from the start, never changes, and freeing it does nothing. */
extern struct request *request_sent;
int request_init(void);
void request_fini(void);
/* Waits for it; what it ended with goes to status (may be MPI_STATUS_IGNORE); the request is freed or inactive.
 * Returns its error. */
int request_wait(struct request *r, MPI_Status *status);
void request_await_slow(const struct request *r);
/* Returns when it is complete. */
ALWAYS_INLINE void request_await(const struct request *r)
{
    if (!r->complete)
        request_await_slow(r);
}
int request_finish_slow(struct request *r, MPI_Request *handle, MPI_Status *status);
/* After completion: status, and free or make inactive; *handle becomes MPI_REQUEST_NULL when freed. */
ALWAYS_INLINE int request_finish(struct request *r, MPI_Request *handle, MPI_Status *status);

/* Only the status of a complete request. */
void request_status(const struct request *r, MPI_Status *s);

/* Statuses: the count of bytes lies in MPI_internal[0..1], the cancelled flag in [2]. */
ALWAYS_INLINE void status_set_bytes(MPI_Status *s, MPI_Count bytes)
{
    memcpy(&s->MPI_internal[0], &bytes, sizeof bytes);
}
ALWAYS_INLINE void status_set(MPI_Status *s, int source, int tag, MPI_Count bytes, bool cancelled)
{
    if (s == MPI_STATUS_IGNORE)
        return;
    s->MPI_SOURCE = source;
    s->MPI_TAG = tag;
    status_set_bytes(s, bytes);
    s->MPI_internal[2] = cancelled;
}
void status_empty(MPI_Status *s); /* and MPI_ERROR is left alone */
MPI_Count status_bytes(const MPI_Status *s);

ALWAYS_INLINE void request_drop_uses(struct request *r)
{
    if (r->datatype && UNLIKELY(!r->datatype->obj.predefined))
        datatype_unref(r->datatype);
    if (r->comm && UNLIKELY(!r->comm->obj.predefined))
        comm_unref(r->comm);
}

ALWAYS_INLINE int request_finish(struct request *r, MPI_Request *handle, MPI_Status *status)
{
    if (r == request_sent) {
        status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, 0, false);
    } else if (LIKELY(r->type == REQ_RECV && !r->persistent && r->error == MPI_SUCCESS)) {
        status_set(status, r->source, r->status_tag, r->bytes, r->cancelled);
        request_drop_uses(r);
        obj_free_as(&r->obj, OBJ_REQUEST);
    } else {
        return request_finish_slow(r, handle, status);
    }
    if (handle)
        *handle = MPI_REQUEST_NULL;
    return MPI_SUCCESS;
}

#endif
