/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lock_word: each rank has a word, and all of a node have one together: lock_all adds to that alone, and an exclusive
 * lock to both, so that neither takes a step for each rank (as in Gerstenberger, Besta, Hoefler, "Enabling
 * highly-scalable remote memory access programming with MPI-3 one sided", SC13). Who finds them taken takes back what
 * he added, and sleeps until a release wakes him: of those who want one lock, one at a time. */
#include "lib/rma/lock_word.h"
#include "lib/nodemem/nodemem.h"
#include "lib/rma/epoch.h"

#define READERS(all) ((uint32_t)(all))
#define WRITERS(all) ((all) >> 32)

static struct control_member *member_of(const struct lock_want *x)
{
    return &x->w->control->member[x->member];
}

static uint32_t code_of(const struct lock_want *x)
{
    return x->member >= 0 ? (uint32_t)x->member + 1 : CONTROL_WANTS_ALL;
}

/* This process waits where it serves others (message.h). */
static void wake(const struct win *w, uint32_t member)
{
    if (member == (uint32_t)w->node->rank)
        doorbell_wake_own();
    else
        doorbell_wake_rank(w->control->member[member].local);
}

/* A lock was released, by atomic instructions that are fences: wakes one who waits for it, beginning behind this rank,
 * and whoever waits for all; or (all) everybody. */
static void pass_on(const struct lock_want *x, bool everybody)
{
    struct control *c = x->w->control;
    bool one = false;
    if (LIKELY(atomic_load_explicit(&c->waiting, memory_order_seq_cst) == 0))
        return;
    for (uint32_t i = 1; i <= c->members; i++) {
        uint32_t m = ((uint32_t)x->w->node->rank + i) % c->members;
        uint32_t wants = atomic_load_explicit(&c->member[m].wants, memory_order_relaxed);
        bool exact = wants == code_of(x);
        if (wants == 0 || (exact && one && !everybody && x->member >= 0))
            continue;
        if (everybody || exact || wants >= CONTROL_WANTS_SEVERAL)
            wake(x->w, m);
        one |= exact;
    }
}

bool lock_looks_free(const struct lock_want *x)
{
    uint64_t all = atomic_load_explicit(&x->w->control->all, memory_order_acquire);
    if (x->member < 0)
        return WRITERS(all) == 0;
    uint32_t lock = atomic_load_explicit(&member_of(x)->lock, memory_order_acquire);
    return x->exclusive ? lock == 0 && READERS(all) == 0 : !(lock & LOCK_WRITER);
}

static bool try_all(const struct lock_want *x)
{
    uint64_t was = atomic_fetch_add_explicit(&x->w->control->all, 1, memory_order_seq_cst);
    if (LIKELY(WRITERS(was) == 0))
        return true;
    atomic_fetch_sub_explicit(&x->w->control->all, 1, memory_order_seq_cst);
    pass_on(x, true);
    return false;
}

static bool try_exclusive(const struct lock_want *x)
{
    uint32_t none = 0;
    uint64_t was = atomic_fetch_add_explicit(&x->w->control->all, CONTROL_WRITER, memory_order_seq_cst);
    if (LIKELY(READERS(was) == 0 &&
               atomic_compare_exchange_strong_explicit(&member_of(x)->lock, &none, LOCK_WRITER | (uint32_t)x->holder,
                                                       memory_order_seq_cst, memory_order_relaxed)))
        return true;
    atomic_fetch_sub_explicit(&x->w->control->all, CONTROL_WRITER, memory_order_seq_cst);
    pass_on(x, false);
    return false;
}

static bool try_shared(const struct lock_want *x)
{
    _Atomic uint32_t *lock = &member_of(x)->lock;
    uint32_t was = atomic_load_explicit(lock, memory_order_relaxed);
    while (!(was & LOCK_WRITER))
        if (atomic_compare_exchange_weak_explicit(lock, &was, was + 1, memory_order_seq_cst, memory_order_relaxed))
            return true;
    return false;
}

bool lock_try(const struct lock_want *x)
{
    return x->member < 0 ? try_all(x) : x->exclusive ? try_exclusive(x) : try_shared(x);
}

/* Of a writer it is known who he is; a reader may be anybody who has ended. */
int lock_holder_alive(const struct lock_want *x)
{
    uint32_t lock = x->member >= 0 ? atomic_load_explicit(&member_of(x)->lock, memory_order_relaxed) : 0;
    return epoch_alive(x->w, lock & LOCK_WRITER ? comm_proc(x->w->comm, (int)(lock & ~LOCK_WRITER)) : -1);
}

void lock_awaited(const struct lock_want *x, int more)
{
    struct win *w = x->w;
    struct control *c = w->control;
    int waits = w->lock_waits += more;
    uint32_t code = waits == 0 ? 0 : waits == 1 && more > 0 ? code_of(x) : CONTROL_WANTS_SEVERAL;
    atomic_store_explicit(&c->member[w->node->rank].wants, code, memory_order_seq_cst);
    atomic_fetch_add_explicit(&c->waiting, (uint32_t)more, memory_order_seq_cst);
}

void lock_got(const struct lock_want *x)
{
    if (!x->exclusive)
        pass_on(x, false);
}

void lock_release(const struct lock_want *x)
{
    struct control *c = x->w->control;
    bool last = false;
    if (x->member < 0) {
        last = READERS(atomic_fetch_sub_explicit(&c->all, 1, memory_order_seq_cst)) == 1;
    } else if (x->exclusive) {
        atomic_store_explicit(&member_of(x)->lock, 0, memory_order_release);
        atomic_fetch_sub_explicit(&c->all, CONTROL_WRITER, memory_order_seq_cst);
    } else {
        atomic_fetch_sub_explicit(&member_of(x)->lock, 1, memory_order_seq_cst);
    }
    pass_on(x, last);
}
