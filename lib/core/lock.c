/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lock: biased to the thread that used it last.
 *
 * The lock proper is a word (1: held) with a futex. To take and give it costs two locked instructions, a tenth of the
 * latency of a message each; so the lock may be biased to one thread, which then takes it by a store and a load. Each
 * thread has an owner; `bias` points to the owner of the thread that it is biased to, or to `nobody`.
 *
 *     who is biased, T                    who revokes, R
 *     T1  owner.in = 1                     R0  take the word
 *     T2  is bias still T's owner?         R1  bias = nobody
 *         yes: T has the lock             R2  membarrier
 *         no: owner.in = 0, wake R,        R3  wait until owner.in is 0: R has the lock
 *             take the word
 *     T3  owner.in = 0 (release)
 *     T4  is bias still T's owner?  no: wake R
 *
 * One at a time. membarrier makes every running thread of the process pass a full barrier somewhere between R1 and R3,
 * and one that is not running has passed one. If T's barrier comes after T1, the store is visible at R3, and R waits.
 * If it comes before T1, then R1 is visible to T2, which comes later, and T does not enter. The compiler keeps T1
 * before T2 and T3 before T4 (atomic_signal_fence); the processor need not.
 *
 * Nobody sleeps for good. R sleeps on owner.in as long as it is not 0. If T's barrier comes before T3, then R1 is
 * visible to T4, and T wakes R; if it comes after T3, R does not see the 1 of that turn. The same holds for the 0 that
 * T stores when it does not enter: it always wakes.
 *
 * What T wrote is seen by R: R3 reads (acquire) the 0 of T3 (release). What R wrote is seen by T: T takes the word next
 * (acquire), which R gave back (release), before the lock can be biased to T again, because only who holds the lock by
 * the word biases it, and to itself. Each thread stores only to its own owner, so that a late T1 spoils nothing.
 *
 * An owner outlives its thread, in a list of free ones, and its `in` is 0 then; a new thread that gets the owner while
 * the lock is still biased to it is as good as the old one. Where the lock may not be biased nobody takes an owner: a
 * child of fork needs no memory, which an allocator that another thread was in at the fork may never give.
 *
 * A revocation costs some microseconds, so the lock becomes biased only after a streak of one thread, and each
 * revocation makes the next streak longer.
 */
#include "lib/core/lock.h"
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include "lib/core/clock.h"
#include "lib/core/pause.h"
#include <unistd.h>

enum { SPINS = 100, STREAK_FIRST = 256, STREAK_MOST = 65536 };
static const int64_t patience_ns = 50000;

static struct lock_owner nobody, outside; /* `outside`: of a thread that has no owner yet */
struct lock_hot lock_hot = {.bias = &nobody, .on = true};
_Thread_local __attribute__((tls_model("initial-exec"))) struct lock_owner *lock_self = &outside;
static struct {
    _Alignas(64) _Atomic uint32_t word;
    _Atomic uint32_t turns;     /* how often one who had to wait got it */
    _Atomic uint32_t wanted;    /* threads that want it */
    _Atomic uint32_t asleep;    /* of them, on the futex `word` */
    _Atomic uint32_t impatient; /* of them, for long */
    _Atomic uint32_t polite;    /* threads that wait for the next turn */
    /* Who holds it by the word, and how deep. Others only compare the holder with themselves. */
    _Atomic(const void *) holder;
    int depth;
    /* under the lock */
    const struct lock_owner *last;
    uint32_t streak, needed;
    bool can_bias;
} lock = {.needed = STREAK_FIRST};

/* Tells one thread from another. */
static const void *self(void)
{
    return &lock_self;
}

static bool held_by_word(void)
{
    return atomic_load_explicit(&lock.holder, memory_order_relaxed) == self();
}

static pthread_mutex_t owners_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock_owner *owners_free;
static pthread_key_t owners_key;
static pthread_once_t owners_once = PTHREAD_ONCE_INIT;
static bool owners_keyed;

static void owner_leave(void *p)
{
    struct lock_owner *s = p;
    pthread_mutex_lock(&owners_mutex);
    s->next = owners_free;
    owners_free = s;
    pthread_mutex_unlock(&owners_mutex);
    lock_self = &outside;
}

static void owners_open(void)
{
    owners_keyed = pthread_key_create(&owners_key, owner_leave) == 0;
}

/* Without memory the thread stays without, and goes by the word. */
static void owner_take(void)
{
    pthread_once(&owners_once, owners_open);
    if (!owners_keyed)
        return;
    pthread_mutex_lock(&owners_mutex);
    struct lock_owner *s = owners_free;
    if (s)
        owners_free = s->next;
    pthread_mutex_unlock(&owners_mutex);
    if (!s) {
        if (!(s = aligned_alloc(sizeof *s, sizeof *s)))
            return;
        atomic_init(&s->in, 0);
    }
    pthread_setspecific(owners_key, s);
    lock_self = s;
}

