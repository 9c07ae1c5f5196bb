/* SPDX-License-Identifier: BSD-3-Clause
 *
 * args: the arguments of a collective, of all of them in one shape. */
#ifndef LIB_COLL_BASE_ARGS_H
#define LIB_COLL_BASE_ARGS_H

#include "lib/coll/base/blocks.h"
#include "lib/object/comm.h"
#include "lib/op/op.h"

/* What goes out and what comes in: the same block for all (one side of a rooted collective, an operand) or a block for
 * each rank. Reductions have no type but recv.t, and so many elements as recv says; a broadcast has recv alone. */
struct coll_args {
    struct blocks send, recv;
    struct op *op; /* NULL: it reduces nothing */
    int root;
    struct comm *comm;
};

/* Am I the root of a rooted collective? On an intercommunicator that is MPI_ROOT, the rest of whose group has no part.
 */
static inline bool args_at_root(const struct coll_args *a)
{
    return a->root == (a->comm->inter ? MPI_ROOT : a->comm->rank);
}

static inline bool args_idle(const struct coll_args *a)
{
    return a->root == MPI_PROC_NULL;
}

/* My operand of a reduction. */
static inline const void *args_operand(const struct coll_args *a)
{
    return a->send.buf == MPI_IN_PLACE ? a->recv.buf : a->send.buf;
}

/* The one block of each rank that goes out, or comes in. */
static inline struct coll_data args_block(const struct blocks *v)
{
    return (struct coll_data){v->buf, v->count, v->t};
}

static inline void *args_at(const void *buf, MPI_Count i, const struct datatype *t)
{
    return (char *)(uintptr_t)buf + i * t->extent;
}

#endif
