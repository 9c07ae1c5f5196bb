/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sleep: who waits for long sleeps on the bell in its box, and who sends to it rings.
 *
 * A sender reads the receiver's `sleeping` after it has published the packet; without a fence the read might come
 * first. The fence is on the side that has time: who wants to sleep makes all senders pass a barrier (membarrier)
 * between its own store to `sleeping` and its last look at the channels. With more ranks than processors sleep is
 * frequent, and a fence in each send costs less. */
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/transport/shm/state.h"

static bool all_fence; /* every sender has a fence, so that whoever sleeps needs no membarrier */
static bool no_sleep;  /* this process can neither be reached by membarrier nor use it */

void shm_sleep_init(const struct boot *b)
{
    all_fence = b->local_size > b->local_cpus;
    if (all_fence) {
        shm.fence = true;
        return;
    }
    long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    shm.fence = no_sleep = rc != 0;
}

void shm_ring(struct box *b)
{
    if (atomic_exchange_explicit(&b->sleeping, 0, memory_order_relaxed) == 0)
        return;
    atomic_fetch_add_explicit(&b->bell, 1, memory_order_release);
    syscall(SYS_futex, &b->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void shm_wake(int local)
{
    struct box *b = &shm.boxes[local];
    if (UNLIKELY(atomic_load_explicit(&b->sleeping, memory_order_relaxed)))
        shm_ring(b);
}

bool shm_fences(void)
{
    return shm.fence;
}

_Atomic uint32_t *shm_sleeping(int local)
{
    return &shm.boxes[local].sleeping;
}

_Atomic uint32_t *shm_arm(uint32_t *value)
{
    struct box *b = &shm.boxes[shm.me];
    if (no_sleep)
        return NULL;
    *value = atomic_load_explicit(&b->bell, memory_order_relaxed);
    atomic_store_explicit(&b->sleeping, 1, memory_order_seq_cst);
    if (all_fence)
        atomic_thread_fence(memory_order_seq_cst);
    else if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0)
        no_sleep = true;
    return &b->bell;
}

void shm_disarm(void)
{
    atomic_store_explicit(&shm.boxes[shm.me].sleeping, 0, memory_order_relaxed);
}
