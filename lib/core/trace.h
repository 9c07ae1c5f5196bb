/* SPDX-License-Identifier: BSD-3-Clause
 *
 * trace: the rank's status line in the node's segment: which MPI call it is in, and what that waits for. The launcher
 * reads it for its table of who waits for whom. */
#ifndef LIB_CORE_TRACE_H
#define LIB_CORE_TRACE_H

#include "lib/core/state.h"

extern const char *const call_names[]; /* by enum call, as all of these; generated */
extern const bool call_blocks[];       /* it returns when others have done something, and makes progress meanwhile */

ALWAYS_INLINE void trace_enter(int id)
{
    static const uint64_t one = UINT64_C(1) << 16;
    uint64_t c = atomic_load_explicit(&lib.status->call, memory_order_relaxed);
    atomic_store_explicit(&lib.status->call, (c & ~(one - 1)) + one + (unsigned)id, memory_order_relaxed);
}

ALWAYS_INLINE void trace_leave(void)
{
    uint64_t c = atomic_load_explicit(&lib.status->call, memory_order_relaxed);
    atomic_store_explicit(&lib.status->call, c & ~UINT64_C(0xffff), memory_order_relaxed);
}

/* What a call waits for. Ranks are those of MPI_COMM_WORLD; peer and tag may be RANK_STATUS_... */
struct trace_wait {
    int id;            /* of the MPI function */
    uint64_t since_ns; /* clock_ns() when it began */
    uint32_t comm;
    const char *comm_name; /* or NULL */
    int peer, tag;
    bool sends;
};
/* The present call, of the only thread, waits. */
void trace_wait_set(const struct trace_wait *w);
/* So much is under way between this process and the one that the wait is for which began then; both
 * RANK_NOT_CONNECTED: there is no connection so far. */
void trace_flight_set(uint64_t since_ns, uint64_t outgoing, uint64_t incoming);
/* The call of one of several threads waits, until trace_thread_clear. Returns the slot to clear; -1: all are taken, and
 * the wait is not shown. */
int trace_thread_set(const struct trace_wait *w);
void trace_thread_clear(int slot);
/* n bytes of long data have come through shared memory, or have been read out of another rank's; *total is the tally of
 * these. */
static inline void trace_streamed(uint64_t *total, size_t n)
{
    *total += n;
    atomic_fetch_add_explicit(&lib.status->streamed, n, memory_order_relaxed);
}
static inline void trace_read(uint64_t *total, size_t n)
{
    *total += n;
    atomic_fetch_add_explicit(&lib.status->read, n, memory_order_relaxed);
}
/* A rank that has slept in its wait has found something, which may not be what it waits for. */
static inline void trace_moved(void)
{
    atomic_fetch_add_explicit(&lib.status->moves, 1, memory_order_relaxed);
}
/* The present call polls without success, as those before it did; until trace_poll_clear. */
void trace_poll_set(const struct trace_wait *w);
void trace_poll_clear(void);

#endif
