/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sync_fence: fences, flushes and syncs. What goes directly is there when its call returns; what is left is order.
 * What goes by messages is answered for. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/rma/epoch.h"
#include "lib/rma/far.h"

enum { FENCE_ASSERTS = MPI_MODE_NOSTORE | MPI_MODE_NOPUT | MPI_MODE_NOPRECEDE | MPI_MODE_NOSUCCEED };

int mpi_win_fence(int assert, struct win *w)
{
    if (assert & ~FENCE_ASSERTS)
        return MPI_ERR_ASSERT;
    if (w->access != ACCESS_NONE && w->access != ACCESS_FENCE)
        return epoch_wrong("MPI_Win_fence within an epoch of locks or of MPI_Win_start");
    if (w->posted)
        return epoch_wrong("MPI_Win_fence while the window is posted");
    atomic_thread_fence(memory_order_seq_cst);
    int failed = far_flush_all(w), rc = mpi_barrier(w->comm);
    if (rc != MPI_SUCCESS)
        return rc;
    atomic_thread_fence(memory_order_seq_cst);
    w->whole = !(assert &MPI_MODE_NOSUCCEED);
    w->access = w->whole ? ACCESS_FENCE : ACCESS_NONE;
    w->used = false;
    return failed;
}

/* Does an epoch of locks cover that rank, or (t NULL) any? */
static int may_flush(const struct win *w, const struct target *t)
{
    if (UNLIKELY(w->access != ACCESS_LOCK && w->access != ACCESS_LOCK_ALL))
        return epoch_wrong("a flush without a lock");
    if (t && w->access != ACCESS_LOCK_ALL && !t->lock)
        return epoch_wrong("a flush of a target that is not locked");
    return MPI_SUCCESS;
}

static int flush_one(struct win *w, int rank, int (*far)(struct target *t))
{
    struct target *t;
    if (rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    int rc = target_get(w, rank, &t);
    if (rc == MPI_SUCCESS)
        rc = may_flush(w, t);
    if (rc != MPI_SUCCESS)
        return rc;
    atomic_thread_fence(memory_order_seq_cst);
    return t->far ? far(t) : MPI_SUCCESS;
}

static int flush_all(struct win *w, int (*far)(struct win *w))
{
    int rc = may_flush(w, NULL);
    if (rc != MPI_SUCCESS)
        return rc;
    atomic_thread_fence(memory_order_seq_cst);
    return far(w);
}

int mpi_win_flush(int rank, struct win *w)
{
    return flush_one(w, rank, far_flush);
}

int mpi_win_flush_local(int rank, struct win *w)
{
    return flush_one(w, rank, far_flush_local);
}

int mpi_win_flush_all(struct win *w)
{
    return flush_all(w, far_flush_all);
}

int mpi_win_flush_local_all(struct win *w)
{
    return flush_all(w, far_flush_local_all);
}

int mpi_win_sync(struct win *w)
{
    (void)w;
    atomic_thread_fence(memory_order_seq_cst);
    return MPI_SUCCESS;
}
