/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kernels: one for each pair of operation and C type, made by macro and found in one table. Compiled for speed (see
 * meson.build): a reduction is bound by them as soon as its operands are near. */
#include <assert.h>
#include <limits.h>
#include "lib/datatype/basic.h"
#include "lib/op/kernels.h"

/* `out` may be `b` or `a` itself, and does not overlap them otherwise: what the compiler could not know. */
#ifdef __clang__
#define APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define APART _Pragma("GCC ivdep")
#endif
#define KERNEL(op, name, ctype, expression)                                                                            \
    static void op##_##name(const void *left, const void *right, void *result, MPI_Count n)                            \
    {                                                                                                                  \
        const ctype *a = left, *b = right;                                                                             \
        ctype *out = result;                                                                                           \
        APART for (MPI_Count i = 0; i < n; i++) out[i] = (ctype)(expression);                                          \
    }
/* Pairs: the smaller index where the values are equal. */
#define PAIR_KERNEL(op, name, ctype, better)                                                                           \
    static void op##_##name(const void *left, const void *right, void *result, MPI_Count n)                            \
    {                                                                                                                  \
        const ctype *a = left, *b = right;                                                                             \
        ctype *out = result;                                                                                           \
        for (MPI_Count i = 0; i < n; i++)                                                                              \
            out[i] =                                                                                                   \
                a[i].value better b[i].value || (a[i].value == b[i].value && a[i].index < b[i].index) ? a[i] : b[i];   \
    }

#define SUMS(name, t) KERNEL(SUM, name, t, a[i] + b[i]) KERNEL(PROD, name, t, a[i] * b[i])
#define ORDER(name, t) KERNEL(MIN, name, t, a[i] < b[i] ? a[i] : b[i]) KERNEL(MAX, name, t, a[i] > b[i] ? a[i] : b[i])
#define BITS(name, t)                                                                                                  \
    KERNEL(BAND, name, t, a[i] & b[i]) KERNEL(BOR, name, t, a[i] | b[i]) KERNEL(BXOR, name, t, a[i] ^ b[i])
#define TRUTH(name, t)                                                                                                 \
    KERNEL(LAND, name, t, a[i] && b[i]) KERNEL(LOR, name, t, a[i] || b[i]) KERNEL(LXOR, name, t, !a[i] != !b[i])
#define COPY(name, t) KERNEL(REPLACE, name, t, ((void)b, a[i]))

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

op_kernel *const op_kernels[BASIC_COUNT][OP_COUNT] = {
    [BASIC_I_AINT] = INTEGER_ROW(i64),
    [BASIC_I_COUNT] = INTEGER_ROW(i64),
    [BASIC_I_OFFSET] = INTEGER_ROW(i64),
    [BASIC_I_PACKED] = TEXT_ROW(u8),
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
    /* Text to the standard, but programs add it up, and other libraries let them. */
    [BASIC_I_CHAR] = INTEGER_ROW(i8),
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
