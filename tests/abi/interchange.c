/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program of the standard's ABI that no library is to notice: compiled with one mpi.h, it runs with the libraries of
 * others. What crosses the interface is looked at: constants, handles, statuses, callbacks, counts of both widths. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;
#define W MPI_COMM_WORLD
#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            fprintf(stderr, "interchange.c:%d: rank %d: not so: %s\n", __LINE__, rank, #x);                            \
            MPI_Abort(W, 3);                                                                                           \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)
#define OK(call) CHECK((call) == MPI_SUCCESS)

static int class_of(int code)
{
    int class = -1;
    MPI_Error_class(code, &class);
    return class;
}

static void versions(void)
{
    int major, minor;
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    OK(MPI_Abi_get_version(&major, &minor));
    CHECK(major == MPI_ABI_VERSION && minor >= MPI_ABI_SUBVERSION);
    OK(MPI_Get_version(&major, &minor));
    CHECK(major >= 4);
    OK(MPI_Get_library_version(text, &minor));
    if (rank == 0)
        printf("library: %.*s\n", (int)strcspn(text, "\n"), text);
}

static void messages(void)
{
    int to = (rank + 1) % size, from = (rank + size - 1) % size, n, flag;
    static double out[50000], in[50000];
    MPI_Request r[2];
    MPI_Status st[2], one;
    MPI_Message m;
    MPI_Count n_c;
    for (int i = 0; i < 50000; i++)
        out[i] = rank + i;
    OK(MPI_Irecv(in, 50000, MPI_DOUBLE, MPI_ANY_SOURCE, MPI_ANY_TAG, W, &r[0]));
    OK(MPI_Isend_c(out, 49999, MPI_DOUBLE, to, 7, W, &r[1]));
    OK(MPI_Waitall(2, r, st));
    CHECK(r[0] == MPI_REQUEST_NULL && st[0].MPI_SOURCE == from && st[0].MPI_TAG == 7 && in[49998] == from + 49998);
    OK(MPI_Get_count(&st[0], MPI_DOUBLE, &n));
    OK(MPI_Get_elements_c(&st[0], MPI_DOUBLE, &n_c));
    OK(MPI_Test_cancelled(&st[0], &flag));
    CHECK(n == 49999 && n_c == 49999 && !flag);
    OK(MPI_Isend(&rank, 1, MPI_INT, to, 8, W, r));
    OK(MPI_Mprobe(from, 8, W, &m, &one));
    OK(MPI_Mrecv(&n, 1, MPI_INT, &m, MPI_STATUS_IGNORE));
    OK(MPI_Wait(r, MPI_STATUS_IGNORE));
    CHECK(n == from && m == MPI_MESSAGE_NULL && one.MPI_SOURCE == from);
    OK(MPI_Recv(&n, 1, MPI_INT, MPI_PROC_NULL, 0, W, &one));
    CHECK(one.MPI_SOURCE == MPI_PROC_NULL && one.MPI_TAG == MPI_ANY_TAG);
    OK(MPI_Send_init(&rank, 1, MPI_INT, to, 9, W, &r[0]));
    OK(MPI_Recv_init(&n, 1, MPI_INT, from, 9, W, &r[1]));
    for (int i = 0; i < 3; i++) {
        OK(MPI_Startall(2, r));
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        CHECK(n == from && r[0] != MPI_REQUEST_NULL);
    }
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
}

static void add(void *in, void *inout, int *n, MPI_Datatype *t)
{
    CHECK(*t == MPI_INT);
    for (int i = 0; i < *n; i++)
        ((int *)inout)[i] += ((int *)in)[i];
}

static void add_c(void *in, void *inout, MPI_Count *n, MPI_Datatype *t)
{
    for (MPI_Count i = 0; i < *n; i++)
        ((int *)inout)[i] += ((int *)in)[i];
}

static void collectives(void)
{
    int sum = size * (size - 1) / 2, x = rank, *all = malloc((size_t)size * sizeof *all);
    struct {
        double value;
        int at;
    } low = {-rank, rank};
    MPI_Op op;
    MPI_Request r;
    OK(MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_SUM, W));
    CHECK(x == sum);
    OK(MPI_Op_create(add, 1, &op));
    OK(MPI_Allreduce(&rank, &x, 1, MPI_INT, op, W));
    CHECK(x == sum);
    OK(MPI_Op_free(&op));
    CHECK(op == MPI_OP_NULL);
    OK(MPI_Op_create_c(add_c, 0, &op));
    OK(MPI_Allreduce_c(&rank, &x, 1, MPI_INT, op, W));
    CHECK(x == sum);
    OK(MPI_Op_free(&op));
    OK(MPI_Allreduce(MPI_IN_PLACE, &low, 1, MPI_DOUBLE_INT, MPI_MINLOC, W));
    CHECK(low.at == size - 1);
    OK(MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, W));
    for (int i = 0; i < size; i++)
        CHECK(all[i] == i);
    OK(MPI_Ibcast(all, size, MPI_INT, size - 1, W, &r));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Barrier(W));
    free(all);
}

