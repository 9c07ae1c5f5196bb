/* SPDX-License-Identifier: BSD-3-Clause
 *
 * guard: taking it, and waiting for those who are past it. */
#include "lib/rma/guard.h"
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lib/core/pause.h"

static const uint32_t WAITED_FOR = 1u << 31; /* in holder: somebody sleeps until it is given back */

enum { SPINS = 200, YIELDS = 20, LOOK_MS = 20 };

/* Sleeps until the guard changes hands; a while at most, for its holder might die. */
static void sleep_on(_Atomic uint32_t *holder, uint32_t seen)
{
    const struct timespec most = {0, LOOK_MS * 1000000};
    syscall(SYS_futex, holder, FUTEX_WAIT, seen, &most, NULL, 0);
}

/* It is taken; tries = how often this was seen. */
static void await_holder(struct guard *g, _Atomic uint32_t *holder, uint32_t seen, unsigned tries)
{
    if (tries < SPINS) {
        pause_cpu();
    } else if (tries < SPINS + YIELDS) {
        sched_yield();
    } else if (!g->alive((int)(seen & ~WAITED_FOR) - 1)) {
        /* What it was at is done in part: its elements are each whole, or are those of a rank that has failed. */
        atomic_compare_exchange_strong_explicit(holder, &seen, 0, memory_order_acq_rel, memory_order_relaxed);
        syscall(SYS_futex, holder, FUTEX_WAKE, 1, NULL, NULL, 0);
    } else if ((seen & WAITED_FOR) ||
               atomic_compare_exchange_strong_explicit(holder, &seen, seen | WAITED_FOR, memory_order_relaxed,
                                                       memory_order_relaxed)) {
        sleep_on(holder, seen | WAITED_FOR);
    }
}

void guard_take(struct guard *g, int owner)
{
    _Atomic uint32_t *holder = &g->places[owner].holder;
    uint32_t me = (uint32_t)g->me + 1;
    for (unsigned tries = 0;; tries++) {
        uint32_t seen = 0;
        if (atomic_compare_exchange_strong_explicit(holder, &seen, me, memory_order_seq_cst, memory_order_relaxed))
            return;
        /* Others may sleep too, of whom this one does not know: it wakes them when it is through. */
        if (tries == SPINS + YIELDS)
            me |= WAITED_FOR;
        await_holder(g, holder, seen, tries);
    }
}

/* Until that rank is through with what it has announced, if it has. */
static void await_leave(struct guard *g, int rank, uint32_t what)
{
    _Atomic uint32_t *announced = &g->places[rank].announced;
    /* What it did comes before what we do. */
    for (unsigned tries = 1; atomic_load_explicit(announced, memory_order_seq_cst) == what; tries++)
        if (tries < SPINS)
            pause_cpu();
        else if (tries % SPINS == 0 && !g->alive(rank))
            atomic_store_explicit(announced, 0, memory_order_relaxed); /* nobody else writes it any more */
        else
            sched_yield();
}

void guard_drain(struct guard *g, int owner)
{
    if (g->places[owner].exclusive)
        return;
    if (!g->fence)
        syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
    for (int i = 0; i < g->count; i++)
        if (i != g->me)
            await_leave(g, i, (uint32_t)owner + 1);
}

void guard_give(struct guard *g, int owner)
{
    _Atomic uint32_t *holder = &g->places[owner].holder;
    if (atomic_exchange_explicit(holder, 0, memory_order_release) & WAITED_FOR)
        syscall(SYS_futex, holder, FUTEX_WAKE, 1, NULL, NULL, 0);
}
