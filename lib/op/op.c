/* SPDX-License-Identifier: BSD-3-Clause
 *
 * op: kernels for each pair of operation and C type, made by macro and found in one table. */
#include "lib/op/op.h"
#include <assert.h>
#include <limits.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/basic.h"
#include "lib/datatype/datatype.h"

typedef void kernel(const void *restrict in, void *restrict inout, MPI_Count n);

enum which { SUM, MIN, MAX, PROD, BAND, BOR, BXOR, LAND, LOR, LXOR, MINLOC, MAXLOC, REPLACE, NO_OP, OPS };

#define KERNEL(op, name, ctype, expression)                                                                            \
    static void op##_##name(const void *restrict in, void *restrict inout, MPI_Count n)                                \
    {                                                                                                                  \
        const ctype *restrict a = in;                                                                                  \
        ctype *restrict b = inout;                                                                                     \
        for (MPI_Count i = 0; i < n; i++)                                                                              \
            b[i] = (ctype)(expression);                                                                                \
    }
/* Pairs: the smaller index where the values are equal. */
#define PAIR_KERNEL(op, name, ctype, better)                                                                           \
    static void op##_##name(const void *restrict in, void *restrict inout, MPI_Count n)                                \
    {                                                                                                                  \
        const ctype *restrict a = in;                                                                                  \
        ctype *restrict b = inout;                                                                                     \
        for (MPI_Count i = 0; i < n; i++)                                                                              \
            if (a[i].value better b[i].value || (a[i].value == b[i].value && a[i].index < b[i].index))                 \
                b[i] = a[i];                                                                                           \
    }

#define SUMS(name, t) KERNEL(SUM, name, t, a[i] + b[i]) KERNEL(PROD, name, t, a[i] * b[i])
#define ORDER(name, t) KERNEL(MIN, name, t, a[i] < b[i] ? a[i] : b[i]) KERNEL(MAX, name, t, a[i] > b[i] ? a[i] : b[i])
#define BITS(name, t)                                                                                                  \
    KERNEL(BAND, name, t, a[i] & b[i]) KERNEL(BOR, name, t, a[i] | b[i]) KERNEL(BXOR, name, t, a[i] ^ b[i])
#define TRUTH(name, t)                                                                                                 \
    KERNEL(LAND, name, t, a[i] && b[i]) KERNEL(LOR, name, t, a[i] || b[i]) KERNEL(LXOR, name, t, !a[i] != !b[i])
#define COPY(name, t) KERNEL(REPLACE, name, t, a[i])

#define INTEGER_ALL(name, t) SUMS(name, t) ORDER(name, t) BITS(name, t) TRUTH(name, t) COPY(name, t)
#define FLOATING_ALL(name, t) SUMS(name, t) ORDER(name, t) COPY(name, t)
#define COMPLEX_ALL(name, t) SUMS(name, t) COPY(name, t)
#define PAIR_ALL(name, t) PAIR_KERNEL(MINLOC, name, t, <) PAIR_KERNEL(MAXLOC, name, t, >) COPY(name, t)

#define INTEGER_ROW(name)                                                                                              \
    {                                                                                                                  \
        [SUM] = SUM_##name, [MIN] = MIN_##name, [MAX] = MAX_##name, [PROD] = PROD_##name, [BAND] = BAND_##name,        \
        [BOR] = BOR_##name, [BXOR] = BXOR_##name, [LAND] = LAND_##name, [LOR] = LOR_##name, [LXOR] = LXOR_##name,      \
        [REPLACE] = REPLACE_##name                                                                                     \
    }
#define FLOATING_ROW(name)                                                                                             \
    {                                                                                                                  \
        [SUM] = SUM_##name, [MIN] = MIN_##name, [MAX] = MAX_##name, [PROD] = PROD_##name, [REPLACE] = REPLACE_##name   \
    }
#define COMPLEX_ROW(name)                                                                                              \
    {                                                                                                                  \
        [SUM] = SUM_##name, [PROD] = PROD_##name, [REPLACE] = REPLACE_##name                                           \
    }
#define LOGICAL_ROW(name)                                                                                              \
    {                                                                                                                  \
        [LAND] = LAND_##name, [LOR] = LOR_##name, [LXOR] = LXOR_##name, [REPLACE] = REPLACE_##name                     \
    }
#define BYTES_ROW(name)                                                                                                \
    {                                                                                                                  \
        [BAND] = BAND_##name, [BOR] = BOR_##name, [BXOR] = BXOR_##name, [REPLACE] = REPLACE_##name                     \
    }
#define TEXT_ROW(name)                                                                                                 \
    {                                                                                                                  \
        [REPLACE] = REPLACE_##name                                                                                     \
    }
#define PAIR_ROW(name)                                                                                                 \
    {                                                                                                                  \
        [MINLOC] = MINLOC_##name, [MAXLOC] = MAXLOC_##name, [REPLACE] = REPLACE_##name                                 \
    }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wbool-operation"