static void wait_on(_Atomic uint32_t *word, uint32_t value, const struct timespec *most)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, most, NULL, 0);
}

static void wake(_Atomic uint32_t *word, int most)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

static bool word_try(void)
{
    uint32_t free = 0;
    return atomic_compare_exchange_strong_explicit(&lock.word, &free, 1, memory_order_seq_cst, memory_order_seq_cst);
}

static bool word_spin(void)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&lock.word, memory_order_relaxed) == 0 && word_try())
            return true;
        pause_cpu();
    }
    return false;
}

/* Sequentially consistent on both sides: who gives the word back sees us asleep, or we see that it is free. */
static void word_sleep(void)
{
    static const struct timespec look = {.tv_nsec = 50000};
    int64_t start = clock_ns();
    bool impatient = false;
    atomic_fetch_add_explicit(&lock.asleep, 1, memory_order_seq_cst);
    while (!word_try()) {
        wait_on(&lock.word, 1, impatient ? NULL : &look);
        if (!impatient && clock_ns() - start > patience_ns) {
            impatient = true;
            atomic_fetch_add_explicit(&lock.impatient, 1, memory_order_seq_cst);
        }
    }
    atomic_fetch_sub_explicit(&lock.asleep, 1, memory_order_relaxed);
    if (impatient)
        atomic_fetch_sub_explicit(&lock.impatient, 1, memory_order_relaxed);
}

static void word_wait(void)
{
    atomic_fetch_add_explicit(&lock.wanted, 1, memory_order_relaxed);
    if (!word_spin())
        word_sleep();
    atomic_fetch_add_explicit(&lock.turns, 1, memory_order_seq_cst);
    atomic_fetch_sub_explicit(&lock.wanted, 1, memory_order_relaxed);
    if (atomic_load_explicit(&lock.polite, memory_order_seq_cst))
        wake(&lock.turns, INT32_MAX);
}

static void word_give(void)
{
    atomic_exchange_explicit(&lock.word, 0, memory_order_seq_cst);
    if (UNLIKELY(atomic_load_explicit(&lock.asleep, memory_order_seq_cst)))
        wake(&lock.word, 1);
}

/* Until one of those has had the word who wanted it when `seen` was read, by who held it then: so one comes for sure.
 */
static void turn_wait(uint32_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&lock.turns, memory_order_relaxed) != seen)
            return;
        pause_cpu();
    }
    atomic_fetch_add_explicit(&lock.polite, 1, memory_order_seq_cst);
    while (atomic_load_explicit(&lock.turns, memory_order_seq_cst) == seen)
        wait_on(&lock.turns, seen, NULL);
    atomic_fetch_sub_explicit(&lock.polite, 1, memory_order_relaxed);
}

/* We have the word; somebody has the bias. */
static void bias_revoke(struct lock_owner *s)
{
    atomic_store_explicit(&lock_hot.bias, &nobody, memory_order_relaxed);
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    for (int i = 0; i < SPINS && atomic_load_explicit(&s->in, memory_order_relaxed); i++)
        pause_cpu();
    uint32_t in;
    while ((in = atomic_load_explicit(&s->in, memory_order_acquire)) != 0)
        wait_on(&s->in, in, NULL);
    lock.needed = lock.needed < STREAK_MOST ? lock.needed * 2 : STREAK_MOST;
    lock.streak = 0;
}

/* We have the word: if we have had it often enough, the bias instead. */
static bool bias_gain(void)
{
    if (lock_self == &outside && lock.can_bias)
        owner_take();
    struct lock_owner *s = lock_self;
    if (lock.last != s) {
        lock.last = s;
        lock.streak = 0;
    }
    if (LIKELY(++lock.streak < lock.needed) || !lock.can_bias || s == &outside ||
        atomic_load_explicit(&lock.wanted, memory_order_relaxed))
        return false;
    atomic_store_explicit(&s->in, 1, memory_order_relaxed);
    atomic_store_explicit(&lock_hot.bias, s, memory_order_relaxed);
    word_give(); /* release: who takes it next sees both */
    return true;
}

static bool deeper(void)
{
    struct lock_owner *s = lock_self;
    uint32_t depth = lock_depth_of(s);
    if (depth > 0)
        atomic_store_explicit(&s->in, depth + 1, memory_order_relaxed);
    else if (held_by_word())
        lock.depth++;
    else
        return false;
    return true;
}

