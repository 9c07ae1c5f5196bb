/* SPDX-License-Identifier: BSD-3-Clause
 *
 * counter: completion counters. */
#include "lib/request/counter.h"

struct counters counter_ready = TAILQ_HEAD_INITIALIZER(counter_ready);

void counter_down(struct counter *c)
{
    if (--c->pending == 0 && c->completed)
        TAILQ_INSERT_TAIL(&counter_ready, c, ready);
}

/* Each is taken off the list before it is called, so whoever comes in while a user's function runs takes the next one.
 * Those that become ready meanwhile are called too. */
bool counter_run(void)
{
    struct counter *c;
    bool any = false;
    while ((c = TAILQ_FIRST(&counter_ready)) != NULL) {
        TAILQ_REMOVE(&counter_ready, c, ready);
        c->completed(c);
        any = true;
    }
    return any;
}

void request_completed(struct request *r)
{
    if (r->counted) {
        r->counted = false;
        counter_down(r->parent);
    }
    if (r->orphan)
        request_free(r);
}
