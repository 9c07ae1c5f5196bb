/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attributes of communicators and of datatypes: what callbacks are called when, in which order, and what they may do.
 */
#include "../check.h"

static int log_of[100], logged;
static int fail_copy, fail_delete;

static int copy_comm(MPI_Comm c, int key, void *extra, void *in, void *out, int *flag)
{
    log_of[logged++] = *(int *)extra;
    *(void **)out = (char *)in + 1;
    *flag = *(int *)extra != 2; /* the second one is not handed on */
    return fail_copy ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static int delete_comm(MPI_Comm c, int key, void *value, void *extra)
{
    log_of[logged++] = -*(int *)extra;
    return fail_delete ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static void logged_is(int n, const int *want)
{
    CHECK(logged == n && memcmp(log_of, want, (size_t)n * sizeof *want) == 0);
    logged = 0;
}

static void comms(void)
{
    static int extra[4] = {1, 2, 3, 4};
    MPI_Comm c, d;
    int keys[4], flag;
    char here, *v;
    OK(MPI_Comm_dup(world, &c));
    for (int i = 0; i < 3; i++) {
        OK(MPI_Comm_create_keyval(copy_comm, delete_comm, &keys[i], &extra[i]));
        OK(MPI_Comm_set_attr(c, keys[i], &here));
    }
    OK(MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &keys[3], NULL));
    OK(MPI_Comm_set_attr(c, keys[3], &here));
    OK(MPI_Comm_dup(c, &d));
    logged_is(3, (int[]){1, 2, 3});
    OK(MPI_Comm_get_attr(d, keys[0], &v, &flag));
    CHECK(flag && v == &here + 1);
    OK(MPI_Comm_get_attr(d, keys[1], &v, &flag));
    CHECK(!flag);
    OK(MPI_Comm_get_attr(d, keys[3], &v, &flag));
    CHECK(flag && v == &here);
    OK(MPI_Comm_set_attr(d, keys[2], NULL)); /* replacing deletes */
    logged_is(1, (int[]){-3});
    OK(MPI_Comm_get_attr(d, keys[2], &v, &flag));
    CHECK(flag && v == NULL);
    OK(MPI_Comm_delete_attr(d, keys[2]));
    logged_is(1, (int[]){-3});
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_delete_attr(d, keys[2]));
    OK(MPI_Comm_free(&d));
    logged_is(1, (int[]){-1});
    fail_delete = 1;
    FAILS(MPI_ERR_OTHER, MPI_Comm_delete_attr(c, keys[1]));
    FAILS(MPI_ERR_OTHER, MPI_Comm_set_attr(c, keys[1], NULL));
    FAILS(MPI_ERR_OTHER, MPI_Comm_free(&c));
    CHECK(c != MPI_COMM_NULL);
    OK(MPI_Comm_get_attr(c, keys[1], &v, &flag));
    CHECK(flag && v == &here); /* what could not be deleted is still there */
    fail_delete = logged = 0;
    /* Split communicators begin with none. */
    OK(MPI_Comm_split(c, 0, rank, &d));
    OK(MPI_Comm_get_attr(d, keys[0], &v, &flag));
    CHECK(!flag && logged == 0);
    OK(MPI_Comm_free(&d));
    for (int i = 0; i < 4; i++)
        OK(MPI_Comm_free_keyval(&keys[i]));
    CHECK(keys[0] == MPI_KEYVAL_INVALID);
    OK(MPI_Comm_free(&c));
    logged_is(3, (int[]){-3, -2, -1}); /* the last one first */
    /* A copy that fails is an error, on every rank alike. */
    OK(MPI_Comm_create_keyval(copy_comm, delete_comm, &keys[0], &extra[0]));
    OK(MPI_Comm_dup(world, &c));
    OK(MPI_Comm_set_attr(c, keys[0], &here));
    fail_copy = 1;
    FAILS(MPI_ERR_OTHER, MPI_Comm_dup(c, &d));
    fail_copy = 0;
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_free_keyval(&keys[0]));
    logged = 0;
}

/* A delete callback may look at its attribute, delete others, and free its key each time. */
static int near_by[3];
static int greedy(MPI_Comm c, int key, void *value, void *extra)
{
    void *v;
    int flag;
    OK(MPI_Comm_get_attr(c, key, &v, &flag));
    CHECK(flag && v == value);
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_delete_attr(c, key));
    MPI_Comm_delete_attr(c, near_by[0]);
    MPI_Comm_delete_attr(c, near_by[2]);
    OK(MPI_Comm_free_keyval(&key));
    return MPI_SUCCESS;
}

