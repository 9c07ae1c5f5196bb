/* SPDX-License-Identifier: BSD-3-Clause
 *
 * op: operations as objects, and what they do to vectors. */
#include "lib/op/op.h"
#include <limits.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/op/kernels.h"

static const struct {
    MPI_Op handle;
} names[OP_COUNT] = {
    [SUM] = {MPI_SUM},         [MIN] = {MPI_MIN},     [MAX] = {MPI_MAX},       [PROD] = {MPI_PROD},
    [BAND] = {MPI_BAND},       [BOR] = {MPI_BOR},     [BXOR] = {MPI_BXOR},     [LAND] = {MPI_LAND},
    [LOR] = {MPI_LOR},         [LXOR] = {MPI_LXOR},   [MINLOC] = {MPI_MINLOC}, [MAXLOC] = {MPI_MAXLOC},
    [REPLACE] = {MPI_REPLACE}, [NO_OP] = {MPI_NO_OP},
};
static struct op predefined[OP_COUNT];

void op_init(void)
{
    for (int i = 0; i < OP_COUNT; i++) {
        predefined[i] = (struct op){.commutative = i != REPLACE && i != NO_OP, .which = i};
        obj_predefine(&predefined[i].obj, OBJ_OP, (uintptr_t)names[i].handle);
    }
}

void op_unref(struct op *op)
{
    if (op && !op->obj.predefined && --op->obj.refs == 0)
        obj_free(&op->obj);
}

int op_check(const struct op *op, const struct datatype *t)
{
    if (op->which < 0)
        return MPI_SUCCESS;
    return op->which < REPLACE && t->basic >= 0 && t->obj.predefined && op_kernels[t->basic][op->which] ? MPI_SUCCESS
                                                                                                        : MPI_ERR_OP;
}

/* The user's function takes an int: long vectors go in pieces. */
static void apply_user(const struct op *op, const void *in, void *inout, MPI_Count count, struct datatype *t)
{
    MPI_Datatype h = datatype_handle(t);
    MPI_Aint extent = t->extent;
    struct callback_state callback = callback_begin();
    if (op->wide)
        op->user_c((void *)(uintptr_t)in, inout, &count, &h);
    for (MPI_Count at = op->wide ? count : 0; at < count;) {
        int n = count - at > INT_MAX ? INT_MAX : (int)(count - at);
        op->user((char *)(uintptr_t)in + at * extent, (char *)inout + at * extent, &n, &h);
        at += n;
    }
    callback_end(callback);
}

void op_apply(const struct op *op, const void *in, void *inout, MPI_Count count, struct datatype *t)
{
    if (count == 0)
        return;
    if (op->which < 0)
        apply_user(op, in, inout, count, t);
    else
        op_kernels[t->basic][op->which](in, inout, inout, count);
}

void op_combine(const struct op *op, const void *a, const void *b, void *out, MPI_Count count, struct datatype *t)
{
    op_kernel *f = op_kernel_of(op, t);
    if (LIKELY(f != NULL)) {
        f(a, b, out, count);
        return;
    }
    if (out != b)
        memcpy(out, b, (size_t)(count * t->extent));
    op_apply(op, a, out, count, t);
}

static struct op *create(int commute, MPI_Op *out)
{
    struct op *op = obj_new(OBJ_OP, sizeof *op);
    if (op) {
        op->commutative = commute != 0;
        op->which = -1;
        *out = (MPI_Op)op->obj.handle;
    }
    return op;
}

int mpi_op_create(MPI_User_function *user_fn, int commute, MPI_Op *out)
{
    struct op *op = user_fn ? create(commute, out) : NULL;
    if (!op)
        return user_fn ? MPI_ERR_NO_MEM : MPI_ERR_ARG;
    op->user = user_fn;
    return MPI_SUCCESS;
}

int mpi_op_create_c(MPI_User_function_c *user_fn, int commute, MPI_Op *out)
{
    struct op *op = user_fn ? create(commute, out) : NULL;
    if (!op)
        return user_fn ? MPI_ERR_NO_MEM : MPI_ERR_ARG;
    op->user_c = user_fn;
    op->wide = true;
    return MPI_SUCCESS;
}

int mpi_op_free(MPI_Op *op)
{
    struct op *o = op_of(*op);
    if (o->obj.predefined)
        return MPI_ERR_OP;
    op_unref(o);
    *op = MPI_OP_NULL;
    return MPI_SUCCESS;
}

int mpi_op_commutative(struct op *op, int *commute)
{
    *commute = op->commutative;
    return MPI_SUCCESS;
}

int mpi_reduce_local(const void *inbuf, void *inoutbuf, MPI_Count count, struct datatype *t, struct op *op)
{
    if (inbuf == MPI_IN_PLACE || inoutbuf == MPI_IN_PLACE ||
        (inbuf == inoutbuf && inbuf != MPI_BOTTOM && count > 0 && t->size > 0))
        return MPI_ERR_BUFFER;
    int rc = op_check(op, t);
    if (rc == MPI_SUCCESS)
        op_apply(op, inbuf, inoutbuf, count, t);
    return rc;
}
