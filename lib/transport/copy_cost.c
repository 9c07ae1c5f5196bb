/* SPDX-License-Identifier: BSD-3-Clause
 *
 * copy_cost: what was measured, and the choice that follows. */
#include "lib/transport/copy_cost.h"
#include <math.h>

enum {
    LOOK = 1 << 20, /* bytes between two looks at the clock */
    /* Between two trials; sooner after a change, since what looked slow may have been new memory or another
     * disturbance, but a trial may cost as much as these ns a byte. */
    SOON_BYTE_NS = 16,
    LATE_NS = 128000000,
    BUSY_MOST = 1 << 20, /* bytes after which streams that never pause are measured */
    NEW = 1 << 20,       /* bytes that come through new memory first */
};
/* Streaming is left only for a reading that takes so much of its time, since it is measured beside what disturbs both
 * processors, and taken again as soon as it is no slower. Between the two nothing alternates. */
static const float worth = 0.75F;

static void settle(struct copy_cost *c, bool both)
{
    float stream = c->stream[both], read = c->read[both];
    if (c->reads[both] ? read < stream : read >= worth * stream)
        return;
    c->reads[both] = !c->reads[both];
    c->bytes = LOOK;
    c->when = c->period = 0; /* the other way once more, at once */
}

/* A ring that was not used for a while is cold: only when all of it has been gone through do messages tell what that
 * way is like. */
static void try(struct copy_cost *c, size_t n, bool reads)
{
    enum { RING = 1 << 20, MORE = 6, MOST = 100 };
    size_t tries = n ? RING / n + MORE : MOST;
    c->trial = reads;
    c->tries = (uint8_t)(tries < MOST ? tries : MOST);
}

static bool due(struct copy_cost *c, size_t n)
{
    c->bytes = n > LOOK ? LOOK : c->bytes + (uint32_t)n;
    if (c->bytes < LOOK)
        return false;
    c->bytes = 0;
    int64_t now = clock_ns();
    if (now - c->when < c->period)
        return false;
    c->when = now;
    c->period = c->period == 0 ? (int64_t)n * SOON_BYTE_NS : 2 * c->period;
    if (c->period > LATE_NS)
        c->period = LATE_NS;
    return true;
}

bool copy_cost_prefers_cma(struct copy_cost *c, size_t n, bool both)
{
    if (c->tries == 0) {
        if (c->stream[both] <= 0)
            try(c, n, false);
        else if (c->read[both] <= 0)
            try(c, n, true);
        else
            settle(c, both);
        if (c->tries == 0 && due(c, n))
            try(c, n, !c->reads[both]);
    }
    if (c->tries == 0)
        return c->reads[both];
    c->tries--;
    return c->trial && !isinf(c->read[both]);
}

/* Disturbances make it longer, never shorter: so the cost falls at once, and rises slowly, by at most twice at a time.
 * What cannot be, as with counters of two processors that differ, does not count. */
static void took(float *cost, uint64_t ticks, size_t n)
{
    if (ticks >> 40 || n == 0)
        return;
    float now = (float)ticks / (float)n, old = *cost;
    if (old <= 0)
        *cost = now;
    else if (now < old)
        *cost = old + (now - old) * 0.5F;
    else if (!isinf(old))
        *cost = old + ((now < 2 * old ? now : 2 * old) - old) * 0.2F;
}

void copy_cost_streamed(struct copy_cost *c, uint64_t ticks, size_t n, bool both)
{
    took(&c->stream[both], ticks, n);
}

void copy_cost_was_read(struct copy_cost *c, uint64_t ticks, size_t n, bool both)
{
    took(&c->read[both], ticks, n);
}

void copy_cost_cma_denied(struct copy_cost *c)
{
    c->read[false] = c->read[true] = INFINITY;
    c->reads[false] = c->reads[true] = false;
}

void copy_busy_begin(struct copy_busy *b)
{
    if (b->under_way++ > 0)
        return;
    b->begin = copy_ticks();
    b->bytes = 0;
}

void copy_busy_came(struct copy_busy *b, size_t n)
{
    b->bytes += n;
    if (b->before < NEW)
        b->before += (uint32_t)(n < NEW ? n : NEW);
}

void copy_busy_end(struct copy_busy *b, struct copy_cost *c, bool both)
{
    if (b->under_way > 0)
        b->under_way--;
    if (b->under_way > 0 && b->bytes < BUSY_MOST)
        return;
    uint64_t now = copy_ticks();
    if (c && b->before >= NEW)
        copy_cost_streamed(c, now - b->begin, b->bytes, both);
    b->begin = now;
    b->bytes = 0;
}
