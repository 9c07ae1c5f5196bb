/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far: a rank of a window that is reached by messages: of another node, or where memory cannot be shared.
 *
 * What is asked of it is carried out by its own process, in the order in which it was sent, when it polls or when its
 * helper does (helper.h). Nothing but what brings data back is answered; that all has been done, and what of it could
 * not be, the answer to a flush tells. */
#ifndef LIB_RMA_FAR_H
#define LIB_RMA_FAR_H

#include <sys/queue.h>
#include "lib/rma/combine.h"
#include "lib/rma/target.h"
#include "lib/transport/remote.h"

/* Something that could not be done, or not wholly. */
struct far_failure {
    int class; /* MPI_SUCCESS: nothing */
    int64_t at, bytes;
};

struct message_job; /* message.h */
struct far_types;   /* far_type.h */

struct far {
    struct target *t;
    struct peer *peer;
    /* as the origin */
    TAILQ_ENTRY(far) in_dirty; /* of the window's: a flush, or an unlock of all, has something to do for it */
    bool listed, dirty;        /* it is on that list; something was sent to it since the last flush */
    uint8_t known;             /* enum far_known: what its part of the window is like */
    uint8_t grant;             /* enum far_grant: of a lock that was asked for */
    uint64_t asked, answered;  /* flushes: answers come in their order, and behind data of what came before */
    uint32_t pending;          /* operations that wait for data of it */
    uint64_t owed;             /* bytes of what they wait for that the other side has to keep until it can send them */
    struct far_failure failure;
    struct far_types *told; /* types that it knows; NULL: none */
    uint8_t remote;         /* enum mem_access: what its transport can do to its memory (far_remote.h) */
    bool unfenced, fencing; /* something was put so since the last fence; one is under way */
    uint32_t under_way;     /* operations that the transport has to do with, and the fence */
    struct completion fence;
    uint32_t key_bytes;
    unsigned char key[MEM_KEY_MAX];
    /* as the target: of that rank as an origin */
    TAILQ_ENTRY(far) in_lockers; /* of the window's: it waits for this rank's lock */
    uint8_t holds, wants;        /* 0, TARGET_EXCLUSIVE, TARGET_SHARED: of this rank's lock */
    struct far_failure noted;    /* the first one since its last flush */
    TAILQ_HEAD(, message_job) jobs;
    TAILQ_ENTRY(far) in_busy; /* it has jobs */
    struct far_types *learnt; /* types that it has told; NULL: none */
    /* what each has told the other of posts and completions, as in shared memory */
    struct control_pair pair;
};
enum far_known { FAR_UNKNOWN, FAR_ASKED, FAR_TOLD };
enum far_grant { FAR_NOT_ASKED, FAR_AWAITED, FAR_GRANTED, FAR_REFUSED };

/* Makes t->far. MPI_ERR_NO_MEM, or that no transport reaches it, with a note. */
int far_new(struct target *t);
void far_free(struct far *f); /* NULL is fine */

/* Before an operation on t within an epoch: learns how its part of the window is laid out, and takes its lock in an
 * epoch of lock_all. It may wait; an error class. */
int far_enter(struct target *t);
/* What goes to it from now on is to be flushed; and that of f there is something to be done by a flush. */
void far_soil(struct target *t);
void far_list(struct far *f);
/* Waits until ready(arg), which messages of t make true. MPI_ERR_PROC_ABORTED: it is gone. */
int far_wait(struct target *t, bool (*ready)(const void *arg), const void *arg);

int far_lock(struct target *t, bool exclusive);
/* This and the next ones return when all operations on t are done, there and here; an error class of one that failed.
 */
int far_unlock(struct target *t);
int far_flush(struct target *t);
int far_flush_all(struct win *w);
int far_flush_local(struct target *t); /* done here */
int far_flush_local_all(struct win *w);
int far_unlock_all(struct win *w); /* of an epoch of lock_all */
int far_post(struct target *t);
/* Begins to tell t of the end of an epoch of MPI_Win_start, and waits until it knows. */
int far_complete(struct target *t);
int far_completed(struct target *t);

/* An accumulate of any kind (compare: of MPI_Compare_and_swap; else NULL) on t, checked; what c says of the guard is
 * not needed. request: as of a get, or NULL. */
int far_accumulate(struct target *t, const struct combine *c, const void *compare, struct request **request);

/* An operation that waits for data (far_op.c). Data of it have come, or will not. */
void far_data(struct target *t, uint64_t request, MPI_Count from, const char *data, size_t n);
void far_refused(struct target *t, uint64_t request, size_t n, struct far_failure why);
/* All that wait for t end with that error class. */
void far_abandon(struct target *t, int error);
/* The class of a failure, with a note. */
int far_error(const struct target *t, struct far_failure why);

#endif