INTEGER_ALL(i8, int8_t)
INTEGER_ALL(u8, uint8_t)
INTEGER_ALL(i16, int16_t)
INTEGER_ALL(u16, uint16_t)
INTEGER_ALL(i32, int32_t)
INTEGER_ALL(u32, uint32_t)
INTEGER_ALL(i64, int64_t)
INTEGER_ALL(u64, uint64_t)
INTEGER_ALL(i128, int128)
TRUTH(truth, _Bool)
COPY(truth, _Bool)
FLOATING_ALL(f16, _Float16)
FLOATING_ALL(f32, float)
FLOATING_ALL(f64, double)
FLOATING_ALL(f80, long double)
FLOATING_ALL(f128, _Float128)
COMPLEX_ALL(c16, complex_half)
COMPLEX_ALL(c32, float _Complex)
COMPLEX_ALL(c64, double _Complex)
COMPLEX_ALL(c80, long double _Complex)
COMPLEX_ALL(c128, complex_quad)
PAIR_ALL(float_int, struct float_int)
PAIR_ALL(double_int, struct double_int)
PAIR_ALL(long_int, struct long_int)
PAIR_ALL(int_int, struct int_int)
PAIR_ALL(short_int, struct short_int)
PAIR_ALL(long_double_int, struct long_double_int)
PAIR_ALL(float_float, struct float_float)
PAIR_ALL(double_double, struct double_double)
#pragma GCC diagnostic pop

static_assert(sizeof(long) == 8 && sizeof(long long) == 8 && sizeof(int) == 4 && sizeof(short) == 2 && CHAR_MIN < 0 &&
                  sizeof(wchar_t) == 4,
              "the table below speaks of a 64-bit ABI");

static kernel *const kernels[BASIC_COUNT][OPS] = {
    [BASIC_I_AINT] = INTEGER_ROW(i64),
    [BASIC_I_COUNT] = INTEGER_ROW(i64),
    [BASIC_I_OFFSET] = INTEGER_ROW(i64),
    [BASIC_I_PACKED] = BYTES_ROW(u8),
    [BASIC_I_SHORT] = INTEGER_ROW(i16),
    [BASIC_I_INT] = INTEGER_ROW(i32),
    [BASIC_I_LONG] = INTEGER_ROW(i64),
    [BASIC_I_LONG_LONG] = INTEGER_ROW(i64),
    [BASIC_I_UNSIGNED_SHORT] = INTEGER_ROW(u16),
    [BASIC_I_UNSIGNED] = INTEGER_ROW(u32),
    [BASIC_I_UNSIGNED_LONG] = INTEGER_ROW(u64),
    [BASIC_I_UNSIGNED_LONG_LONG] = INTEGER_ROW(u64),
    [BASIC_I_FLOAT] = FLOATING_ROW(f32),
    [BASIC_I_C_FLOAT_COMPLEX] = COMPLEX_ROW(c32),
    [BASIC_I_CXX_FLOAT_COMPLEX] = COMPLEX_ROW(c32),
    [BASIC_I_DOUBLE] = FLOATING_ROW(f64),
    [BASIC_I_C_DOUBLE_COMPLEX] = COMPLEX_ROW(c64),
    [BASIC_I_CXX_DOUBLE_COMPLEX] = COMPLEX_ROW(c64),
    [BASIC_I_LOGICAL] = LOGICAL_ROW(i32),
    [BASIC_I_INTEGER] = INTEGER_ROW(i32),
    [BASIC_I_REAL] = FLOATING_ROW(f32),
    [BASIC_I_COMPLEX] = COMPLEX_ROW(c32),
    [BASIC_I_DOUBLE_PRECISION] = FLOATING_ROW(f64),
    [BASIC_I_DOUBLE_COMPLEX] = COMPLEX_ROW(c64),
    [BASIC_I_CHARACTER] = TEXT_ROW(i8),
    [BASIC_I_LONG_DOUBLE] = FLOATING_ROW(f80),
    [BASIC_I_C_LONG_DOUBLE_COMPLEX] = COMPLEX_ROW(c80),
    [BASIC_I_CXX_LONG_DOUBLE_COMPLEX] = COMPLEX_ROW(c80),
    [BASIC_I_FLOAT_INT] = PAIR_ROW(float_int),
    [BASIC_I_DOUBLE_INT] = PAIR_ROW(double_int),
    [BASIC_I_LONG_INT] = PAIR_ROW(long_int),
    [BASIC_I_2INT] = PAIR_ROW(int_int),
    [BASIC_I_SHORT_INT] = PAIR_ROW(short_int),
    [BASIC_I_LONG_DOUBLE_INT] = PAIR_ROW(long_double_int),
    [BASIC_I_2REAL] = PAIR_ROW(float_float),
    [BASIC_I_2DOUBLE_PRECISION] = PAIR_ROW(double_double),
    [BASIC_I_2INTEGER] = PAIR_ROW(int_int),
    [BASIC_I_C_BOOL] = LOGICAL_ROW(truth),
    [BASIC_I_CXX_BOOL] = LOGICAL_ROW(truth),
    [BASIC_I_WCHAR] = TEXT_ROW(i32),
    [BASIC_I_INT8_T] = INTEGER_ROW(i8),
    [BASIC_I_UINT8_T] = INTEGER_ROW(u8),
    [BASIC_I_CHAR] = TEXT_ROW(i8),
    [BASIC_I_SIGNED_CHAR] = INTEGER_ROW(i8),
    [BASIC_I_UNSIGNED_CHAR] = INTEGER_ROW(u8),
    [BASIC_I_BYTE] = BYTES_ROW(u8),
    [BASIC_I_INT16_T] = INTEGER_ROW(i16),
    [BASIC_I_UINT16_T] = INTEGER_ROW(u16),
    [BASIC_I_INT32_T] = INTEGER_ROW(i32),
    [BASIC_I_UINT32_T] = INTEGER_ROW(u32),
    [BASIC_I_INT64_T] = INTEGER_ROW(i64),
    [BASIC_I_UINT64_T] = INTEGER_ROW(u64),
    [BASIC_I_LOGICAL1] = LOGICAL_ROW(i8),
    [BASIC_I_INTEGER1] = INTEGER_ROW(i8),
    [BASIC_I_LOGICAL2] = LOGICAL_ROW(i16),
    [BASIC_I_INTEGER2] = INTEGER_ROW(i16),
    [BASIC_I_REAL2] = FLOATING_ROW(f16),
    [BASIC_I_LOGICAL4] = LOGICAL_ROW(i32),
    [BASIC_I_INTEGER4] = INTEGER_ROW(i32),
    [BASIC_I_REAL4] = FLOATING_ROW(f32),
    [BASIC_I_COMPLEX4] = COMPLEX_ROW(c16),
    [BASIC_I_LOGICAL8] = LOGICAL_ROW(i64),
    [BASIC_I_INTEGER8] = INTEGER_ROW(i64),
    [BASIC_I_REAL8] = FLOATING_ROW(f64),
    [BASIC_I_COMPLEX8] = COMPLEX_ROW(c32),
    [BASIC_I_LOGICAL16] = LOGICAL_ROW(i128),
    [BASIC_I_INTEGER16] = INTEGER_ROW(i128),
    [BASIC_I_REAL16] = FLOATING_ROW(f128),
    [BASIC_I_COMPLEX16] = COMPLEX_ROW(c64),
    [BASIC_I_COMPLEX32] = COMPLEX_ROW(c128),
};

