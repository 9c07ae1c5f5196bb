/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kernels: the predefined operations on vectors of basic types. */
#ifndef LIB_OP_KERNELS_H
#define LIB_OP_KERNELS_H

#include "lib/datatype/datatype.h"
#include "lib/op/op.h"

enum op_which { SUM, MIN, MAX, PROD, BAND, BOR, BXOR, LAND, LOR, LXOR, MINLOC, MAXLOC, REPLACE, NO_OP, OP_COUNT };

/* NULL where the standard does not define the operation for the type. */
extern op_kernel *const op_kernels[BASIC_COUNT][OP_COUNT];

/* What op does to a predefined type; NULL: nothing that is predefined. */
ALWAYS_INLINE op_kernel *op_kernel_of(const struct op *op, const struct datatype *t)
{
    return LIKELY(op->which >= 0 && t->basic >= 0 && t->obj.predefined) ? op_kernels[t->basic][op->which] : NULL;
}

#endif