void lock_take_slow(void)
{
    if (deeper())
        return;
    if (!word_try())
        word_wait();
    struct lock_owner *s = atomic_load_explicit(&lock_hot.bias, memory_order_relaxed);
    if (UNLIKELY(s != &nobody))
        bias_revoke(s);
    if (bias_gain())
        return;
    atomic_store_explicit(&lock.holder, self(), memory_order_relaxed);
    lock.depth = 1;
}

void lock_wake(struct lock_owner *s)
{
    wake(&s->in, 1);
}

void lock_not_entered(struct lock_owner *s)
{
    atomic_store_explicit(&s->in, 0, memory_order_release);
    lock_wake(s);
    lock_take_slow();
}

/* courtesy: lets one of those in who want it. */
static void give_word(bool courtesy)
{
    uint32_t seen = atomic_load_explicit(&lock.turns, memory_order_relaxed);
    courtesy |= atomic_load_explicit(&lock.impatient, memory_order_relaxed) > 0;
    courtesy = courtesy && atomic_load_explicit(&lock.wanted, memory_order_relaxed);
    atomic_store_explicit(&lock.holder, NULL, memory_order_relaxed);
    word_give();
    if (UNLIKELY(courtesy))
        turn_wait(seen);
}

/* Returns how deep it was held. */
static int give_wholly(bool courtesy)
{
    struct lock_owner *s = lock_self;
    if (UNLIKELY(lock_hot.sleepers > 0))
        lock_hot.wake();
    int depth = (int)lock_depth_of(s);
    if (depth > 0) {
        lock_give_biased(s);
    } else {
        depth = lock.depth;
        give_word(courtesy);
    }
    return depth;
}

void lock_give_slow(void)
{
    struct lock_owner *s = lock_self;
    uint32_t depth = lock_depth_of(s);
    if (depth > 1)
        atomic_store_explicit(&s->in, depth - 1, memory_order_relaxed);
    else if (depth == 0 && lock.depth > 1)
        lock.depth--;
    else
        give_wholly(false);
}

bool lock_wanted(void)
{
    if (lock_biased_to(lock_self))
        return false;
    /* The bias has been taken from us, or others wait for the word that we have. */
    return lock_depth_of(lock_self) > 0 || atomic_load_explicit(&lock.wanted, memory_order_relaxed);
}

static bool held(void)
{
    return lock_depth_of(lock_self) > 0 || held_by_word();
}

int lib_suspend(void)
{
    return held() ? give_wholly(false) : 0;
}

void lib_resume(int depth)
{
    if (depth == 0)
        return;
    lock_take();
    if (lock_depth_of(lock_self) > 0)
        atomic_store_explicit(&lock_self->in, (uint32_t)depth, memory_order_relaxed);
    else
        lock.depth = depth;
}

void lock_yield_slow(void)
{
    lib_resume(give_wholly(true));
}

void lock_allow_bias(void)
{
    lock.can_bias = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    if (lock_self == &outside && lock.can_bias)
        owner_take();
    lock.last = lock_self;
    lock.streak = STREAK_MOST;
}

static void owner_free(struct lock_owner *s)
{
    if (atomic_load_explicit(&lock_hot.bias, memory_order_relaxed) == s)
        atomic_store_explicit(&lock_hot.bias, &nobody, memory_order_relaxed);
    free(s);
}

/* If the library is unloaded, threads that end later must not call into it. Seats of threads that are gone go, and the
 * present one's, if nobody is using the lock; whoever comes after that does without. */
__attribute__((destructor)) static void owners_close(void)
{
    struct lock_owner *own = lock_self;
    if (!owners_keyed)
        return;
    pthread_key_delete(owners_key);
    owners_keyed = false;
    if (held() || !word_try())
        return;
    pthread_mutex_lock(&owners_mutex);
    for (struct lock_owner *s; (s = owners_free) != NULL;) {
        owners_free = s->next;
        owner_free(s);
    }
    pthread_mutex_unlock(&owners_mutex);
    lock_self = &outside;
    if (own != &outside)
        owner_free(own);
    word_give();
}

void lock_fork(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    owners_mutex = fresh;
    owners_free = NULL;
    lock_self = &outside;
    if (owners_keyed)
        pthread_setspecific(owners_key, NULL);
    memset(&lock, 0, sizeof lock);
    lock.needed = STREAK_FIRST;
    lock_hot.sleepers = 0;
    atomic_store_explicit(&lock_hot.bias, &nobody, memory_order_relaxed);
    atomic_store_explicit(&lock_hot.on, true, memory_order_relaxed);
}

void lock_begin(void)
{
    if (lock_used())
        return;
    atomic_store_explicit(&lock_hot.on, true, memory_order_relaxed);
    lock_take();
}

void lock_end(void)
{
    if (!lock_used())
        return;
    lock_give();
    atomic_store_explicit(&lock_hot.on, false, memory_order_relaxed);
}
