/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shared_far: one epoch of all locks, unchecked, as long as the file is open; each call is one MPI_Fetch_and_op, so
 * that the first rank does the same work whoever else asks it at that time. */
#include "lib/io/shared_far.h"
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/datatype/datatype.h"
#include "lib/object/win.h"
#include "lib/process/process.h"

bool shared_far_wanted(const struct comm *c)
{
    int here = boot.segment ? 0 : 1;
    for (int i = 0; boot.segment && i < boot.local_size; i++)
        here += group_rank_of(c->group, (int)node_segment_locals(boot.segment)[i]) != MPI_UNDEFINED;
    return here < c->size || (size_t)c->size > knobs.RMA_DIRECT;
}

int shared_far_make(const struct file *f, int n, void *words, struct win **w)
{
    MPI_Win win;
    MPI_Aint bytes = f->comm->rank == 0 ? n * (MPI_Aint)sizeof(int64_t) : 0;
    int rc = mpi_win_allocate(bytes, sizeof(int64_t), NULL, f->comm, words, &win);
    if (rc != MPI_SUCCESS)
        return rc;
    *w = win_of(win);
    return mpi_win_lock_all(MPI_MODE_NOCHECK, *w);
}

void shared_far_free(struct win *w)
{
    if (!w)
        return;
    MPI_Win win = win_handle(w);
    mpi_win_unlock_all(w);
    mpi_win_free(&win);
}

int shared_far_add(struct win *w, unsigned word, int64_t add, int64_t *before)
{
    const struct datatype *type = &basic_types[BASIC_I_INT64_T];
    struct op *op = op_of(add == 0 ? MPI_NO_OP : MPI_SUM);
    int rc = mpi_fetch_and_op(&add, before, (struct datatype *)(uintptr_t)type, 0, word, op, w);
    int flushed = mpi_win_flush(0, w);
    return rc != MPI_SUCCESS ? rc : flushed;
}
