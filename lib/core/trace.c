/* SPDX-License-Identifier: BSD-3-Clause
 *
 * trace: the writer's side of the status line: each wait is written under a sequence lock, so that the launcher's
 * reader sees all of it or none. */
#include "lib/core/trace.h"
#include <string.h>

static uint64_t present(void)
{
    return atomic_load_explicit(&lib.status->call, memory_order_relaxed);
}

static void tell(struct rank_wait *at, enum rank_wait_kind kind, const struct trace_wait *w, uint64_t call)
{
    unsigned turn = atomic_load_explicit(&at->turns, memory_order_relaxed);
    atomic_store_explicit(&at->turns, (uint16_t)(turn | 1), memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* who sees any of these sees that */
    at->kind = (uint8_t)kind;
    at->since_ns = w->since_ns;
    at->comm = w->comm;
    at->peer = w->peer;
    at->tag = w->tag;
    at->sends = w->sends;
    strncpy(at->function, call_names[w->id], sizeof at->function - 1);
    strncpy(at->comm_name, w->comm_name ? w->comm_name : "", sizeof at->comm_name - 1);
    atomic_store_explicit(&at->call, call, memory_order_relaxed);
    atomic_store_explicit(&at->turns, (uint16_t)((turn | 1) + 1), memory_order_release);
}

void trace_wait_set(const struct trace_wait *w)
{
    tell(&lib.status->waits[0], RANK_WAITS, w, present());
}

void trace_flight_set(uint64_t since_ns, uint64_t outgoing, uint64_t incoming)
{
    struct rank_flight *f = &lib.status->flight;
    atomic_store_explicit(&f->since_ns, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* who sees any of these sees that */
    atomic_store_explicit(&f->outgoing, outgoing, memory_order_relaxed);
    atomic_store_explicit(&f->incoming, incoming, memory_order_relaxed);
    atomic_store_explicit(&f->since_ns, since_ns, memory_order_release);
}

int trace_thread_set(const struct trace_wait *w)
{
    struct rank_wait *v = lib.status->waits;
    for (int i = 0; i < RANK_WAIT_THREADS; i++)
        if (atomic_load_explicit(&v[i].call, memory_order_relaxed) == 0) {
            tell(&v[i], RANK_WAITS_THREAD, w, present() | 1);
            return i;
        }
    return -1;
}

void trace_thread_clear(int slot)
{
    if (slot >= 0)
        atomic_store_explicit(&lib.status->waits[slot].call, 0, memory_order_relaxed);
}

void trace_poll_set(const struct trace_wait *w)
{
    tell(&lib.status->waits[RANK_WAIT_THREADS], RANK_TESTS, w, present());
}

void trace_poll_clear(void)
{
    atomic_store_explicit(&lib.status->waits[RANK_WAIT_THREADS].call, 0, memory_order_relaxed);
}
