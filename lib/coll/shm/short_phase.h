/* SPDX-License-Identifier: BSD-3-Clause
 *
 * short_phase: what is called most, on a few bytes: no more than the crossing of the cache lines takes, and inlined
 * into the MPI functions. */
#ifndef LIB_COLL_SHM_SHORT_PHASE_H
#define LIB_COLL_SHM_SHORT_PHASE_H

#include "lib/coll/shm/phase.h"
#include "lib/op/kernels.h"

ALWAYS_INLINE bool shm_is_short(MPI_Count count, const struct datatype *t)
{
    return t->dense && count * t->size <= PHASE_INLINE;
}

ALWAYS_INLINE void shm_short_post(struct shm_coll *a, uint32_t k, const void *p, size_t n)
{
    struct phase_cell *c = phase_cell(a, k, a->me);
    c->where = PHASE_IN_CELL;
    bytes_copy(c->data, p, n);
    phase_publish_in(a, c, k, n);
}

ALWAYS_INLINE int shm_barrier(struct shm_coll *a)
{
    phase_enter(a, PHASE_BARRIER, 0);
    uint32_t k = phase_begin(a, PHASE_ALL);
    PHASE_CHECK(a);
    phase_publish(a, k, 0);
    phase_sync(a, k);
    phase_end(a, k);
    return MPI_SUCCESS;
}

/* The root has another number of bytes: what there is of them, and an error where they are more. */
int shm_short_differs(struct shm_coll *a, uint32_t k, char *p, size_t n, int root) COLD;

/* n > 0 bytes at p, the same number on all. */
ALWAYS_INLINE int shm_short_bcast(struct shm_coll *a, char *p, size_t n, int root)
{
    int rc = MPI_SUCCESS;
    phase_enter(a, PHASE_BCAST, root);
    uint32_t k = phase_begin(a, a->me == root ? PHASE_ALL : PHASE_NONE);
    PHASE_CHECK(a);
    if (a->me == root) {
        shm_short_post(a, k, p, n);
        phase_wake_all(a);
    } else {
        phase_await(a, k, root);
        PHASE_CHECK(a);
        const struct phase_cell *c = phase_cell(a, k, root);
        if (UNLIKELY(!phase_is_whole(a, c, n)))
            return shm_short_differs(a, k, p, n, root);
        bytes_copy(p, c->data, n);
    }
    phase_end(a, k);
    return rc;
}

/* Two ranks: to = own op other, in the order of ranks. */
ALWAYS_INLINE void shm_pair_combine(struct shm_coll *a, uint32_t k, const void *own, void *to, MPI_Count count,
                                    size_t n, op_kernel *f)
{
    phase_await(a, k, !a->me);
    const struct phase_cell *c = phase_cell(a, k, !a->me);
    const char *other = c->data;
    if (UNLIKELY(!phase_is_whole(a, c, n))) {
        if (!a->broken)
            phase_spoil(a, !a->me, c, n);
        return;
    }
    f(a->me ? other : own, a->me ? own : other, to, count);
}

ALWAYS_INLINE int shm_pair_reduce(struct shm_coll *a, const void *own, void *to, MPI_Count count,
                                  const struct datatype *t, op_kernel *f, int which, int root)
{
    size_t n = (size_t)(count * t->size);
    phase_enter(a, PHASE_REDUCE + 1 + which, root);
    uint32_t k = phase_begin(a, a->me == root ? PHASE_NONE : root);
    PHASE_CHECK(a);
    if (a->me == root) {
        shm_pair_combine(a, k, own, to, count, n, f);
    } else {
        shm_short_post(a, k, own, n);
        phase_wake(a, root);
    }
    phase_end(a, k);
    return MPI_SUCCESS;
}

ALWAYS_INLINE int shm_pair_allreduce(struct shm_coll *a, const void *own, void *to, MPI_Count count,
                                     const struct datatype *t, op_kernel *f, int which)
{
    size_t n = (size_t)(count * t->size);
    phase_enter(a, PHASE_ALLREDUCE + 1 + which, 0);
    uint32_t k = phase_begin(a, !a->me);
    PHASE_CHECK(a);
    shm_short_post(a, k, own, n);
    phase_wake(a, !a->me);
    shm_pair_combine(a, k, own, to, count, n, f);
    phase_end(a, k);
    return MPI_SUCCESS;
}

#endif
