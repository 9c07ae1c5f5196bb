/* SPDX-License-Identifier: BSD-3-Clause
 *
 * atomic: one element at a time by the processor's instructions. */
#ifndef LIB_RMA_ATOMIC_H
#define LIB_RMA_ATOMIC_H

#include "lib/datatype/datatype.h"
#include "lib/op/kernels.h"

/* Is there an instruction for such elements there? It depends on the type and the address alone, so that all who reach
 * an element agree. */
ALWAYS_INLINE bool atomic_fits(const struct datatype *basic, const void *at)
{
    size_t size = (size_t)basic->extent;
    return size <= 8 && basic->dense && ((uintptr_t)at & (size - 1)) == 0;
}
/* target = origin op target for n elements in a row, one after the other; what was there before goes to result (NULL:
 * nowhere). The operation is one that the kernels have for the type, or MPI_NO_OP. */
void atomic_apply(enum op_which op, const struct datatype *basic, void *target, const void *origin, void *result,
                  MPI_Count n);
/* target = origin if it is compare; what was there before goes to result. */
void atomic_compare_swap(size_t size, void *target, const void *origin, const void *compare, void *result);

#endif
