/* SPDX-License-Identifier: BSD-3-Clause
 *
 * copy_cost: how long data had better come from another rank of the node, by what it took before.
 *
 * They stream (the sender copies into shared memory, the receiver out of it), or the receiver reads them out of the
 * sender's memory (CMA). Which is faster depends on the processor, on how far apart the two processors' caches are, and
 * processors move; so what a machine does is measured as a whole: the time from the moment that data are asked for to
 * the last byte, divided among all that came meanwhile. The way that is not taken is tried again now and then. */
#ifndef LIB_TRANSPORT_COPY_COST_H
#define LIB_TRANSPORT_COPY_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/core/clock.h"

/* Time in a unit of its own that all processes of the node share; cheaper than a clock. */
static inline uint64_t copy_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)clock_ns();
#endif
}

/* Data of about one length from one rank. All zeros: nothing is known yet. [true]: where both ranks have to copy in
 * both directions at the same time. */
struct copy_cost {
    float stream[2], read[2]; /* ticks a byte; 0: not known; INFINITY: cannot be */
    bool reads[2];            /* the present choice */
    bool trial;               /* the way that is tried */
    uint8_t tries;            /* messages left to try it with */
    uint32_t bytes;           /* since the last look at the clock */
    int64_t when;             /* of the last trial, ns */
    int64_t period;           /* from it to the next, ns */
};

/* Should the next data, n bytes, be read? */
bool copy_cost_prefers_cma(struct copy_cost *c, size_t n, bool both);
/* What n bytes took. */
void copy_cost_streamed(struct copy_cost *c, uint64_t ticks, size_t n, bool both);
void copy_cost_was_read(struct copy_cost *c, uint64_t ticks, size_t n, bool both);
/* Data like that cannot be read, or it is not worth it. */
void copy_cost_cma_denied(struct copy_cost *c);

enum { COPY_CLASSES = 4 };
/* The class of a length. */
static inline int copy_class(size_t n)
{
    return (n > 1 << 15) + (n > 1 << 17) + (n > 1 << 19);
}

/* Streams from one rank that are under way together: what they take is measured from the first to the last of them, or
 * as far as enough has come. All zeros at first. */
struct copy_busy {
    uint64_t begin; /* ticks */
    size_t bytes;   /* that have come since */
    uint32_t under_way;
    uint32_t before; /* bytes that came through memory that nobody had used before, which tells nothing about later */
};
void copy_busy_begin(struct copy_busy *b);
/* n bytes of a message have come. */
void copy_busy_came(struct copy_busy *b, size_t n);
/* A message is complete (or has ended otherwise): when that tells enough, it goes to c (NULL: to nobody). */
void copy_busy_end(struct copy_busy *b, struct copy_cost *c, bool both);

#endif