static void nested(void)
{
    MPI_Comm c[2];
    void *v;
    int flag, key;
    for (int i = 0; i < 3; i++)
        OK(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, i == 1 ? greedy : MPI_COMM_NULL_DELETE_FN, &near_by[i], NULL));
    for (int k = 0; k < 2; k++) {
        OK(MPI_Comm_dup(world, &c[k]));
        for (int i = 0; i < 3; i++)
            OK(MPI_Comm_set_attr(c[k], near_by[i], &c[k]));
    }
    key = near_by[1];
    OK(MPI_Comm_delete_attr(c[0], key));
    for (int i = 0; i < 3; i += 2) {
        OK(MPI_Comm_get_attr(c[0], near_by[i], &v, &flag));
        CHECK(!flag);
    }
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_set_attr(c[0], key, NULL)); /* the callback has freed it */
    OK(MPI_Comm_free(&c[0]));
    OK(MPI_Comm_free(&c[1])); /* the other one still has it, and frees it once more */
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_free_keyval(&key));
    OK(MPI_Comm_free_keyval(&near_by[0]));
    OK(MPI_Comm_free_keyval(&near_by[2]));
}

static void predefined(void)
{
    static const int all[] = {MPI_TAG_UB, MPI_IO, MPI_HOST, MPI_WTIME_IS_GLOBAL, MPI_LASTUSEDCODE};
    int *v, flag, other;
    MPI_Comm c;
    OK(MPI_Comm_dup(world, &c));
    for (int i = 0; i < 5; i++) {
        OK(MPI_Comm_get_attr(world, all[i], &v, &flag));
        CHECK(flag);
        FAILS(MPI_ERR_KEYVAL, MPI_Comm_set_attr(world, all[i], &other));
        FAILS(MPI_ERR_KEYVAL, MPI_Comm_delete_attr(world, all[i]));
        FAILS(MPI_ERR_KEYVAL, MPI_Comm_free_keyval(&(int){all[i]}));
    }
    OK(MPI_Comm_get_attr(c, MPI_TAG_UB, &v, &flag));
    CHECK(flag && *v >= 32767);
    OK(MPI_Send(&other, 0, MPI_INT, MPI_PROC_NULL, *v, c));
    OK(MPI_Comm_get_attr(c, MPI_UNIVERSE_SIZE, &v, &flag));
    CHECK(!flag || *v >= size);
    OK(MPI_Comm_get_attr(c, MPI_APPNUM, &v, &flag));
    CHECK(!flag || *v >= 0);
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_get_attr(c, MPI_KEYVAL_INVALID, &v, &flag));
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_get_attr(c, 123456, &v, &flag));
    OK(MPI_Comm_free(&c));
}

/* The names of MPI 1 are the same thing. */
static void old_names(void)
{
    MPI_Comm c;
    int key, flag;
    void *v;
    OK(MPI_Keyval_create(MPI_DUP_FN, MPI_NULL_DELETE_FN, &key, NULL));
    OK(MPI_Attr_put(world, key, &c));
    OK(MPI_Comm_dup(world, &c));
    OK(MPI_Attr_get(c, key, &v, &flag));
    CHECK(flag && v == (void *)&c);
    OK(MPI_Attr_delete(world, key));
    OK(MPI_Comm_get_attr(world, key, &v, &flag));
    CHECK(!flag);
    OK(MPI_Keyval_free(&key));
    OK(MPI_Comm_free(&c));
}

static int copy_type(MPI_Datatype t, int key, void *extra, void *in, void *out, int *flag)
{
    logged++;
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}

static int delete_type(MPI_Datatype t, int key, void *value, void *extra)
{
    logged--;
    return MPI_SUCCESS;
}

static void types(void)
{
    MPI_Datatype t, u;
    int key, other, flag, n;
    char name[MPI_MAX_OBJECT_NAME];
    void *v;
    OK(MPI_Type_create_keyval(copy_type, delete_type, &key, NULL));
    OK(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &other, NULL));
    OK(MPI_Type_contiguous(3, MPI_INT, &t));
    OK(MPI_Type_set_attr(t, key, &t));
    FAILS(MPI_ERR_KEYVAL, MPI_Type_set_attr(t, other, &t)); /* it is for communicators */
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_set_attr(MPI_COMM_SELF, key, &t));
    OK(MPI_Type_set_name(t, "three"));
    OK(MPI_Type_dup(t, &u));
    CHECK(logged == 1);
    OK(MPI_Type_get_attr(u, key, &v, &flag));
    CHECK(flag && v == (void *)&t);
    OK(MPI_Type_get_name(t, name, &n));
    CHECK(n == 5 && strcmp(name, "three") == 0);
    OK(MPI_Type_get_name(u, name, &n));
    CHECK(n == 0);
    OK(MPI_Type_delete_attr(u, key));
    CHECK(logged == 0);
    OK(MPI_Type_free(&u));
    CHECK(logged == 0);
    OK(MPI_Type_free_keyval(&key));
    OK(MPI_Type_free(&t));
    CHECK(logged == -1 && t == MPI_DATATYPE_NULL);
    OK(MPI_Comm_free_keyval(&other));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    comms();
    nested();
    predefined();
    old_names();
    types();
    return end();
}
