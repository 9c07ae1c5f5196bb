/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lock: the one lock of the library. It is recursive and guards everything.
 *
 * A program that asked for MPI_THREAD_SINGLE does not take it; before MPI_Init and after MPI_Finalize it is taken,
 * since some functions may then be called by any thread. Whoever waits gives it away, and so does whoever calls a
 * user's function (lock_suspend), so that this may wait for another thread.
 */
#ifndef LIB_CORE_LOCK_H
#define LIB_CORE_LOCK_H

#include <stdatomic.h>
#include "lib/core/types.h"

/* Each thread is an owner. The lock is biased to one of them, which takes it by a store between two loads: see lock.c.
 */
struct lock_owner {
    _Atomic uint32_t in;     /* how deep the thread holds the lock by bias; written by it alone */
    struct lock_owner *next; /* free */
    char pad[48];
};

/* The hot part: what each call looks at, in one cache line. */
struct lock_hot {
    _Alignas(64) _Atomic(struct lock_owner *) bias;
    _Atomic bool on;
    /* Threads that sleep without the lock until what they wait for comes true. While there are any, `wake` is called by
     * each who is about to give the lock up. Changed under the lock. */
    int sleepers;
    void (*wake)(void);
};
extern struct lock_hot lock_hot;
/* initial-exec: reached without a call; so few bytes fit even where the library is loaded late. */
extern _Thread_local __attribute__((tls_model("initial-exec"))) struct lock_owner *lock_self;

static inline bool lock_used(void)
{
    return UNLIKELY(atomic_load_explicit(&lock_hot.on, memory_order_relaxed));
}

void lock_take_slow(void);
void lock_give_slow(void);
void lock_not_entered(struct lock_owner *s); /* the lock is no longer biased to it */
void lock_wake(struct lock_owner *s);

ALWAYS_INLINE bool lock_biased_to(const struct lock_owner *s)
{
    return LIKELY(atomic_load_explicit(&lock_hot.bias, memory_order_relaxed) == s);
}

ALWAYS_INLINE uint32_t lock_depth_of(const struct lock_owner *s)
{
    return atomic_load_explicit(&s->in, memory_order_relaxed);
}

ALWAYS_INLINE void lock_take(void)
{
    struct lock_owner *s = lock_self;
    if (UNLIKELY(!lock_biased_to(s) || lock_depth_of(s) > 0)) {
        lock_take_slow();
        return;
    }
    atomic_store_explicit(&s->in, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (!lock_biased_to(s))
        lock_not_entered(s);
}

ALWAYS_INLINE void lock_give_biased(struct lock_owner *s)
{
    /* Release: what was written under the lock comes before. */
    atomic_store_explicit(&s->in, 0, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    if (!lock_biased_to(s))
        lock_wake(s);
}

ALWAYS_INLINE void lock_give(void)
{
    struct lock_owner *s = lock_self;
    if (LIKELY(lock_depth_of(s) == 1 && lock_hot.sleepers == 0))
        lock_give_biased(s);
    else
        lock_give_slow();
}

ALWAYS_INLINE void lib_lock(void)
{
    if (lock_used())
        lock_take();
}

ALWAYS_INLINE void lib_unlock(void)
{
    if (lock_used())
        lock_give();
}

/* From now on all calls take it, or none does. To be called by who holds it, or with one thread. The present call takes
 * it, or gives it back. */
void lock_begin(void);
void lock_end(void);
/* In a child of fork: no thread of the parent's is there to give it back. */
void lock_fork(void);
/* From now on it may be biased, and the present thread is the likely user. For who holds it. */
void lock_allow_bias(void);

/* Does another thread wait for it? For who holds it. */
bool lock_wanted(void);
/* Lets one in that waits for it, if there is one. Without threads: nothing. */
void lock_yield_slow(void);
static inline void lib_yield(void)
{
    if (lock_used() && lock_wanted())
        lock_yield_slow();
}

/* Gives it up wholly, however deep; lib_resume takes it back to that depth. */
int lib_suspend(void);
void lib_resume(int depth);

#endif
