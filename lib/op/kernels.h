/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kernels: the predefined operations on vectors of basic types. */
#ifndef LIB_OP_KERNELS_H
#define LIB_OP_KERNELS_H

#include "lib/datatype/basic.h"
#include "lib/op/op.h"

enum op_which { SUM, MIN, MAX, PROD, BAND, BOR, BXOR, LAND, LOR, LXOR, MINLOC, MAXLOC, REPLACE, NO_OP, OP_COUNT };

/* NULL where the standard does not define the operation for the type. */
extern op_kernel *const op_kernels[BASIC_COUNT][OP_COUNT];

#endif
