/* SPDX-License-Identifier: BSD-3-Clause
 *
 * external32 of every predefined type; matching types.
 */
#include "../check.h"

static void external(void)
{
    struct {
        int a;
        double b;
        long c;
    } x = {0x01020304, 1.0, -2}, y = {0};
    const unsigned char want[16] = {1, 2, 3, 4, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe};
    MPI_Datatype t, types[3] = {MPI_INT, MPI_DOUBLE, MPI_LONG};
    MPI_Aint at[3] = {0, 8, 16}, size_, position = 0;
    unsigned char out[16];
    OK(MPI_Type_create_struct(3, (int[]){1, 1, 1}, at, types, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_Pack_external_size("external32", 1, t, &size_));
    CHECK(size_ == 16);
    OK(MPI_Pack_external("external32", &x, 1, t, out, 16, &position));
    CHECK(position == 16 && memcmp(out, want, 16) == 0);
    position = 0;
    OK(MPI_Unpack_external("external32", out, 16, &position, &y, 1, t));
    CHECK(y.a == x.a && y.b == x.b && y.c == x.c);
    long double ld = -3.25L, back = 0;
    position = 0;
    OK(MPI_Pack_external("external32", &ld, 1, MPI_LONG_DOUBLE, out, 16, &position));
    CHECK(out[0] == 0xc0 && out[1] == 0 && out[2] == 0xa0);
    position = 0;
    OK(MPI_Unpack_external("external32", out, 16, &position, &back, 1, MPI_LONG_DOUBLE));
    CHECK(back == ld);
    OK(MPI_Type_free(&t));
}

/* Types whose numbers have the same size outside: they only turn round. */
static void turned(void)
{
    static const struct {
        MPI_Datatype type;
        int numbers, width;
    } all[] = {
        {MPI_CHAR, 1, 1},
        {MPI_SIGNED_CHAR, 1, 1},
        {MPI_UNSIGNED_CHAR, 1, 1},
        {MPI_BYTE, 1, 1},
        {MPI_PACKED, 1, 1},
        {MPI_CHARACTER, 1, 1},
        {MPI_C_BOOL, 1, 1},
        {MPI_CXX_BOOL, 1, 1},
        {MPI_INT8_T, 1, 1},
        {MPI_UINT8_T, 1, 1},
        {MPI_INTEGER1, 1, 1},
        {MPI_LOGICAL1, 1, 1},
        {MPI_SHORT, 1, 2},
        {MPI_UNSIGNED_SHORT, 1, 2},
        {MPI_INT16_T, 1, 2},
        {MPI_UINT16_T, 1, 2},
        {MPI_INTEGER2, 1, 2},
        {MPI_LOGICAL2, 1, 2},
        {MPI_REAL2, 1, 2},
        {MPI_INT, 1, 4},
        {MPI_UNSIGNED, 1, 4},
        {MPI_FLOAT, 1, 4},
        {MPI_INT32_T, 1, 4},
        {MPI_UINT32_T, 1, 4},
        {MPI_INTEGER, 1, 4},
        {MPI_LOGICAL, 1, 4},
        {MPI_REAL, 1, 4},
        {MPI_INTEGER4, 1, 4},
        {MPI_LOGICAL4, 1, 4},
        {MPI_REAL4, 1, 4},
        {MPI_COMPLEX4, 2, 2},
        {MPI_LONG_LONG, 1, 8},
        {MPI_UNSIGNED_LONG_LONG, 1, 8},
        {MPI_DOUBLE, 1, 8},
        {MPI_INT64_T, 1, 8},
        {MPI_UINT64_T, 1, 8},
        {MPI_AINT, 1, 8},
        {MPI_OFFSET, 1, 8},
        {MPI_COUNT, 1, 8},
        {MPI_DOUBLE_PRECISION, 1, 8},
        {MPI_INTEGER8, 1, 8},
        {MPI_LOGICAL8, 1, 8},
        {MPI_REAL8, 1, 8},
        {MPI_C_FLOAT_COMPLEX, 2, 4},
        {MPI_CXX_FLOAT_COMPLEX, 2, 4},
        {MPI_COMPLEX, 2, 4},
        {MPI_COMPLEX8, 2, 4},
        {MPI_2INT, 2, 4},
        {MPI_FLOAT_INT, 2, 4},
        {MPI_2INTEGER, 2, 4},
        {MPI_2REAL, 2, 4},
        {MPI_C_DOUBLE_COMPLEX, 2, 8},
        {MPI_CXX_DOUBLE_COMPLEX, 2, 8},
        {MPI_DOUBLE_COMPLEX, 2, 8},
        {MPI_COMPLEX16, 2, 8},
        {MPI_2DOUBLE_PRECISION, 2, 8},
        {MPI_INTEGER16, 1, 16},
        {MPI_LOGICAL16, 1, 16},
        {MPI_REAL16, 1, 16},
        {MPI_COMPLEX32, 2, 16},
    };
    enum { N = 3, MOST = 32 * N };
    unsigned seed = 5;
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        int w = all[k].width, n = N * all[k].numbers * w;
        unsigned char in[MOST], out[MOST], back[MOST];
        MPI_Aint bytes, at = 0;
        for (int i = 0; i < n; i++)
            in[i] = (unsigned char)draw(&seed);
        OK(MPI_Pack_external_size("external32", N, all[k].type, &bytes));
        CHECK(bytes == n);
        OK(MPI_Pack_external("external32", in, N, all[k].type, out, n, &at));
        CHECK(at == n);
        for (int i = 0; i < n; i++)
            CHECK(out[i] == in[i / w * w + w - 1 - i % w]);
        at = 0;
        OK(MPI_Unpack_external("external32", out, n, &at, back, N, all[k].type));
        CHECK(at == n && memcmp(in, back, (size_t)n) == 0);
        at = 1;
        FAILS(MPI_ERR_TRUNCATE, MPI_Pack_external("external32", in, N, all[k].type, out, n, &at));
        FAILS(MPI_ERR_TRUNCATE, MPI_Unpack_external("external32", out, n, &at, back, N, all[k].type));
    }
}

