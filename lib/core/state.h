/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: the one global state of the library, and its lock.
 *
 * One recursive lock guards everything; it is taken only if the program asked for MPI_THREAD_MULTIPLE. Whoever waits
 * gives it away between polls (lib_yield), and it is held while a user's function is called.
 */
#ifndef LIB_CORE_STATE_H
#define LIB_CORE_STATE_H

#include <pthread.h>
#include "lib/core/types.h"
#include "wire/node_segment.h"

struct lib {
    bool active;   /* between the first init and the last finalize */
    bool threaded; /* MPI_THREAD_MULTIPLE is in force */
    bool initialized;
    bool finalized;
    bool finalizing; /* attribute callbacks of MPI_COMM_SELF run: MPI may still be used */
    bool wide;       /* the large-count form of a datatype constructor was called */
    int thread_level;
    int rank, size; /* of MPI_COMM_WORLD */
    pthread_t main_thread;
    struct rank_status *status; /* what this rank is doing; never NULL */
    struct obj *error_on;       /* whose handler takes the error that is about to be returned; NULL: the shell knows */
};
extern struct lib lib;

void lib_lock_slow(void);
void lib_unlock_slow(void);

static inline void lib_lock(void)
{
    if (UNLIKELY(lib.threaded))
        lib_lock_slow();
}

static inline void lib_unlock(void)
{
    if (UNLIKELY(lib.threaded))
        lib_unlock_slow();
}

/* Lets other threads in, and does not return before it has the lock again. Without threads: nothing. */
void lib_yield(void);

/* Gives the lock up wholly, however deep, for a sleep; lib_resume takes it back to that depth. */
int lib_suspend(void);
void lib_resume(int depth);

#endif
