/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sync_lock: epochs of locks: of ranks whose words this process reaches, and of those that are asked by message. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/request/progress.h"
#include "lib/rma/epoch.h"
#include "lib/rma/far.h"
#include "lib/rma/lock_word.h"

static bool looks_free(const void *arg)
{
    return lock_looks_free(arg);
}

static void describe(const void *arg, struct trace_wait *t)
{
    const struct lock_want *x = arg;
    if (x->member >= 0)
        t->peer = comm_proc(x->w->node, x->member);
}

static COLD int take_slow(const struct lock_want *x)
{
    struct waiter wait = {.ready = looks_free, .arg = x, .comm = x->w->comm, .describe = describe};
    int rc = MPI_SUCCESS;
    lock_awaited(x, 1);
    while (!(lock_looks_free(x) && lock_try(x)) && (rc = lock_holder_alive(x)) == MPI_SUCCESS)
        progress_wait(&wait, NULL);
    progress_give_up(&wait);
    lock_awaited(x, -1);
    if (rc == MPI_SUCCESS)
        lock_got(x);
    return rc;
}

/* t NULL: all of the node. */
static struct lock_want want_of(struct win *w, const struct target *t, bool exclusive)
{
    return (struct lock_want){w, t ? t->member : -1, w->comm->rank, exclusive};
}

static int take(struct win *w, struct target *t, bool exclusive)
{
    if (t && t->far)
        return far_lock(t, exclusive);
    struct lock_want x = want_of(w, t, exclusive);
    return LIKELY(lock_try(&x)) ? MPI_SUCCESS : take_slow(&x);
}

static int release(struct win *w, struct target *t)
{
    if (t && t->far)
        return far_unlock(t);
    struct lock_want x = want_of(w, t, t && t->lock == TARGET_EXCLUSIVE);
    lock_release(&x);
    return MPI_SUCCESS;
}

static int may_lock(struct win *w, int assert)
{
    if (assert & ~MPI_MODE_NOCHECK)
        return MPI_ERR_ASSERT;
    if (w->no_locks)
        return epoch_wrong("the window was made with the hint no_locks");
    return MPI_SUCCESS;
}

static void entered(struct win *w)
{
    w->locks++;
    w->access = ACCESS_LOCK;
}

static void left(struct win *w)
{
    if (--w->locks == 0)
        w->access = ACCESS_NONE;
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
    if (rank == MPI_PROC_NULL) {
        w->null_locks++;
        entered(w);
        return MPI_SUCCESS;
    }
    rc = target_get(w, rank, &t);
    if (rc == MPI_SUCCESS && t->lock)
        rc = epoch_wrong("MPI_Win_lock of a target that is locked");
    bool exclusive = lock_type == MPI_LOCK_EXCLUSIVE;
    if (rc == MPI_SUCCESS && !(assert &MPI_MODE_NOCHECK))
        rc = take(w, t, exclusive);
    if (rc != MPI_SUCCESS)
        return rc;
    t->lock = assert &MPI_MODE_NOCHECK ? TARGET_UNCHECKED : exclusive ? TARGET_EXCLUSIVE : TARGET_SHARED;
    t->entered = true;
    entered(w);
    return MPI_SUCCESS;
}

static int unlock_null(struct win *w)
{
    if (w->null_locks == 0)
        return epoch_wrong("MPI_Win_unlock of MPI_PROC_NULL, which is not locked");
    w->null_locks--;
    left(w);
    return MPI_SUCCESS;
}

int mpi_win_unlock(int rank, struct win *w)
{
    struct target *t;
    if (rank == MPI_PROC_NULL)
        return unlock_null(w);
    int rc = target_get(w, rank, &t);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!t->lock)
        return epoch_wrong("MPI_Win_unlock of a target that is not locked");
    if (t->lock != TARGET_UNCHECKED)
        rc = release(w, t);
    else if (t->far)
        rc = far_flush(t);
    else
        atomic_thread_fence(memory_order_seq_cst);
    t->lock = 0;
    t->entered = false;
    left(w);
    return rc;
}

int mpi_win_lock_all(int assert, struct win *w)
{
    int rc = may_lock(w, assert);
    if (rc == MPI_SUCCESS && !epoch_is_free(w))
        rc = epoch_wrong("MPI_Win_lock_all within another epoch");
    w->unchecked = (assert &MPI_MODE_NOCHECK) != 0;
    if (rc == MPI_SUCCESS && !w->unchecked)
        rc = take(w, NULL, false);
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
    int rc = far_unlock_all(w);
    if (!w->unchecked)
        release(w, NULL);
    atomic_thread_fence(memory_order_seq_cst);
    w->access = ACCESS_NONE;
    w->whole = false;
    return rc;
}
