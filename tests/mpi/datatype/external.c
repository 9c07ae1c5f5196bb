/* SPDX-License-Identifier: BSD-3-Clause
 *
 * external32 by its bytes, envelopes and contents, large counts, Fortran's selected kinds, elements of partial types.
 */
#include "../check.h"
#include <stddef.h>

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

static void contents(void)
{
    MPI_Datatype t, old;
    int ni, na, nd, combiner, ints[3];
    MPI_Count ci, ca, cc, cd, counts[3];
    OK(MPI_Type_vector(3, 2, 4, MPI_INT, &t));
    OK(MPI_Type_get_envelope(t, &ni, &na, &nd, &combiner));
    CHECK(ni == 3 && na == 0 && nd == 1 && combiner == MPI_COMBINER_VECTOR);
    OK(MPI_Type_get_contents(t, 3, 0, 1, ints, NULL, &old));
    CHECK(ints[0] == 3 && ints[1] == 2 && ints[2] == 4 && old == MPI_INT);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_vector_c(3, 2, 4, MPI_INT, &t));
    OK(MPI_Type_get_envelope_c(t, &ci, &ca, &cc, &cd, &combiner));
    CHECK(ci == 0 && ca == 0 && cc == 3 && cd == 1);
    FAILS(MPI_ERR_TYPE, MPI_Type_get_envelope(t, &ni, &na, &nd, &combiner));
    OK(MPI_Type_get_contents_c(t, 0, 0, 3, 1, NULL, NULL, counts, &old));
    CHECK(counts[0] == 3 && counts[1] == 2 && counts[2] == 4);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_get_envelope(MPI_INT, &ni, &na, &nd, &combiner));
    CHECK(combiner == MPI_COMBINER_NAMED);
    FAILS(MPI_ERR_TYPE, MPI_Type_get_contents(MPI_INT, 0, 0, 0, NULL, NULL, NULL));
}

static void large(void)
{
    MPI_Datatype t;
    MPI_Count n = 5000000000LL, size_;
    int small;
    OK(MPI_Type_contiguous_c(n, MPI_INT, &t));
    OK(MPI_Type_size_c(t, &size_));
    CHECK(size_ == 4 * n);
    OK(MPI_Type_size(t, &small));
    CHECK(small == MPI_UNDEFINED);
    OK(MPI_Type_free(&t));
}

static void kinds(void)
{
    MPI_Datatype a, b;
    int n, combiner, na, nd, ints[2];
    OK(MPI_Type_create_f90_real(15, MPI_UNDEFINED, &a));
    OK(MPI_Type_create_f90_real(15, MPI_UNDEFINED, &b));
    CHECK(a == b);
    OK(MPI_Type_size(a, &n));
    CHECK(n == 8);
    OK(MPI_Type_get_envelope(a, &n, &na, &nd, &combiner));
    CHECK(n == 2 && combiner == MPI_COMBINER_F90_REAL);
    OK(MPI_Type_get_contents(a, 2, 0, 0, ints, NULL, NULL));
    CHECK(ints[0] == 15 && ints[1] == MPI_UNDEFINED);
    OK(MPI_Type_create_f90_integer(9, &a));
    OK(MPI_Type_size(a, &n));
    CHECK(n == 4);
    FAILS(MPI_ERR_TYPE, MPI_Type_free(&a));
}

static void elements(void)
{
    struct {
        int i;
        double d;
    } x[2] = {{1, 2}, {3, 4}}, y[2];
    MPI_Datatype t, r;
    MPI_Status st;
    int n;
    OK(MPI_Type_create_struct(2, (int[]){1, 1}, (MPI_Aint[]){0, 8}, (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &t));
    OK(MPI_Type_create_resized(t, 0, sizeof x[0], &r));
    OK(MPI_Type_commit(&r));
    char packed[24];
    int position = 0;
    OK(MPI_Pack(x, 2, r, packed, 24, &position, MPI_COMM_SELF));
    CHECK(position == 24);
    OK(MPI_Sendrecv(packed, 16, MPI_PACKED, 0, 0, y, 2, r, 0, 0, MPI_COMM_SELF, &st));
    OK(MPI_Get_count(&st, r, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Get_elements(&st, r, &n));
    CHECK(n == 3 && y[0].d == 2 && y[1].i == 3);
    OK(MPI_Status_set_elements(&st, r, 3));
    OK(MPI_Get_elements(&st, r, &n));
    CHECK(n == 3);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free(&r));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    external();
    contents();
    large();
    kinds();
    elements();
    return end();
}
