/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tally: what is counted for tools (tally.def), by whom it happens to. What would cost something on the path of a short
 * message is counted only while a tool wants it. Everything here is used under the library's lock. */
#ifndef LIB_CORE_TALLY_H
#define LIB_CORE_TALLY_H

#include "lib/core/clock.h"
#include "lib/core/types.h"

extern struct tally {
#define TOTAL(name, class, costs, says) uint64_t name;
#define TIME(name, costs, says) uint64_t name;
#include "lib/core/tally.def"
} tally;

enum tally_event_kind {
#define EVENT(name, elements, are, says) TALLY_EVENT_##name,
#include "lib/core/tally.def"
    TALLY_EVENTS
};

/* What a tool wants now: bits of tally_on. */
enum { TALLY_MESSAGES = 1, TALLY_WAITS = 2, TALLY_MARK = 4, TALLY_EVENT_FIRST = 8 };
extern uint32_t tally_on;

/* What is told of an event. */
struct tally_event {
    int peer; /* a rank */
    int tag;
    uint64_t ctx;    /* of the communicator; 0: of none */
    MPI_Count bytes; /* of the message */
};

/* Of lib/tool; called only while the bit is set. */
extern struct tally_upcalls {
    void (*event)(enum tally_event_kind kind, const struct tally_event *e); /* returns soon, and calls no user */
    void (*level)(uint64_t now); /* the unexpected queue has grown to that length */
} tally_upcalls;

static inline void tally_event(enum tally_event_kind kind, struct tally_event e)
{
    if (UNLIKELY(tally_on & (uint32_t)TALLY_EVENT_FIRST << kind))
        tally_upcalls.event(kind, &e);
}

/* A thread goes to sleep, and is awake again; with what the first has returned. */
static inline int64_t tally_sleep_begin(void)
{
    tally.wait_sleeps++;
    return UNLIKELY(tally_on & TALLY_WAITS) ? clock_ns() : 0;
}
static inline void tally_sleep_end(int64_t began)
{
    if (UNLIKELY(began))
        tally.wait_sleep_time += (uint64_t)(clock_ns() - began);
}

#endif