/* Types whose numbers have another size outside, or lie apart in memory. */
#define ROUND(handle, ctype, size_outside, ...)                                                                        \
    do {                                                                                                               \
        ctype in_[2] = {__VA_ARGS__}, back_[2];                                                                        \
        char out_[96];                                                                                                 \
        MPI_Count n_, at_ = 0;                                                                                         \
        memset(back_, 0, sizeof back_);                                                                                \
        OK(MPI_Pack_external_size_c("external32", 2, handle, &n_));                                                    \
        CHECK(n_ == 2 * (size_outside));                                                                               \
        OK(MPI_Pack_external_c("external32", in_, 2, handle, out_, sizeof out_, &at_));                                \
        CHECK(at_ == n_);                                                                                              \
        at_ = 0;                                                                                                       \
        OK(MPI_Unpack_external_c("external32", out_, n_, &at_, back_, 2, handle));                                     \
        CHECK(same_##ctype(&in_[0], &back_[0]) && same_##ctype(&in_[1], &back_[1]));                                   \
    } while (0)

typedef long double extended;
typedef _Complex long double extended_pair;
#define PAIR(name, type)                                                                                               \
    typedef struct {                                                                                                   \
        type value;                                                                                                    \
        int index;                                                                                                     \
    } name;                                                                                                            \
    static bool same_##name(const name *a, const name *b)                                                              \
    {                                                                                                                  \
        return a->value == b->value && a->index == b->index;                                                           \
    }
#define PLAIN(type)                                                                                                    \
    static bool same_##type(const type *a, const type *b)                                                              \
    {                                                                                                                  \
        return *a == *b;                                                                                               \
    }
PAIR(short_int, short)
PAIR(long_int, long)
PAIR(double_int, double)
PAIR(extended_int, long double)
typedef unsigned long ulong_t;
PLAIN(long)
PLAIN(ulong_t)
PLAIN(wchar_t)
PLAIN(extended)
PLAIN(extended_pair)

static void resized_outside(void)
{
    ROUND(MPI_LONG, long, 4, -5, 2000000000);
    ROUND(MPI_UNSIGNED_LONG, ulong_t, 4, 4000000000u, 1);
    ROUND(MPI_WCHAR, wchar_t, 2, L'x', 0xfffe);
    ROUND(MPI_LONG_DOUBLE, extended, 16, 1.25L, -1e4000L);
    ROUND(MPI_C_LONG_DOUBLE_COMPLEX, extended_pair, 32, 3.0L + 4.5L * __extension__ 1.0iL, -1.0L);
    ROUND(MPI_CXX_LONG_DOUBLE_COMPLEX, extended_pair, 32, 3.0L, -1.5L);
    ROUND(MPI_SHORT_INT, short_int, 6, {-3, 100000}, {32767, -1});
    ROUND(MPI_LONG_INT, long_int, 8, {-3, 100000}, {12345678, -1});
    ROUND(MPI_DOUBLE_INT, double_int, 12, {-3.5, 100000}, {1e300, -1});
    ROUND(MPI_LONG_DOUBLE_INT, extended_int, 20, {-3.5L, 100000}, {1e-4000L, -1});
}

static void unknown(void)
{
    MPI_Aint at = 0;
    int x = 1;
    char out[4];
    FAILS(MPI_ERR_ARG, MPI_Pack_external("native", &x, 1, MPI_INT, out, 4, &at));
    FAILS(MPI_ERR_ARG, MPI_Pack_external_size("internal", 1, MPI_INT, &at));
}

static void matches(void)
{
    static const struct {
        int class, size;
        MPI_Datatype type;
    } all[] = {{MPI_TYPECLASS_REAL, 4, MPI_REAL4},         {MPI_TYPECLASS_REAL, 8, MPI_REAL8},
               {MPI_TYPECLASS_REAL, 16, MPI_REAL16},       {MPI_TYPECLASS_INTEGER, 1, MPI_INTEGER1},
               {MPI_TYPECLASS_INTEGER, 2, MPI_INTEGER2},   {MPI_TYPECLASS_INTEGER, 4, MPI_INTEGER4},
               {MPI_TYPECLASS_INTEGER, 8, MPI_INTEGER8},   {MPI_TYPECLASS_COMPLEX, 8, MPI_COMPLEX8},
               {MPI_TYPECLASS_COMPLEX, 16, MPI_COMPLEX16}, {MPI_TYPECLASS_COMPLEX, 32, MPI_COMPLEX32}};
    MPI_Datatype t;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        OK(MPI_Type_match_size(all[i].class, all[i].size, &t));
        CHECK(t == all[i].type);
    }
    FAILS(MPI_ERR_ARG, MPI_Type_match_size(MPI_TYPECLASS_REAL, 3, &t));
    FAILS(MPI_ERR_ARG, MPI_Type_match_size(12345, 4, &t));
    OK(MPI_Type_get_value_index(MPI_LONG, MPI_INT, &t));
    CHECK(t == MPI_LONG_INT);
    OK(MPI_Type_get_value_index(MPI_INT, MPI_LONG, &t));
    CHECK(t == MPI_DATATYPE_NULL);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    external();
    turned();
    resized_outside();
    unknown();
    matches();
    return end();
}
