/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is asked of datatypes: sizes and bounds in all widths, elements of messages that end inside a type, names,
 * attributes. */
#include "../check.h"

static void wide(void)
{
    MPI_Datatype t;
    const MPI_Count n = 5000000000LL;
    MPI_Count size_, lb, extent;
    MPI_Aint lb_, extent_;
    int small;
    OK(MPI_Type_contiguous_c(n, MPI_INT, &t));
    OK(MPI_Type_size_c(t, &size_));
    CHECK(size_ == 4 * n);
    OK(MPI_Type_size_x(t, &size_));
    CHECK(size_ == 4 * n);
    OK(MPI_Type_size(t, &small));
    CHECK(small == MPI_UNDEFINED);
    OK(MPI_Type_free(&t));

    const MPI_Count far[] = {3 * n, -n};
    OK(MPI_Type_create_hindexed_block_c(2, 2, far, MPI_SHORT, &t));
    OK(MPI_Type_get_extent(t, &lb_, &extent_));
    CHECK(lb_ == -n && extent_ == 4 * n + 4);
    OK(MPI_Type_get_extent_x(t, &lb, &extent));
    CHECK(lb == -n && extent == 4 * n + 4);
    OK(MPI_Type_get_extent_c(t, &lb, &extent));
    CHECK(lb == -n && extent == 4 * n + 4);
    MPI_Datatype r;
    OK(MPI_Type_create_resized_c(t, 0, 2 * n, &r));
    OK(MPI_Type_get_extent_x(r, &lb, &extent));
    CHECK(lb == 0 && extent == 2 * n);
    OK(MPI_Type_get_true_extent(r, &lb_, &extent_));
    CHECK(lb_ == -n && extent_ == 4 * n + 4);
    OK(MPI_Type_get_true_extent_x(r, &lb, &extent));
    CHECK(lb == -n && extent == 4 * n + 4);
    OK(MPI_Type_get_true_extent_c(r, &lb, &extent));
    CHECK(lb == -n && extent == 4 * n + 4);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free(&r));

    /* What is distributed by turns is said in a few words, however long. */
    const MPI_Count sizes[] = {1LL << 40};
    const int distrib[] = {MPI_DISTRIBUTE_CYCLIC}, arg[] = {3}, procs[] = {4};
    OK(MPI_Type_create_darray_c(4, 1, 1, sizes, distrib, arg, procs, MPI_ORDER_C, MPI_INT, &t));
    OK(MPI_Type_size_c(t, &size_));
    CHECK(size_ == (sizes[0] / 12 * 3 + 1) * 4); /* 4 are left, the fourth is ours */
    OK(MPI_Type_get_true_extent_c(t, &lb, &extent));
    CHECK(lb == 12 && lb + extent == sizes[0] * 4);
    OK(MPI_Type_free(&t));
}

struct mixed {
    int i;
    double d;
};

static MPI_Datatype mixed_type(void)
{
    MPI_Datatype t, r;
    OK(MPI_Type_create_struct(2, (int[]){1, 1}, (MPI_Aint[]){0, 8}, (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &t));
    OK(MPI_Type_create_resized(t, 0, sizeof(struct mixed), &r));
    OK(MPI_Type_free(&t));
    OK(MPI_Type_commit(&r));
    return r;
}

static void elements(void)
{
    struct mixed x[2] = {{1, 2}, {3, 4}}, y[2];
    MPI_Datatype r = mixed_type();
    MPI_Status st;
    int n, position = 0;
    char packed[24];
    OK(MPI_Pack(x, 2, r, packed, 24, &position, MPI_COMM_SELF));
    CHECK(position == 24);
    OK(MPI_Sendrecv(packed, 16, MPI_PACKED, 0, 0, y, 2, r, 0, 0, MPI_COMM_SELF, &st));
    OK(MPI_Get_count(&st, r, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Get_elements(&st, r, &n));
    CHECK(n == 3 && y[0].d == 2 && y[1].i == 3);
    OK(MPI_Sendrecv(packed, 18, MPI_PACKED, 0, 0, y, 2, r, 0, 0, MPI_COMM_SELF, &st));
    OK(MPI_Get_elements(&st, r, &n));
    CHECK(n == MPI_UNDEFINED); /* not even whole elements */
    OK(MPI_Type_free(&r));
}

/* What is set is what is read, for every number of elements. */
static void set_and_get(MPI_Datatype t, int most)
{
    MPI_Status st;
    memset(&st, 0, sizeof st);
    for (int i = 0; i <= most; i++) {
        int n;
        MPI_Count m;
        OK(MPI_Status_set_elements(&st, t, i));
        OK(MPI_Get_elements(&st, t, &n));
        CHECK(n == i);
        OK(MPI_Status_set_elements_x(&st, t, i));
        OK(MPI_Get_elements_x(&st, t, &m));
        CHECK(m == i);
        OK(MPI_Get_elements_c(&st, t, &m));
        CHECK(m == i);
    }
}

static void elements_set(void)
{
    MPI_Datatype r = mixed_type(), t, f;
    set_and_get(MPI_INT, 5);
    set_and_get(MPI_SHORT_INT, 7);
    set_and_get(r, 9);
    OK(MPI_Type_vector(3, 2, 5, r, &t));
    set_and_get(t, 40);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_contiguous(100000000, r, &t)); /* found, not walked */
    set_and_get(t, 1);
    MPI_Status st;
    MPI_Count m;
    memset(&st, 0, sizeof st);
    OK(MPI_Status_set_elements_x(&st, t, 6000000001));
    OK(MPI_Get_elements_x(&st, t, &m));
    CHECK(m == 6000000001);
    const MPI_Count any = 0x7654321f71234567; /* more than any memory holds */
    OK(MPI_Status_set_elements_x(&st, MPI_BYTE, any));
    OK(MPI_Get_elements_x(&st, MPI_BYTE, &m));
    CHECK(m == any);
    OK(MPI_Status_set_elements_c(&st, t, any / 32));
    OK(MPI_Get_elements_c(&st, t, &m));
    CHECK(m == any / 32);
    FAILS(MPI_ERR_COUNT, MPI_Status_set_elements_x(&st, MPI_INT, any)); /* nor can the status say it */
    FAILS(MPI_ERR_COUNT, MPI_Status_set_elements_x(&st, MPI_INT, -1));
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free(&r));
    OK(MPI_Type_create_f90_real(15, 300, &f));
    set_and_get(f, 3);
    OK(MPI_Status_set_elements(&st, MPI_INT, 3));
    int n;
    OK(MPI_Get_elements(&st, f, &n));
    CHECK(n == MPI_UNDEFINED);
}

