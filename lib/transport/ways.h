/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ways: how long data had better come from another rank of the node, by what it took before.
 *
 * They stream (the sender copies into shared memory, the receiver out of it) or are read by the receiver alone. Which
 * is faster depends on how far apart the two processors' caches are, and processors move; so all copies are timed, and
 * the way that is not taken is tried again now and then. */
#ifndef LIB_TRANSPORT_WAYS_H
#define LIB_TRANSPORT_WAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/core/clock.h"

/* Time in a unit of its own that all processes of the node share; cheaper than a clock. */
static inline uint64_t ways_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)clock_ns();
#endif
}

/* Messages of about one length from one rank. All zeros: nothing is known yet. */
struct way {
    float write, take, read; /* what it takes, ticks a byte; 0: not known */
    bool reads[2];           /* the present choice; [true]: where both copy in both directions */
    bool trial;              /* the way that is tried */
    uint8_t tries;           /* messages left to try it with */
    uint32_t bytes;          /* since the last look at the clock */
    int64_t when;            /* of the last trial, ns */
    int64_t period;          /* from it to the next, ns */
};

/* Shall the next message, of n bytes, be read? both: each side has to copy in both directions meanwhile. */
bool way_reads(struct way *w, size_t n, bool both);
/* It took so long: a packet's copy, which is one of several (cost: write or take of a way); a whole message. */
void way_copied(float *cost, uint64_t ticks, size_t n);
void way_was_read(struct way *w, uint64_t ticks, size_t n);
/* Messages like that cannot be read, or it is not worth it. */
void way_unreadable(struct way *w);

enum { WAY_CLASSES = 4 };
/* The class of a length. */
static inline int way_class(size_t n)
{
    return (n > 1 << 15) + (n > 1 << 17) + (n > 1 << 19);
}

#endif
