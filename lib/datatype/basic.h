/* SPDX-License-Identifier: BSD-3-Clause
 *
 * basic: the predefined datatypes, numbered by their place in basic.def. */
#ifndef LIB_DATATYPE_BASIC_H
#define LIB_DATATYPE_BASIC_H

#include <wchar.h>
#include "lib/core/types.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
typedef __int128 int128;
typedef _Complex _Float16 complex_half;
typedef _Complex _Float128 complex_quad;
#pragma GCC diagnostic pop

#define PAIR_STRUCT(name, a, b)                                                                                        \
    struct name {                                                                                                      \
        a value;                                                                                                       \
        b index;                                                                                                       \
    };
PAIR_STRUCT(float_int, float, int)
PAIR_STRUCT(double_int, double, int)
PAIR_STRUCT(long_int, long, int)
PAIR_STRUCT(int_int, int, int)
PAIR_STRUCT(short_int, short, int)
PAIR_STRUCT(long_double_int, long double, int)
PAIR_STRUCT(float_float, float, float)
PAIR_STRUCT(double_double, double, double)

enum basic_class {
    BASIC_MULTI,
    BASIC_BYTES,
    BASIC_INTEGER,
    BASIC_FLOATING,
    BASIC_COMPLEX,
    BASIC_LOGICAL,
    BASIC_TEXT,
    BASIC_PAIR
};

enum basic_index {
#define B(name, ctype, class) BASIC_I_##name,
#include "lib/datatype/basic.def"
#undef B
    BASIC_COUNT
};

struct basic {
    const char *name;
    MPI_Datatype handle;
    uint8_t size, align, class;
    uint8_t value; /* of a pair: size of the first member */
};
extern struct basic basic_table[BASIC_COUNT];

#endif
