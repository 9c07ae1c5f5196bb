/* SPDX-License-Identifier: BSD-3-Clause
 *
 * op: reduction operations, predefined by (operation, basic type) and the user's own. */
#ifndef LIB_OP_OP_H
#define LIB_OP_OP_H

#include "lib/core/object.h"

struct datatype;

struct op {
    struct obj obj;
    bool commutative;
    bool wide; /* the user's function counts in MPI_Count */
    int which; /* predefined: its place in the table; -1: the user's */
    union {
        MPI_User_function *user;
        MPI_User_function_c *user_c;
    };
};

/* out = a op b, n elements; out may be a or b. */
typedef void op_kernel(const void *a, const void *b, void *out, MPI_Count n);

/* May op reduce elements of this type? MPI_SUCCESS or MPI_ERR_OP. MPI_REPLACE and MPI_NO_OP are for windows alone. */
int op_check(const struct op *op, const struct datatype *t);
/* inout = in op inout, element by element; what op_check allows. */
void op_apply(const struct op *op, const void *in, void *inout, MPI_Count count, struct datatype *t);
/* out = a op b, for a dense type; out may be b, and a if the operation is predefined. */
void op_combine(const struct op *op, const void *a, const void *b, void *out, MPI_Count count, struct datatype *t);
void op_init(void);
static inline struct op *op_ref(struct op *op)
{
    op->obj.refs++;
    return op;
}
void op_unref(struct op *op);

#endif
