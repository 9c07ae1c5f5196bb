/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ways: what copies have taken, and the choice by that. */
#include "lib/transport/ways.h"
#include <math.h>

enum {
    LOOK = 1 << 20, /* bytes between two looks at the clock */
    /* Between two trials; sooner after a change, since what looked slow may have been new memory or another
     * disturbance, but a trial may cost as much as these ns a byte. */
    SOON_BYTE_NS = 16,
    LATE_NS = 128000000,
};
/* A stream's first message, which is what a trial sees, is its slowest: so it is left only for a reading that takes so
 * much of its time, and taken again as soon as it is no slower. Between the two nothing alternates. */
static const float worth = 0.75F;

/* Streaming as far as both copy at the same time takes as long as the slower of them; where each has to copy for both
 * directions, as long as both together. */
static float streaming(const struct way *w, bool both)
{
    return both ? w->write + w->take : w->write > w->take ? w->write : w->take;
}

static void settle(struct way *w, bool both)
{
    float stream = streaming(w, both);
    if (w->reads[both] ? w->read <= stream : w->read >= worth * stream)
        return;
    w->reads[both] = !w->reads[both];
    w->bytes = LOOK;
    w->when = w->period = 0; /* the other way once more, at once */
}

/* A long message is timed packet by packet, so that one is enough. */
static void try(struct way *w, size_t n, bool reads)
{
    static const uint8_t tries[WAY_CLASSES] = {4, 2, 1, 1};
    w->trial = reads;
    w->tries = tries[way_class(n)];
}

static bool due(struct way *w, size_t n)
{
    w->bytes = n > LOOK ? LOOK : w->bytes + (uint32_t)n;
    if (w->bytes < LOOK)
        return false;
    w->bytes = 0;
    int64_t now = clock_ns();
    if (now - w->when < w->period)
        return false;
    w->when = now;
    w->period = w->period == 0 ? (int64_t)n * SOON_BYTE_NS : 2 * w->period;
    if (w->period > LATE_NS)
        w->period = LATE_NS;
    return true;
}

bool way_reads(struct way *w, size_t n, bool both)
{
    if (w->tries == 0) {
        if (w->take <= 0)
            try(w, n, false);
        else if (w->read <= 0)
            try(w, n, true);
        else
            settle(w, both);
        if (w->tries == 0 && due(w, n))
            try(w, n, !w->reads[both]);
    }
    if (w->tries == 0)
        return w->reads[both];
    w->tries--;
    return w->trial;
}

/* One that was disturbed counts as at most twice what is usual; what cannot be, as with counters of two processors that
 * differ, not at all. */
static void took(float *cost, uint64_t ticks, size_t n, float weight)
{
    if (ticks >> 40 || n == 0)
        return;
    float now = (float)ticks / (float)n, old = *cost;
    if (old <= 0 || isinf(old))
        *cost = now;
    else
        *cost = old + ((now < 2 * old ? now : 2 * old) - old) * weight;
}

void way_copied(float *cost, uint64_t ticks, size_t n)
{
    took(cost, ticks, n, 0.25F);
}

void way_was_read(struct way *w, uint64_t ticks, size_t n)
{
    took(&w->read, ticks, n, 0.5F);
}

void way_unreadable(struct way *w)
{
    w->read = INFINITY;
    w->reads[false] = w->reads[true] = false;
}
