/* SPDX-License-Identifier: BSD-3-Clause
 *
 * checks: what is wrong with the arguments of a collective. Error classes, with a note. */
#ifndef LIB_COLL_CHECKS_H
#define LIB_COLL_CHECKS_H

#include "lib/bindings/check.h"
#include "lib/coll/base/args.h"
#include "lib/op/kernels.h"

#define CHECK(e)                                                                                                       \
    do {                                                                                                               \
        int check_rc = (e);                                                                                            \
        if (UNLIKELY(check_rc != MPI_SUCCESS))                                                                         \
            return check_rc;                                                                                           \
    } while (0)

/* Is (count, type) fit to be moved? data_wrong finds out which is not. */
int data_wrong(MPI_Count count, const struct datatype *t) COLD;
/* It is, but not so many blocks of it. */
int data_wrong_together(MPI_Count count, int blocks, const struct datatype *t) COLD;
static inline int data_check(MPI_Count count, const struct datatype *t)
{
    return LIKELY(t && t->committed && datatype_count_ok(t, count)) ? MPI_SUCCESS : data_wrong(count, t);
}

/* Are blocks for n ranks, each and together? */
int blocks_check_varying(const struct blocks *v, int n);
static inline int blocks_check(const struct blocks *v, int n)
{
    if (v->counts.at)
        return blocks_check_varying(v, n);
    MPI_Count all;
    CHECK(data_check(v->count, v->t));
    if (UNLIKELY(__builtin_mul_overflow(v->count, n, &all) || !datatype_count_ok(v->t, all)))
        return data_wrong_together(v->count, n, v->t);
    return MPI_SUCCESS;
}

/* One buffer is given twice, and data lie in it. */
int buffers_check(const struct coll_args *a);

/* Groups are two things: nothing is in place of both. */
static inline bool in_place_wrong(const struct coll_args *a)
{
    return a->comm->inter && a->send.buf == MPI_IN_PLACE;
}

/* Of a reduction. */
static inline int operand_check(MPI_Count count, const struct datatype *t, const struct op *op)
{
    CHECK(data_check(count, t));
    return LIKELY(op_kernel_of(op, t) != NULL && op->which < REPLACE) ? MPI_SUCCESS : op_check(op, t);
}

#endif