static void names(void)
{
    MPI_Datatype t, u;
    char name[MPI_MAX_OBJECT_NAME];
    int n;
    OK(MPI_Type_get_name(MPI_DOUBLE_INT, name, &n));
    CHECK(strcmp(name, "MPI_DOUBLE_INT") == 0 && n == 14);
    OK(MPI_Type_contiguous(3, MPI_INT, &t));
    OK(MPI_Type_get_name(t, name, &n));
    CHECK(n == 0 && name[0] == 0);
    OK(MPI_Type_set_name(t, "three"));
    OK(MPI_Type_dup(t, &u));
    OK(MPI_Type_get_name(t, name, &n));
    CHECK(strcmp(name, "three") == 0 && n == 5);
    OK(MPI_Type_get_name(u, name, &n));
    CHECK(n == 0);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free(&u));
}

static int copies, deletes;

static int copy(MPI_Datatype t, int keyval, void *extra, void *in, void *out, int *flag)
{
    copies++;
    *(void **)out = (char *)in + 1;
    *flag = extra == &copies;
    return MPI_SUCCESS;
}

static int delete (MPI_Datatype t, int keyval, void *value, void *extra)
{
    deletes++;
    return MPI_SUCCESS;
}

static void attributes(void)
{
    MPI_Datatype t, u;
    int key, flag;
    void *got;
    char value[2];
    OK(MPI_Type_create_keyval(copy, delete, &key, &copies));
    OK(MPI_Type_contiguous(3, MPI_INT, &t));
    OK(MPI_Type_get_attr(t, key, &got, &flag));
    CHECK(!flag);
    OK(MPI_Type_set_attr(t, key, value));
    OK(MPI_Type_dup(t, &u));
    OK(MPI_Type_get_attr(u, key, &got, &flag));
    CHECK(flag && got == value + 1 && copies == 1);
    OK(MPI_Type_delete_attr(u, key));
    OK(MPI_Type_get_attr(u, key, &got, &flag));
    CHECK(!flag && deletes == 1);
    OK(MPI_Type_free(&u));
    CHECK(deletes == 1);
    OK(MPI_Type_free(&t));
    CHECK(deletes == 2);
    OK(MPI_Type_set_attr(MPI_INT, key, value)); /* predefined ones may have them, too */
    OK(MPI_Type_get_attr(MPI_INT, key, &got, &flag));
    CHECK(flag && got == value);
    OK(MPI_Type_delete_attr(MPI_INT, key));
    OK(MPI_Type_free_keyval(&key));
    CHECK(key == MPI_KEYVAL_INVALID);
}

/* What no number can tell is refused, not told wrongly. */
static void too_large(void)
{
    const int most = 2147483647, sizes[] = {most, most, most}, zeros[3] = {0};
    MPI_Datatype t, u, none = MPI_DATATYPE_NULL;
    MPI_Count n;
    OK(MPI_Type_contiguous(most, MPI_INT, &t));
    OK(MPI_Pack_size_c(1ll << 40, t, MPI_COMM_SELF, &n));
    CHECK(n == MPI_UNDEFINED);
    OK(MPI_Type_contiguous(1 << 29, t, &u));
    OK(MPI_Type_size_x(u, &n));
    CHECK(n == ((MPI_Count)most << 31));
    FAILS(MPI_ERR_COUNT, MPI_Type_contiguous(most, u, &none));
    FAILS(MPI_ERR_COUNT, MPI_Type_vector(most, most, most, t, &none));
    FAILS(MPI_ERR_COUNT, MPI_Type_vector(2, 1, most, u, &none));
    FAILS(MPI_ERR_COUNT, MPI_Type_create_subarray(3, sizes, sizes, zeros, MPI_ORDER_C, MPI_INT, &none));
    FAILS(MPI_ERR_COUNT,
          MPI_Type_create_subarray(2, sizes, (int[]){1, 1}, (int[]){most - 1, most - 1}, MPI_ORDER_C, t, &none));
    FAILS(MPI_ERR_COUNT,
          MPI_Type_create_darray(
              1, 0, 3, sizes, (int[]){MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_NONE},
              (int[]){most, most, MPI_DISTRIBUTE_DFLT_DARG}, (int[]){1, 1, 1}, MPI_ORDER_C, MPI_INT, &none));
    CHECK(none == MPI_DATATYPE_NULL);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free(&u));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    wide();
    too_large();
    elements();
    elements_set();
    names();
    attributes();
    return end();
}
