/* SPDX-License-Identifier: BSD-3-Clause
 *
 * combine: what an accumulate does to memory, wherever the operands come from: atomically, element by element, with
 * regard to all others that are done to the same memory. */
#ifndef LIB_RMA_COMBINE_H
#define LIB_RMA_COMBINE_H

#include "lib/op/kernels.h"
#include "lib/rma/elements.h"
#include "lib/rma/guard.h"

struct win;

/* Memory of another process of this node that is not mapped here: copies n bytes out of it, or into it; 0, or an errno
 * value as of cma_read. */
struct remote_memory {
    int rank; /* local */
    int (*read)(int rank, void *to, uint64_t from, size_t n);
    int (*write)(int rank, const void *from, uint64_t to, size_t n);
};

/* The basic type that all elements of t are, and MPI_Accumulate's operation must be defined for; NULL: they differ. */
static inline const struct datatype *combine_basic(const struct datatype *t)
{
    return t->basic >= 0 ? &basic_types[t->basic] : NULL;
}
/* MPI_SUCCESS, or MPI_ERR_OP: it is the user's, or not defined for the basic type. */
int combine_check(const struct op *op, const struct datatype *basic);

struct combine {
    struct guard *guard;
    int owner; /* whose memory it is: his local number */
    enum op_which op;
    const struct datatype *basic;
    struct operand origin; /* not looked at for MPI_NO_OP */
    struct operand target;
    struct operand result;              /* what was in the target before; type NULL: it is not wanted */
    const struct remote_memory *remote; /* NULL: the target is memory of this process */
    MPI_Count from, only;               /* of the target: behind so many bytes of its packed form, and so many elements;
                                         * 0: all */
};
/* target = origin op target, for all elements of the target. The others hold as many, and the result does not overlap.
 * 0, or the errno value of remote memory, of which part is done then. */
int combine_elements(const struct combine *c);

/* target = origin if it is compare, one element of a predefined type; what was there before goes to result. 0, or an
 * errno value. */
int combine_compare_swap(const struct combine *c, const void *compare);

/* accumulate.c: the guards of a window, as this process sees them. */
struct guard guard_of(const struct win *w);

#endif
