/* SPDX-License-Identifier: BSD-3-Clause
 *
 * counter: completion counters. An operation that consists of requests counts those that are under way instead of
 * looking at them: each that completes counts down, and the last one has the operation go on, out of the next
 * progress_poll. So an operation costs nothing while nothing happens to it, however many there are. */
#ifndef LIB_REQUEST_COUNTER_H
#define LIB_REQUEST_COUNTER_H

#include "lib/request/request.h"

struct counter {
    int pending; /* requests under way; and one for whoever adds some, between counter_begin and counter_end */
    /* All are complete. Called under the lock, once for each counter_begin, by progress and never out of the completion
     * of a request; it may begin anew. It may call a user's function without the lock, and other threads go on with
     * other counters meanwhile. NULL: nothing is called, the owner looks at pending. */
    void (*completed)(struct counter *c);
    struct request *request; /* that completes with it, for those who ask what a request is part of; or NULL */
    TAILQ_ENTRY(counter) ready;
};
TAILQ_HEAD(counters, counter);

/* Requests are about to be added. */
static inline void counter_begin(struct counter *c)
{
    c->pending = 1;
}
/* Counts r, if it is not complete yet. A request is in one counter at most, which outlives it or its completion. */
static inline void counter_add(struct counter *c, struct request *r)
{
    if (r->complete)
        return;
    r->counted = true;
    r->parent = c;
    c->pending++;
}
/* All have been added. True: all are complete, and completed is not called. */
static inline bool counter_end(struct counter *c)
{
    return --c->pending == 0;
}
/* Counts r no more, if it is counted here and not complete. */
static inline void counter_remove(struct counter *c, struct request *r)
{
    if (!r->counted || r->parent != c)
        return;
    r->counted = false;
    c->pending--;
}
/* One of what is counted is complete. */
void counter_down(struct counter *c);

/* Those whose requests are all complete, until progress has called them. */
extern struct counters counter_ready;
/* Calls them; true: there was one. */
bool counter_run(void);

#endif
