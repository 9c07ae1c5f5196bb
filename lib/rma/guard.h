/* SPDX-License-Identifier: BSD-3-Clause
 *
 * guard: atomicity of accumulates, where a processor's atomic instruction is not enough.
 *
 * Each rank's part of a window has a guard, in memory that the ranks of its node share. What one instruction does
 * atomically (an element of 1, 2, 4, 8 bytes) goes past it: the origin announces itself in a line of its own, looks
 * whether somebody has the guard, and takes its announcement back behind the instruction. Who needs more (many elements
 * at the speed of vectors, elements of 16 bytes, pairs) takes the guard and waits until those that were announced are
 * through. The announcement and the look need a fence in between; where the kernel offers it, it is on the side that
 * has time (membarrier), as with doorbells.
 *
 * A part that is private memory of its owner, which others reach by system calls, knows no such instructions: all take
 * the guard, and nobody is announced (guard_place.exclusive).
 *
 * What is held is held for a short time, by who waits for nothing meanwhile. If its holder dies, the next one that
 * wants the guard takes it over. */
#ifndef LIB_RMA_GUARD_H
#define LIB_RMA_GUARD_H

#include <stdatomic.h>
#include "lib/core/types.h"

enum { GUARD_LINE = 64 };
/* One for each rank of the node, zeros at first: as the owner of memory, and as who reaches that of others. */
struct guard_place {
    _Alignas(GUARD_LINE) _Atomic uint32_t holder;    /* who has the guard of this rank's memory: 0, or 1 + its number */
    uint32_t exclusive;                              /* set before others come */
    _Alignas(GUARD_LINE) _Atomic uint32_t announced; /* whose memory this rank is at: 0, or 1 + that one's number */
};

struct guard {
    struct guard_place *places; /* by local number */
    int count, me;
    bool fence;              /* who announces itself has a fence: no membarrier is needed */
    bool (*alive)(int rank); /* is it possible that this process still exists? */
};

/* May an atomic instruction be used on the memory of owner? If so, guard_leave follows; otherwise take the guard. */
ALWAYS_INLINE bool guard_enter(struct guard *g, int owner)
{
    struct guard_place *mine = &g->places[g->me], *theirs = &g->places[owner];
    if (UNLIKELY(theirs->exclusive))
        return false;
    if (g->fence)
        atomic_exchange_explicit(&mine->announced, (uint32_t)owner + 1, memory_order_seq_cst);
    else
        atomic_store_explicit(&mine->announced, (uint32_t)owner + 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    /* What the last holder wrote comes before. */
    if (LIKELY(atomic_load_explicit(&theirs->holder, memory_order_seq_cst) == 0))
        return true;
    atomic_store_explicit(&mine->announced, 0, memory_order_release);
    return false;
}
ALWAYS_INLINE void guard_leave(struct guard *g)
{
    /* Release: what was done comes before, for who waits to read it plainly. */
    atomic_store_explicit(&g->places[g->me].announced, 0, memory_order_release);
}

/* The guard of owner's memory, alone among all that take it; instructions may still be under way. */
void guard_take(struct guard *g, int owner);
/* And they are not, from here on until guard_give. */
void guard_drain(struct guard *g, int owner);
void guard_give(struct guard *g, int owner);

#endif
