/* SPDX-License-Identifier: BSD-3-Clause
 *
 * progress: the place that polls and the place that waits. */
#ifndef LIB_REQUEST_PROGRESS_H
#define LIB_REQUEST_PROGRESS_H

#include "lib/request/request.h"

/* Polls once; true if anything happened. */
bool progress_poll(void);
/* Something to be polled as long as it is on the list (schedules). */
struct progress_hook {
    bool (*poll)(struct progress_hook *h); /* true: something happened; may remove itself */
    TAILQ_ENTRY(progress_hook) link;
};
void progress_add(struct progress_hook *h);
void progress_remove(struct progress_hook *h);

/* Who waits for whom, filled in for whoever watches. */
typedef void describe_fn(const void *arg, struct trace_wait *t);

/* How often to look at one place before everything is polled again. */
int progress_spins(void);
/* Waiting: struct waiter w = {0}; while (!done) progress_wait(&w, req or NULL). Polls; after a while it yields, then it
 * sleeps until something may have happened. Where one of them is given, done is ready(arg), or that the request is
 * complete: other threads learn from it whom to wake. */
struct waiter {
    unsigned idle;
    bool slept;                     /* it has slept, or is about to */
    bool reported;                  /* to whoever watches */
    uint64_t since;                 /* clock_ns() at which it was reported first */
    bool local_only;                /* only this process makes it ready, by packets or another thread */
    bool background;                /* a thread of the library's own, which no call of the program waits with */
    bool (*ready)(const void *arg); /* has it come true? NULL: the request tells, or nothing does */
    const void *arg;
    /* for whoever watches, where no request says it */
    const struct comm *comm;
    describe_fn *describe;  /* of arg; or NULL */
    const MPI_Request *set; /* one of these is enough; NULL: what it waits for is all that it waits for */
    int set_size;

    /* threads */
    bool signalled, deep;
    const struct request *on;
    _Atomic uint32_t *bell, own_bell;
    int id;         /* of the MPI function that waits */
    uint64_t calls; /* MPI calls that had begun when it last looked */
    int place;      /* while reported: where */
    TAILQ_ENTRY(waiter) line;
};
void progress_wait(struct waiter *w, const struct request *on);
/* The wait ends for another reason than that what it was for has come true. */
void progress_give_up(struct waiter *w);

/* A program that tests in a loop waits too, and is reported to whoever watches: after a while the misses are,
 * of tests on a request, or (NULL) for what describe says of arg. */
enum { PROGRESS_MISSES_FIRST = 64 };
struct progress_misses {
    unsigned tests; /* in vain, one after the other */
    unsigned tell;  /* the number of the one that is reported next */
};
extern struct progress_misses progress_misses;
void progress_missed_slow(const struct request *on, describe_fn *describe, const void *arg);
ALWAYS_INLINE void progress_missed(const struct request *on, describe_fn *describe, const void *arg)
{
    if (UNLIKELY(++progress_misses.tests == progress_misses.tell))
        progress_missed_slow(on, describe, arg);
}
void progress_hit_slow(void);
/* What was tested for has come. */
ALWAYS_INLINE void progress_hit(void)
{
    if (UNLIKELY(progress_misses.tell != PROGRESS_MISSES_FIRST))
        progress_hit_slow();
    progress_misses.tests = 0;
}

/* What p2p, the floor above, does when progress asks for it; p2p_init sets it. */
struct progress_upcalls {
    int (*flush)(void);   /* sends what waits for room, as far as there is some; packets */
    bool (*failed)(void); /* processes have failed: ends what needs them; true: something has ended */
    /* w waits on a request, or for something else: ends what can never complete since processes have finalized. True:
     * see whether the wait is over. first: it has just begun to; w NULL: nobody waits, somebody tests. */
    bool (*finalized)(const struct waiter *w, const struct request *on, bool first);
    /* The only thread has slept in a wait that began then (clock_ns()): is the job deadlocked? */
    void (*slept)(uint64_t since);
};
extern struct progress_upcalls progress_upcalls;
extern uint32_t progress_unsent; /* peers for whom something waits for room: while there are any, flush is called */

#endif
