/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_short: what is called most, on a few bytes: no more than the crossing of the cache lines takes, and inlined into
 * the MPI functions. */
#ifndef LIB_COLL_SHM_NODE_SHORT_H
#define LIB_COLL_SHM_NODE_SHORT_H

#include "lib/coll/shm/node.h"
#include "lib/op/kernels.h"

ALWAYS_INLINE bool node_is_short(MPI_Count count, const struct datatype *t)
{
    return t->dense && count * t->size <= NODE_INLINE;
}

ALWAYS_INLINE void node_short_post(struct node *a, uint32_t k, const void *p, size_t n)
{
    struct node_cell *c = node_cell(a, k, a->me);
    c->where = NODE_IN_CELL;
    bytes_copy(c->data, p, n);
    node_post_in(a, c, k, n);
}

ALWAYS_INLINE int node_barrier(struct node *a)
{
    node_enter(a);
    uint32_t k = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    node_post(a, k, 0);
    node_meet(a, k);
    node_end(a, k);
    return MPI_SUCCESS;
}

/* The root has another number of bytes: what there is of them, and an error where they are more. */
int node_short_differs(struct node *a, uint32_t k, char *p, size_t n, int root) COLD;

/* n > 0 bytes at p, the same number on all. */
ALWAYS_INLINE int node_short_bcast(struct node *a, char *p, size_t n, int root)
{
    int rc = MPI_SUCCESS;
    node_enter(a);
    uint32_t k = node_begin(a, a->me == root ? NODE_ALL : NODE_NONE);
    NODE_CHECK(a);
    if (a->me == root) {
        node_short_post(a, k, p, n);
        node_wake_all(a);
    } else {
        node_await(a, k, root);
        NODE_CHECK(a);
        const struct node_cell *c = node_cell(a, k, root);
        if (UNLIKELY(!node_is_whole(a, c, n)))
            return node_short_differs(a, k, p, n, root);
        bytes_copy(p, c->data, n);
    }
    node_end(a, k);
    return rc;
}

/* Two ranks: to = own op other, in the order of ranks. */
ALWAYS_INLINE void node_pair_combine(struct node *a, uint32_t k, const void *own, void *to, MPI_Count count,
                                     size_t n, op_kernel *f)
{
    node_await(a, k, !a->me);
    const struct node_cell *c = node_cell(a, k, !a->me);
    const char *other = c->data;
    if (UNLIKELY(!node_is_whole(a, c, n))) {
        if (!a->broken)
            node_spoil(a, !a->me, c, n);
        return;
    }
    f(a->me ? other : own, a->me ? own : other, to, count);
}

ALWAYS_INLINE int node_pair_reduce(struct node *a, const void *own, void *to, MPI_Count count, const struct datatype *t,
                                   op_kernel *f, int root)
{
    size_t n = (size_t)(count * t->size);
    node_enter(a);
    uint32_t k = node_begin(a, a->me == root ? NODE_NONE : root);
    NODE_CHECK(a);
    if (a->me == root) {
        node_pair_combine(a, k, own, to, count, n, f);
    } else {
        node_short_post(a, k, own, n);
        node_wake(a, root);
    }
    node_end(a, k);
    return MPI_SUCCESS;
}

ALWAYS_INLINE int node_pair_allreduce(struct node *a, const void *own, void *to, MPI_Count count,
                                      const struct datatype *t, op_kernel *f)
{
    size_t n = (size_t)(count * t->size);
    node_enter(a);
    uint32_t k = node_begin(a, !a->me);
    NODE_CHECK(a);
    node_short_post(a, k, own, n);
    node_wake(a, !a->me);
    node_pair_combine(a, k, own, to, count, n, f);
    node_end(a, k);
    return MPI_SUCCESS;
}

#endif
