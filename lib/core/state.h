/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: the one global state of the library. Its lock: lock.h. */
#ifndef LIB_CORE_STATE_H
#define LIB_CORE_STATE_H

#include <pthread.h>
#include "lib/core/lock.h"
#include "lib/core/types.h"
#include "wire/node_segment.h"

struct lib {
    _Atomic bool active;        /* MPI_COMM_WORLD or a session is there; read before the lock is taken */
    bool initialized;           /* MPI_Init was called */
    bool finalized;             /* MPI_Finalize was called */
    bool booted;                /* MPI has been active: this process is a rank */
    bool leaving;               /* the last user of MPI is about to end: what cannot complete by itself never will */
    bool forked;                /* this process is a child of a rank that has been in MPI: for it, MPI is over */
    bool forked_inside;         /* and the rank was in MPI then */
    bool wide;                  /* the large-count form of a datatype constructor was called */
    int thread_level;           /* the highest that is in use */
    int tools;                  /* MPI_T_init_thread less MPI_T_finalize */
    int tools_level;            /* the highest thread level that a tool has got */
    int threads;                /* of the library's own that may be in it, but for that of sleep.h */
    int rank, size;             /* in the job */
    struct rank_status *status; /* what this rank is doing; never NULL */
    struct obj *error_on;       /* whose handler takes the error that is about to be returned; NULL: the shell knows */
};
extern struct lib lib;
/* In a child of fork: it is no rank. */
void lib_fork(void);

/* A user's function runs without the lock, between these two: it may wait for another thread that calls MPI. So others
 * come in meanwhile: what was read before may have changed. */
struct callback_state {
    int depth;
    struct obj *error_on;
};
static inline struct callback_state callback_begin(void)
{
    struct obj *on = lib.error_on;
    return (struct callback_state){lock_used() ? lib_suspend() : 0, on};
}
static inline void callback_end(struct callback_state l)
{
    if (lock_used())
        lib_resume(l.depth);
    lib.error_on = l.error_on;
}

#endif