static void types(void)
{
    static const struct {
        MPI_Datatype type;
        int size;
    } basic[] = {{MPI_CHAR, 1},
                 {MPI_SHORT, 2},
                 {MPI_INT, 4},
                 {MPI_LONG, 8},
                 {MPI_FLOAT, 4},
                 {MPI_DOUBLE, 8},
                 {MPI_BYTE, 1},
                 {MPI_INT8_T, 1},
                 {MPI_UINT64_T, 8},
                 {MPI_C_BOOL, 1},
                 {MPI_AINT, 8},
                 {MPI_COUNT, 8},
                 {MPI_C_DOUBLE_COMPLEX, 16},
                 {MPI_LONG_LONG, 8},
                 {MPI_WCHAR, 4},
                 {MPI_2INT, 8}};
    int n, m[4], combiner, a[20], b[20], ints[3];
    MPI_Aint lb, extent;
    MPI_Count big;
    MPI_Datatype v, s, old[1];
    char name[MPI_MAX_OBJECT_NAME];
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++) {
        OK(MPI_Type_size(basic[i].type, &n));
        CHECK(n == basic[i].size);
    }
    OK(MPI_Type_get_name(MPI_DOUBLE, name, &n));
    CHECK(strcmp(name, "MPI_DOUBLE") == 0);
    OK(MPI_Type_vector(5, 2, 4, MPI_INT, &v));
    OK(MPI_Type_commit(&v));
    OK(MPI_Type_get_extent(v, &lb, &extent));
    CHECK(lb == 0 && extent == 18 * 4);
    OK(MPI_Type_get_envelope(v, &m[0], &m[1], &m[2], &combiner));
    CHECK(m[0] == 3 && m[1] == 0 && m[2] == 1 && combiner == MPI_COMBINER_VECTOR);
    OK(MPI_Type_get_contents(v, 3, 0, 1, ints, NULL, old));
    CHECK(ints[0] == 5 && ints[1] == 2 && ints[2] == 4 && old[0] == MPI_INT);
    for (int i = 0; i < 20; i++)
        a[i] = i, b[i] = -1;
    OK(MPI_Sendrecv(a, 1, v, rank, 1, b, 10, MPI_INT, rank, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    for (int i = 0; i < 10; i++)
        CHECK(b[i] == i / 2 * 4 + i % 2);
    OK(MPI_Type_create_struct(2, (int[]){1, 1}, (MPI_Aint[]){0, 8}, (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &s));
    OK(MPI_Type_size_c(s, &big));
    CHECK(big == 12);
    OK(MPI_Type_free(&s));
    OK(MPI_Type_free(&v));
    CHECK(v == MPI_DATATYPE_NULL);
}

static int copies, deletes, handled;
static int copy(MPI_Comm c, int key, void *extra, void *in, void *out, int *flag)
{
    copies++;
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}
static int del(MPI_Comm c, int key, void *value, void *extra)
{
    deletes++;
    return MPI_SUCCESS;
}
static void note(MPI_Comm *c, int *code, ...)
{
    handled = class_of(*code);
}

static void communicators(void)
{
    MPI_Comm c, d;
    MPI_Group g;
    MPI_Errhandler e;
    int key, flag, result, *ub;
    void *v;
    OK(MPI_Comm_get_attr(W, MPI_TAG_UB, &ub, &flag));
    CHECK(flag && *ub >= 32767);
    OK(MPI_Comm_create_keyval(copy, del, &key, NULL));
    OK(MPI_Comm_split(W, rank % 2, 0, &c));
    OK(MPI_Comm_set_attr(c, key, &result));
    OK(MPI_Comm_dup(c, &d));
    OK(MPI_Comm_get_attr(d, key, &v, &flag));
    CHECK(flag && v == (void *)&result && copies == 1);
    OK(MPI_Comm_compare(c, d, &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_create_errhandler(note, &e));
    OK(MPI_Comm_set_errhandler(d, e));
    OK(MPI_Errhandler_free(&e));
    MPI_Send(NULL, 0, MPI_INT, size + 5, 0, d); /* what it returns after a handler differs: MPICH 5.0.2 says success */
    CHECK(handled == MPI_ERR_RANK);
    OK(MPI_Comm_set_errhandler(d, MPI_ERRORS_RETURN));
    CHECK(class_of(MPI_Bcast(NULL, -1, MPI_INT, 0, d)) == MPI_ERR_COUNT);
    OK(MPI_Comm_group(d, &g));
    OK(MPI_Group_size(g, &result));
    CHECK(result == (size + 1 - rank % 2) / 2);
    OK(MPI_Group_free(&g));
    CHECK(g == MPI_GROUP_NULL);
    CHECK(MPI_Comm_fromint(MPI_Comm_toint(d)) == d && MPI_Comm_toint(W) == (int)(MPI_Aint)W);
    CHECK(MPI_Type_fromint(MPI_Type_toint(MPI_FLOAT)) == MPI_FLOAT);
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_free(&d));
    OK(MPI_Comm_free_keyval(&key));
    CHECK(deletes == 2 && key == MPI_KEYVAL_INVALID);
}

static void infos(void)
{
    MPI_Info i;
    char value[MPI_MAX_INFO_VAL];
    int flag, n = sizeof value;
    OK(MPI_Info_create(&i));
    OK(MPI_Info_set(i, "key", "value"));
    OK(MPI_Info_get_string(i, "key", &n, value, &flag));
    CHECK(flag && n == 6 && strcmp(value, "value") == 0);
    OK(MPI_Info_free(&i));
    CHECK(i == MPI_INFO_NULL);
}

int main(int argc, char **argv)
{
    int provided;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided));
    CHECK(provided >= MPI_THREAD_FUNNELED);
    OK(MPI_Comm_rank(W, &rank));
    OK(MPI_Comm_size(W, &size));
    versions();
    messages();
    collectives();
    types();
    communicators();
    infos();
    OK(MPI_Finalize());
    if (rank == 0)
        printf("all well with %d\n", size);
    return 0;
}
