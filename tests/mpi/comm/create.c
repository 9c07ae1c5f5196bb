/* SPDX-License-Identifier: BSD-3-Clause
 *
 * New communicators and groups: members, order, isolation of messages, attributes, names, info, error handlers. */
#include "../check.h"

#define W MPI_COMM_WORLD
static int copies, deletes;

static int copy(MPI_Comm c, int keyval, void *extra, void *in, void *out, int *flag)
{
    copies++;
    *(void **)out = (char *)in + 1;
    *flag = 1;
    return MPI_SUCCESS;
}

static int del(MPI_Comm c, int keyval, void *value, void *extra)
{
    deletes++;
    return MPI_SUCCESS;
}

static int sum_over(MPI_Comm c)
{
    int one = 1, sum = 0;
    OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, c));
    return sum;
}

static void splits(void)
{
    MPI_Comm c, d;
    MPI_Request r;
    int n, me, result;
    OK(MPI_Comm_split(W, rank % 2, -rank, &c));
    OK(MPI_Comm_size(c, &n));
    OK(MPI_Comm_rank(c, &me));
    CHECK(n == (size + 1 - rank % 2) / 2 && me == n - 1 - rank / 2);
    CHECK(sum_over(c) == n);
    OK(MPI_Comm_dup(c, &d));
    OK(MPI_Comm_compare(c, d, &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_compare(c, W, &result));
    CHECK(result == (size == 1 ? MPI_CONGRUENT : MPI_UNEQUAL));
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_idup(d, &c, &r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(sum_over(c) == n);
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_free(&d));
    CHECK(d == MPI_COMM_NULL);
    OK(MPI_Comm_split(W, rank == 0 ? MPI_UNDEFINED : 3, 0, &c));
    CHECK((c == MPI_COMM_NULL) == (rank == 0));
    if (c != MPI_COMM_NULL)
        OK(MPI_Comm_free(&c));
    OK(MPI_Comm_split_type(W, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &c));
    CHECK(sum_over(c) == node_ranks());
    OK(MPI_Comm_free(&c));
}

static void groups(void)
{
    MPI_Group w, g, h, u;
    MPI_Comm c;
    int n, me, ranges[1][3] = {{size - 1, 0, -1}}, out[2];
    OK(MPI_Comm_group(W, &w));
    OK(MPI_Group_range_incl(w, 1, ranges, &g));
    OK(MPI_Group_rank(g, &me));
    CHECK(me == size - 1 - rank);
    OK(MPI_Group_compare(w, g, &n));
    CHECK(n == (size == 1 ? MPI_IDENT : MPI_SIMILAR));
    OK(MPI_Group_excl(w, 1, (int[]){0}, &h));
    OK(MPI_Group_size(h, &n));
    CHECK(n == size - 1);
    OK(MPI_Group_union(h, w, &u));
    OK(MPI_Group_translate_ranks(w, 2, (int[]){0, MPI_PROC_NULL}, u, out));
    CHECK(out[0] == size - 1 && out[1] == MPI_PROC_NULL);
    FAILS(MPI_ERR_RANK, MPI_Group_incl(w, 1, (int[]){size}, &u));
    OK(MPI_Comm_create(W, g, &c));
    OK(MPI_Comm_rank(c, &me));
    CHECK(me == size - 1 - rank && sum_over(c) == size);
    OK(MPI_Comm_free(&c));
    if (rank > 0) {
        OK(MPI_Comm_create_group(W, h, 17, &c));
        CHECK(sum_over(c) == size - 1);
        OK(MPI_Comm_free(&c));
    }
    OK(MPI_Comm_create(W, h, &c));
    CHECK((c == MPI_COMM_NULL) == (rank == 0));
    if (c != MPI_COMM_NULL)
        OK(MPI_Comm_free(&c));
    OK(MPI_Group_free(&w));
    OK(MPI_Group_free(&g));
    OK(MPI_Group_free(&h));
    OK(MPI_Group_free(&u));
}

static void attributes(void)
{
    MPI_Comm c, d;
    int key, flag, *ub, n;
    char *v, text[MPI_MAX_OBJECT_NAME], here;
    OK(MPI_Comm_get_attr(W, MPI_TAG_UB, &ub, &flag));
    CHECK(flag && *ub >= 32767);
    OK(MPI_Comm_create_keyval(copy, del, &key, NULL));
    OK(MPI_Comm_dup(W, &c));
    OK(MPI_Comm_set_attr(c, key, &here));
    OK(MPI_Comm_dup(c, &d));
    OK(MPI_Comm_get_attr(d, key, &v, &flag));
    CHECK(flag && v == &here + 1 && copies == 1);
    OK(MPI_Comm_delete_attr(d, key));
    OK(MPI_Comm_get_attr(d, key, &v, &flag));
    CHECK(!flag && deletes == 1);
    OK(MPI_Comm_free_keyval(&key));
    OK(MPI_Comm_free(&c));
    CHECK(deletes == 2 && key == MPI_KEYVAL_INVALID);
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_set_attr(d, key, NULL));
    OK(MPI_Comm_set_name(d, "a name"));
    OK(MPI_Comm_get_name(d, text, &n));
    CHECK(n == 6 && strcmp(text, "a name") == 0);
    OK(MPI_Comm_get_name(W, text, &n));
    CHECK(strcmp(text, "MPI_COMM_WORLD") == 0);
    OK(MPI_Comm_free(&d));
    FAILS(MPI_ERR_COMM, MPI_Comm_free(&(MPI_Comm){MPI_COMM_WORLD}));
}

static int handled;
static void handler(MPI_Comm *c, int *code, ...)
{
    handled = *code;
}

static void errors(void)
{
    MPI_Errhandler e, got;
    MPI_Comm c;
    int class, code, n;
    char text[MPI_MAX_ERROR_STRING];
    OK(MPI_Comm_create_errhandler(handler, &e));
    OK(MPI_Comm_dup(W, &c));
    OK(MPI_Comm_set_errhandler(c, e));
    OK(MPI_Errhandler_free(&e));
    FAILS(MPI_ERR_RANK, MPI_Send(NULL, 0, MPI_INT, size + 3, 0, c));
    CHECK(handled == MPI_ERR_RANK);
    OK(MPI_Comm_get_errhandler(c, &got));
    OK(MPI_Errhandler_free(&got));
    OK(MPI_Add_error_class(&class));
    OK(MPI_Add_error_code(class, &code));
    OK(MPI_Add_error_string(code, "all is lost"));
    OK(MPI_Comm_call_errhandler(c, code));
    CHECK(handled == code);
    OK(MPI_Error_string(code, text, &n));
    CHECK(strcmp(text, "all is lost") == 0);
    OK(MPI_Error_class(code, &n));
    CHECK(n == class);
    OK(MPI_Remove_error_string(code));
    OK(MPI_Remove_error_code(code));
    OK(MPI_Remove_error_class(class));
    OK(MPI_Comm_free(&c));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    splits();
    groups();
    attributes();
    errors();
    return end();
}