static const struct {
    MPI_Op handle;
} names[OPS] = {
    [SUM] = {MPI_SUM},         [MIN] = {MPI_MIN},     [MAX] = {MPI_MAX},       [PROD] = {MPI_PROD},
    [BAND] = {MPI_BAND},       [BOR] = {MPI_BOR},     [BXOR] = {MPI_BXOR},     [LAND] = {MPI_LAND},
    [LOR] = {MPI_LOR},         [LXOR] = {MPI_LXOR},   [MINLOC] = {MPI_MINLOC}, [MAXLOC] = {MPI_MAXLOC},
    [REPLACE] = {MPI_REPLACE}, [NO_OP] = {MPI_NO_OP},
};
static struct op predefined[OPS];

void op_init(void)
{
    for (int i = 0; i < OPS; i++) {
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
    if (op->which < 0 || op->which == NO_OP)
        return MPI_SUCCESS;
    return t->basic >= 0 && t->obj.predefined && kernels[t->basic][op->which] ? MPI_SUCCESS : MPI_ERR_OP;
}

/* The user's function takes an int: long vectors go in pieces. */
static void apply_user(const struct op *op, const void *in, void *inout, MPI_Count count, struct datatype *t)
{
    MPI_Datatype h = datatype_handle(t);
    if (op->wide) {
        op->user_c((void *)(uintptr_t)in, inout, &count, &h);
        return;
    }
    for (MPI_Count at = 0; at < count;) {
        int n = count - at > INT_MAX ? INT_MAX : (int)(count - at);
        op->user((char *)(uintptr_t)in + at * t->extent, (char *)inout + at * t->extent, &n, &h);
        at += n;
    }
}

void op_apply(const struct op *op, const void *in, void *inout, MPI_Count count, struct datatype *t)
{
    if (count == 0 || op->which == NO_OP)
        return;
    if (op->which < 0)
        apply_user(op, in, inout, count, t);
    else
        kernels[t->basic][op->which](in, inout, count);
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
    if (count < 0)
        return MPI_ERR_COUNT;
    if (!t || !t->committed)
        return MPI_ERR_TYPE;
    int rc = op_check(op, t);
    if (rc == MPI_SUCCESS)
        op_apply(op, inbuf, inoutbuf, count, t);
    return rc;
}
