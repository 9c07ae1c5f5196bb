/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sync_lock: locks of passive targets.
 *
 * Each rank has a word, and all of a node have one together: lock_all adds to that alone, and an exclusive lock to
 * both, so that neither takes a step for each rank (as in Gerstenberger, Besta, Hoefler, "Enabling highly-scalable
 * remote memory access programming with MPI-3 one sided", SC13). Who finds them taken takes back what he added, and
 * sleeps until a release wakes him: of those who want one lock, one at a time. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/nodemem/nodemem.h"
#include "lib/request/progress.h"
#include "lib/rma/epoch.h"

#define READERS(all) ((uint32_t)(all))
#define WRITERS(all) ((all) >> 32)

struct want {
    struct win *w;
    struct target *t; /* NULL: all */
    bool exclusive;
};

static struct control_member *member_of(const struct want *x)
{
    return &x->w->control->member[x->t->member];
}

static uint32_t code_of(const struct want *x)
{
    return x->t ? (uint32_t)x->t->member + 1 : CONTROL_WANTS_ALL;
}

static void wake(struct control *c, uint32_t member)
{
    if (nodemem_active)
        doorbell_wake_rank(c->member[member].local);
}

/* A lock was released, by atomic instructions that are fences: wakes one who waits for it, beginning behind this rank,
 * and whoever waits for all; or (all) everybody. */
static void pass_on(const struct want *x, bool everybody)
{
    struct control *c = x->w->control;
    bool one = false;
    if (LIKELY(atomic_load_explicit(&c->waiting, memory_order_seq_cst) == 0))
        return;
    for (uint32_t i = 1; i <= c->members; i++) {
        uint32_t m = ((uint32_t)x->w->node->rank + i) % c->members;
        uint32_t wants = atomic_load_explicit(&c->member[m].wants, memory_order_relaxed);
        bool exact = wants == code_of(x);
        if (wants == 0 || (exact && one && !everybody && x->t))
            continue;
        if (everybody || exact || wants >= CONTROL_WANTS_SEVERAL)
            wake(c, m);
        one |= exact;
    }
}

static bool looks_free(const void *arg)
{
    const struct want *x = arg;
    uint64_t all = atomic_load_explicit(&x->w->control->all, memory_order_acquire);
    if (!x->t)
        return WRITERS(all) == 0;
    uint32_t lock = atomic_load_explicit(&member_of(x)->lock, memory_order_acquire);
    return x->exclusive ? lock == 0 && READERS(all) == 0 : !(lock & LOCK_WRITER);
}

static bool try_all(const struct want *x)
{
    uint64_t was = atomic_fetch_add_explicit(&x->w->control->all, 1, memory_order_seq_cst);
    if (LIKELY(WRITERS(was) == 0))
        return true;
    atomic_fetch_sub_explicit(&x->w->control->all, 1, memory_order_seq_cst);
    pass_on(x, true);
    return false;
}

static bool try_exclusive(const struct want *x)
{
    uint32_t none = 0;
    uint64_t was = atomic_fetch_add_explicit(&x->w->control->all, CONTROL_WRITER, memory_order_seq_cst);
    if (LIKELY(READERS(was) == 0 && atomic_compare_exchange_strong_explicit(
                                        &member_of(x)->lock, &none, LOCK_WRITER | (uint32_t)x->w->node->rank,
                                        memory_order_seq_cst, memory_order_relaxed)))
        return true;
    atomic_fetch_sub_explicit(&x->w->control->all, CONTROL_WRITER, memory_order_seq_cst);
    pass_on(x, false);
    return false;
}

static bool try_shared(const struct want *x)
{
    _Atomic uint32_t *lock = &member_of(x)->lock;
    uint32_t was = atomic_load_explicit(lock, memory_order_relaxed);
    while (!(was & LOCK_WRITER))
        if (atomic_compare_exchange_weak_explicit(lock, &was, was + 1, memory_order_seq_cst, memory_order_relaxed))
            return true;
    return false;
}

static bool try(const struct want *x)
{
    return !x->t ? try_all(x) : x->exclusive ? try_exclusive(x) : try_shared(x);
}

/* Of a writer it is known who he is; a reader may be anybody who has ended. */
static int holder_alive(const struct want *x)
{
    uint32_t lock = x->t ? atomic_load_explicit(&member_of(x)->lock, memory_order_relaxed) : 0;
    return epoch_alive(x->w, lock & LOCK_WRITER ? comm_proc(x->w->node, (int)(lock & ~LOCK_WRITER)) : -1);
}

static void describe(const void *arg, struct trace_wait *t)
{
    const struct want *x = arg;
    if (x->t)
        t->peer = x->t->proc;
}

static void wants_set(const struct want *x, int more)
{
    struct win *w = x->w;
    struct control *c = w->control;
    int waits = w->lock_waits += more;
    uint32_t code = waits == 0 ? 0 : waits == 1 && more > 0 ? code_of(x) : CONTROL_WANTS_SEVERAL;
    atomic_store_explicit(&c->member[w->node->rank].wants, code, memory_order_seq_cst);
    atomic_fetch_add_explicit(&c->waiting, (uint32_t)more, memory_order_seq_cst);
}

static COLD int take_slow(const struct want *x)
{
    struct waiter wait = {.ready = looks_free, .arg = x, .comm = x->w->comm, .describe = describe};
    int rc = MPI_SUCCESS;
    wants_set(x, 1);
    while (!(looks_free(x) && try(x)) && (rc = holder_alive(x)) == MPI_SUCCESS)
        progress_wait(&wait, NULL);
    progress_give_up(&wait);
    wants_set(x, -1);
    if (rc == MPI_SUCCESS && !x->exclusive) /* others that want it shared, too, come after */
        pass_on(x, false);
    return rc;
}

static int take(const struct want *x)
{
    return LIKELY(try(x)) ? MPI_SUCCESS : take_slow(x);
}

static void release(const struct want *x)
{
    struct control *c = x->w->control;
    bool last = false;
    if (!x->t) {
        last = READERS(atomic_fetch_sub_explicit(&c->all, 1, memory_order_seq_cst)) == 1;
    } else if (x->exclusive) {
        atomic_store_explicit(&member_of(x)->lock, 0, memory_order_release);
        atomic_fetch_sub_explicit(&c->all, CONTROL_WRITER, memory_order_seq_cst);
    } else {
        atomic_fetch_sub_explicit(&member_of(x)->lock, 1, memory_order_seq_cst);
    }
    pass_on(x, last);
}

static int may_lock(struct win *w, int assert)
{
    if (assert & ~MPI_MODE_NOCHECK)
        return MPI_ERR_ASSERT;
    if (w->no_locks)
        return epoch_wrong("the window was made with the hint no_locks");
    return MPI_SUCCESS;
}

int mpi_win_lock(int lock_type, int rank, int assert, struct win *w)
{
    struct target *t;
    if (lock_type != MPI_LOCK_EXCLUSIVE && lock_type != MPI_LOCK_SHARED)
        return MPI_ERR_LOCKTYPE;
    int rc = may_lock(w, assert);
    if (rc != MPI_SUCCESS)
        return rc;
    if (w->access != ACCESS_LOCK && !epoch_is_free(w))
        return epoch_wrong("MPI_Win_lock within another epoch");
    if (rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    rc = target_get(w, rank, &t);
    if (rc == MPI_SUCCESS && t->lock)
        rc = epoch_wrong("MPI_Win_lock of a target that is locked");
    bool exclusive = lock_type == MPI_LOCK_EXCLUSIVE;
    if (rc == MPI_SUCCESS && !(assert &MPI_MODE_NOCHECK))
        rc = take(&(struct want){w, t, exclusive});
    if (rc != MPI_SUCCESS)
        return rc;
    t->lock = assert &MPI_MODE_NOCHECK ? TARGET_UNCHECKED : exclusive ? TARGET_EXCLUSIVE : TARGET_SHARED;
    t->entered = true;
    w->locks++;
    w->access = ACCESS_LOCK;
    return MPI_SUCCESS;
}

int mpi_win_unlock(int rank, struct win *w)
{
    struct target *t;
    if (rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    int rc = target_get(w, rank, &t);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!t->lock)
        return epoch_wrong("MPI_Win_unlock of a target that is not locked");
    if (t->lock == TARGET_UNCHECKED)
        atomic_thread_fence(memory_order_seq_cst);
    else
        release(&(struct want){w, t, t->lock == TARGET_EXCLUSIVE});
    t->lock = 0;
    t->entered = false;
    if (--w->locks == 0)
        w->access = ACCESS_NONE;
    return MPI_SUCCESS;
}

int mpi_win_lock_all(int assert, struct win *w)
{
    int rc = may_lock(w, assert);
    if (rc == MPI_SUCCESS && !epoch_is_free(w))
        rc = epoch_wrong("MPI_Win_lock_all within another epoch");
    w->unchecked = (assert &MPI_MODE_NOCHECK) != 0;
    if (rc == MPI_SUCCESS && !w->unchecked)
        rc = take(&(struct want){w, NULL, false});
    if (rc != MPI_SUCCESS)
        return rc;
    w->access = ACCESS_LOCK_ALL;
    w->whole = true;
    return MPI_SUCCESS;
}

int mpi_win_unlock_all(struct win *w)
{
    if (w->access != ACCESS_LOCK_ALL)
        return epoch_wrong("MPI_Win_unlock_all without MPI_Win_lock_all");
    if (!w->unchecked)
        release(&(struct want){w, NULL, false});
    atomic_thread_fence(memory_order_seq_cst);
    w->access = ACCESS_NONE;
    w->whole = false;
    return MPI_SUCCESS;
}
