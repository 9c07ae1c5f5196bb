/* SPDX-License-Identifier: BSD-3-Clause
 *
 * request: an operation under way. Life: made inactive or started; complete once; then freed, or inactive again if
 * persistent. A request holds its communicator and datatype while it is alive. */
#ifndef LIB_P2P_REQUEST_H
#define LIB_P2P_REQUEST_H

#include <sys/queue.h>
#include "lib/comm/comm.h"
#include "lib/datatype/datatype.h"
#include "lib/transport/transport.h"

enum request_type { REQ_SEND, REQ_RECV, REQ_SCHED, REQ_GENERAL, REQ_DONE };
enum send_mode { MODE_STANDARD, MODE_SYNC, MODE_READY, MODE_BUFFER };

struct request;
struct request_ops {
    int (*start)(struct request *r);   /* persistent: begin again; an error class */
    int (*cancel)(struct request *r);  /* NULL: cannot be cancelled; an error class, as of a user's function */
    int (*release)(struct request *r); /* what the request owns besides comm and type; NULL: nothing */
    int (*query)(struct request *r);   /* generalized: fills the status; NULL: nothing to ask */
};

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
    bool own; /* made by the library for itself: nobody else waits for it */
    struct comm *comm;
    struct datatype *datatype;
    const struct request_ops *ops;

    /* what was asked for */
    union {
        const void *sbuf;
        void *rbuf;
    };
    MPI_Count count;
    int peer_rank; /* in the communicator */
    int tag;
    uint64_t ctx;

    /* what came of it */
    int source, status_tag, error;
    MPI_Count bytes; /* received, or sent */

    /* under way */
    uint64_t seq; /* order in which receives were posted */
    struct peer *peer;
    MPI_Count moved; /* bytes moved so far */
    uint64_t remote; /* the other side's request */
    uint8_t packet;  /* what to send next when it pends */
    uint8_t hash_wild;
    uint32_t bin;
    TAILQ_ENTRY(request) link;
    void *extra; /* schedule, unexpected message, generalized request, copied buffer */
};

static inline MPI_Request request_handle(const struct request *r)
{
    return (MPI_Request)r->obj.handle;
}

/* A new active request; takes references to comm and t (either may be NULL). NULL without memory. */
struct request *request_new(enum request_type type, struct comm *comm, struct datatype *t);
/* Marks it complete; an orphan goes away. */
void request_complete(struct request *r, int error);
/* What its release came to. */
int request_free(struct request *r);
/* A request that is complete from the start (to MPI_PROC_NULL, or sent at once). */
struct request *request_sent(void);
/* Waits for it; what it ended with goes to status (may be MPI_STATUS_IGNORE); the request is freed or inactive.
 * Returns its error. */
int request_wait(struct request *r, MPI_Status *status);
/* After completion: status, and free or make inactive; *handle becomes MPI_REQUEST_NULL when freed. */
int request_finish(struct request *r, MPI_Request *handle, MPI_Status *status);

/* Only the status of a complete request. */
void request_status(const struct request *r, MPI_Status *s);

/* Statuses: the count of bytes and the cancelled flag live in MPI_internal. */
void status_set(MPI_Status *s, int source, int tag, MPI_Count bytes, bool cancelled);
void status_empty(MPI_Status *s); /* and MPI_ERROR is left alone */
MPI_Count status_bytes(const MPI_Status *s);
void status_set_bytes(MPI_Status *s, MPI_Count bytes);

#endif
