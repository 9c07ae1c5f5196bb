/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gather: which connections keep something, and for how long it has been. */
#include "lib/transport/tcp/gather.h"
#include "lib/core/clock.h"
#include "lib/transport/tcp/stream.h"

enum { ENOUGH = 8 << 10, LATE_NS = 20000, PENALTY_LEAST = 8, PENALTY_MOST = 1024, LONG_MOST = 4 << 20 };

static TAILQ_HEAD(, conn) kept = TAILQ_HEAD_INITIALIZER(kept);
static uint32_t burst = 1;        /* the number of this one */
static int64_t since;             /* when the first one was kept */
static uint32_t caution, penalty; /* bursts that are not kept; how many it will be next time */
static bool spared;               /* this one has not been, for that reason */

static void keep(struct conn *c)
{
    if (TAILQ_EMPTY(&kept))
        since = clock_ns();
    TAILQ_INSERT_TAIL(&kept, c, kept);
    c->keeps = true;
    transport_held++;
}

/* Is this its first packet since the last look? */
static bool begins(struct conn *c)
{
    if (c->burst == burst)
        return false;
    c->burst = burst;
    c->injected = 0;
    return true;
}

bool gather_allows(struct conn *c, size_t bytes)
{
    begins(c);
    if (c->injected >= LONG_MOST)
        return false;
    c->injected += (uint32_t)bytes;
    return true;
}

bool gather_keeps(struct conn *c)
{
    bool first = begins(c);
    if (!transport_more || first || c->out_end - c->out_at > ENOUGH)
        return false;
    spared |= caution > 0;
    if (caution > 0)
        return false;
    if (!c->keeps)
        keep(c);
    return true;
}

void gather_forget(struct conn *c)
{
    if (!c->keeps)
        return;
    TAILQ_REMOVE(&kept, c, kept);
    c->keeps = false;
    transport_held--;
}

/* The longer it goes wrong, the longer it is left alone. */
static void learn(bool late)
{
    if (late) {
        penalty = penalty < PENALTY_LEAST ? PENALTY_LEAST : penalty < PENALTY_MOST ? 2 * penalty : PENALTY_MOST;
        caution = penalty;
    } else {
        penalty -= penalty / 4;
    }
}

void gather_push(void)
{
    struct conn *c;
    burst++;
    caution -= spared;
    spared = false;
    if (TAILQ_EMPTY(&kept))
        return;
    learn(clock_ns() - since > LATE_NS);
    while ((c = TAILQ_FIRST(&kept)) != NULL) {
        gather_forget(c);
        stream_write(c);
    }
}
