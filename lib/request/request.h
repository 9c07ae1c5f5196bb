/* SPDX-License-Identifier: BSD-3-Clause
 *
 * request: an operation under way. Life: made inactive or started; complete once; then freed, or inactive again if
 * persistent. A request holds its communicator while it is alive.
 *
 * What waits, tests and progress need is the head, one cache line, with which the request of each kind begins: messages
 * (p2p/p2p_request.h), schedules, generalized requests, and so on. */
#ifndef LIB_REQUEST_REQUEST_H
#define LIB_REQUEST_REQUEST_H

#include <assert.h>
#include <string.h>
#include <sys/queue.h>
#include "lib/core/object.h"
#include "lib/object/comm.h"

enum request_type { REQ_SEND, REQ_RECV, REQ_SCHED, REQ_GENERAL, REQ_FLUSH, REQ_PARTITIONED, REQ_RMA, REQ_FILE };

struct request;
struct counter;
struct trace_wait;
/* What a kind of requests can do. Where nothing is said, NULL: nothing is to be done. */
struct request_ops {
    int (*start)(struct request *r);   /* persistent: begin again; an error class */
    int (*cancel)(struct request *r);  /* NULL: cannot be cancelled; an error class, as of a user's function */
    int (*release)(struct request *r); /* of one that owns: what it owns besides comm; what that came to */
    int (*query)(struct request *r, MPI_Status *s); /* fills the status; an error class. NULL: the head says it */
    void (*describe)(const struct request *r, struct trace_wait *t); /* who waits for it, waits for whom? */
    void (*explain)(
        const struct request *r); /* it has failed: note how; NULL: that has been noted, or there is no more */
    void (*prefault)(const struct request *r); /* somebody is about to sleep until it completes */
};

struct request {
    struct obj obj;
    uint8_t type;
    bool complete;
    union {
        struct {
            bool active : 1; /* no: persistent and not started, or complete and reported */
            bool persistent : 1;
            bool cancelled : 1;
            bool orphan : 1;  /* freed by the user while active: frees itself when complete */
            bool counted : 1; /* its parent counts it: tell it of the completion */
            bool owns : 1;    /* something that release gives back */
            bool matched : 1; /* a receive that is not complete: its message has come */
        };
        uint8_t flags;
    };
    uint8_t stage; /* the kind's own; 0 at first */
    int error;
    const struct request_ops *ops;
    struct comm *comm;      /* or NULL */
    MPI_Count bytes;        /* received, or sent */
    int source, tag;        /* of a receive: what came of it */
    struct counter *parent; /* counter.h; while counted */
};
static_assert(sizeof(struct request) == 64, "a cache line");

/* Requests of all kinds lie in one arena, in places of one size: that of messages, of which there are most. */
enum { REQUEST_BYTES = 192 };
#define REQUEST_FITS(type) static_assert(sizeof(type) <= REQUEST_BYTES, "a place in the arena of requests")
/* The flags of one that is active, and nothing else. */
#define REQUEST_PLAIN (((struct request){.active = true}).flags)

static inline MPI_Request request_handle(const struct request *r)
{
    return (MPI_Request)r->obj.handle;
}

/* A new active request; takes a reference to comm, which may be NULL. NULL without memory. What lies behind the head,
 * and what is told of it when it is complete, is left unset. */
ALWAYS_INLINE struct request *request_new(enum request_type type, const struct request_ops *ops, struct comm *comm)
{
    struct request *r = obj_new_raw(OBJ_REQUEST, REQUEST_BYTES);
    if (UNLIKELY(!r))
        return NULL;
    r->type = (uint8_t)type;
    r->complete = false;
    r->flags = REQUEST_PLAIN;
    r->stage = 0;
    r->error = MPI_SUCCESS;
    r->ops = ops;
    r->comm = comm;
    if (comm && UNLIKELY(!comm->obj.predefined))
        comm->obj.refs++;
    return r;
}
/* What its release came to. */
int request_free(struct request *r);
/* Is there more to do when it completes than to say so? */
ALWAYS_INLINE bool request_notifies(const struct request *r)
{
    return r->orphan | r->counted;
}
/* What else a completion brings: a parent counts down, an orphan goes away. */
void request_completed(struct request *r);
/* Marks it complete. */
ALWAYS_INLINE void request_complete(struct request *r, int error)
{
    r->error = error;
    r->complete = true;
    if (UNLIKELY(request_notifies(r)))
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

/* Only the status of a complete request; what its query came to. */
int request_status(struct request *r, MPI_Status *s);

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

ALWAYS_INLINE void request_drop_comm(struct request *r)
{
    if (r->comm && UNLIKELY(!r->comm->obj.predefined))
        comm_unref(r->comm);
}

ALWAYS_INLINE int request_finish(struct request *r, MPI_Request *handle, MPI_Status *status)
{
    if (r == request_sent) {
        status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, 0, false);
    } else if (LIKELY(r->type == REQ_RECV && r->flags == REQUEST_PLAIN && r->error == MPI_SUCCESS)) {
        status_set(status, r->source, r->tag, r->bytes, false);
        request_drop_comm(r);
        obj_free_as(&r->obj, OBJ_REQUEST);
    } else {
        return request_finish_slow(r, handle, status);
    }
    if (handle)
        *handle = MPI_REQUEST_NULL;
    return MPI_SUCCESS;
}

#endif
