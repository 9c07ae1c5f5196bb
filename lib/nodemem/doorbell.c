/* SPDX-License-Identifier: BSD-3-Clause
 *
 * doorbell: a rank that waits for long sleeps on its doorbell, and a sender wakes it.
 *
 * A sender reads the receiver's `sleeping` after it has published the packet; without a fence the read might come
 * first. The fence is on the side that has time: before it sleeps, a rank makes all senders pass a barrier (membarrier)
 * between its own store to `sleeping` and its last look at the channels. With more ranks than processors sleep is
 * frequent, and a fence in each send costs less. */
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/nodemem/nodemem.h"
#include "lib/nodemem/porch.h"

static bool all_fence; /* every sender has a fence, so that whoever sleeps needs no membarrier */
static bool no_sleep;  /* this process can neither be reached by membarrier nor use it */
static struct doorbell alone;
static struct doorbell *_Atomic own = &alone; /* another thread may ring it */

struct doorbell *doorbell_own(void)
{
    return atomic_load(&own);
}

/* Who rings the old one has begun before, and whoever sleeps from now on sees what he has done. */
void doorbell_move(struct doorbell *to)
{
    struct doorbell *was = atomic_exchange(&own, to ? to : &alone);
    doorbell_wake(was);
}

bool doorbell_is_shared(void)
{
    return nodemem_active || nodemem.met;
}

void doorbell_init(const struct boot *b)
{
    all_fence = b->local_size > b->local_cpus;
    no_sleep = false;
    nodemem.fence = true;
    if (all_fence)
        return;
    long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    nodemem.fence = no_sleep = rc != 0;
}

void doorbell_wake(struct doorbell *d)
{
    if (atomic_exchange_explicit(&d->sleeping, 0, memory_order_relaxed) == 0)
        return;
    atomic_fetch_add_explicit(&d->bell, 1, memory_order_release);
    syscall(SYS_futex, &d->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void doorbell_wake_rank(int local)
{
    struct doorbell *d = doorbell_of(local);
    if (UNLIKELY(atomic_load_explicit(&d->sleeping, memory_order_relaxed)))
        doorbell_wake(d);
}

struct doorbell *doorbell_of(int local)
{
    return &nodemem.porches[local].bell;
}

_Atomic uint32_t *doorbell_sleeping(int local)
{
    return &doorbell_of(local)->sleeping;
}

/* What is awaited was stored before; who arms looks for it after. */
void doorbell_wake_own(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    doorbell_wake(doorbell_own());
}

/* Threads of this process ring behind a fence. */
_Atomic uint32_t *doorbell_arm(uint32_t *value)
{
    struct doorbell *d = doorbell_own();
    if (doorbell_is_shared() && no_sleep)
        return NULL;
    *value = atomic_load_explicit(&d->bell, memory_order_relaxed);
    atomic_store_explicit(&d->sleeping, 1, memory_order_seq_cst);
    if (all_fence || !doorbell_is_shared())
        atomic_thread_fence(memory_order_seq_cst);
    else if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0) {
        no_sleep = true;
        doorbell_disarm();
        return NULL;
    }
    return &d->bell;
}

void doorbell_disarm(void)
{
    atomic_store_explicit(&doorbell_own()->sleeping, 0, memory_order_relaxed);
}
