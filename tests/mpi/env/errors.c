/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Classes, codes and strings; handlers: which one is called, with what, how often, and who inherits it. */
#include "../check.h"
#include <stdarg.h>

static void predefined(void)
{
    char text[MPI_MAX_ERROR_STRING];
    int class, n;
    for (int c = MPI_SUCCESS; c <= MPI_ERR_ABI; c++) {
        OK(MPI_Error_class(c, &class));
        CHECK(class == c);
        OK(MPI_Error_string(c, text, &n));
        CHECK(n == (int)strlen(text) && strncmp(text, c ? "MPI_ERR_" : "MPI_SUCCESS", c ? 8 : 11) == 0);
        CHECK(strncmp(text, "MPI_ERR_UNKNOWN", 15) != 0 || c == MPI_ERR_UNKNOWN);
    }
    for (int c = MPI_T_ERR_CANNOT_INIT; c <= MPI_T_ERR_PVAR_NO_ATOMIC; c++) {
        OK(MPI_Error_class(c, &class));
        OK(MPI_Error_string(c, text, &n));
        CHECK(class == c && strncmp(text, "MPI_T_ERR_", 10) == 0);
    }
    FAILS(MPI_ERR_ARG, MPI_Error_class(-1, &class));
    FAILS(MPI_ERR_ARG, MPI_Error_string(MPI_ERR_LASTCODE - 1, text, &n));
    FAILS(MPI_ERR_ARG, MPI_Add_error_code(-1, &n));
    FAILS(MPI_ERR_ARG, MPI_Add_error_string(MPI_ERR_TAG, "not mine"));
    FAILS(MPI_ERR_ARG, MPI_Remove_error_class(MPI_ERR_TAG));
}

static int last_used(void)
{
    int *last, flag;
    OK(MPI_Comm_get_attr(world, MPI_LASTUSEDCODE, &last, &flag));
    CHECK(flag);
    return *last;
}

static void users(void)
{
    enum { N = 40 };
    int class, code[N], n, before = last_used();
    char text[MPI_MAX_ERROR_STRING], want[40];
    CHECK(before >= MPI_ERR_LASTCODE);
    OK(MPI_Add_error_class(&class));
    CHECK(class > MPI_ERR_LASTCODE && last_used() >= class);
    for (int i = 0; i < N; i++) {
        OK(MPI_Add_error_code(i % 2 ? class : MPI_ERR_IO, &code[i]));
        sprintf(want, "failure %d", i);
        OK(MPI_Add_error_string(code[i], want));
        CHECK(last_used() >= code[i]);
    }
    for (int i = 0; i < N; i++) {
        OK(MPI_Error_class(code[i], &n));
        CHECK(n == (i % 2 ? class : MPI_ERR_IO));
        sprintf(want, "failure %d", i);
        OK(MPI_Error_string(code[i], text, &n));
        CHECK(strcmp(text, want) == 0 && n == (int)strlen(want));
        OK(MPI_Add_error_string(code[i], "another text"));
        OK(MPI_Error_string(code[i], text, &n));
        CHECK(strcmp(text, "another text") == 0);
        OK(MPI_Remove_error_string(code[i]));
        OK(MPI_Remove_error_code(code[i]));
        FAILS(MPI_ERR_ARG, MPI_Error_class(code[i], &n));
    }
    OK(MPI_Remove_error_class(class));
}

static int calls, last_code;
static MPI_Comm last_comm;
static void note(MPI_Comm *c, int *code, ...)
{
    calls++;
    last_comm = *c;
    last_code = *code;
}

/* A handler may itself use MPI, and change the handler that it is. */
static void replace(MPI_Comm *c, int *code, ...)
{
    int n;
    calls++;
    OK(MPI_Comm_size(*c, &n));
    OK(MPI_Comm_set_errhandler(*c, MPI_ERRORS_RETURN));
}

static void handlers(void)
{
    MPI_Comm c, d, e;
    MPI_Errhandler h, got;
    int n, class;
    OK(MPI_Comm_create_errhandler(note, &h));
    OK(MPI_Comm_dup(world, &c));
    OK(MPI_Comm_get_errhandler(c, &got));
    CHECK(got == MPI_ERRORS_RETURN); /* inherited */
    OK(MPI_Errhandler_free(&got));
    CHECK(got == MPI_ERRHANDLER_NULL);
    OK(MPI_Comm_set_errhandler(c, h));
    OK(MPI_Comm_get_errhandler(c, &got));
    CHECK(got == h);
    OK(MPI_Errhandler_free(&got));
    OK(MPI_Errhandler_free(&h));
    OK(MPI_Comm_split(c, 0, rank, &d));
    OK(MPI_Comm_dup(d, &e));
    calls = 0;
    FAILS(MPI_ERR_COUNT, MPI_Send(NULL, -1, MPI_INT, 0, 0, e));
    CHECK(calls == 1 && last_comm == e && last_code == MPI_ERR_COUNT);
    FAILS(MPI_ERR_ROOT, MPI_Bcast(NULL, 0, MPI_INT, size, d));
    CHECK(calls == 2 && last_comm == d && last_code == MPI_ERR_ROOT);
    OK(MPI_Add_error_class(&class));
    OK(MPI_Comm_call_errhandler(c, class));
    CHECK(calls == 3 && last_comm == c && last_code == class);
    OK(MPI_Remove_error_class(class));
    /* What has no communicator goes to MPI_COMM_SELF. */
    OK(MPI_Comm_get_errhandler(d, &got));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, got));
    OK(MPI_Errhandler_free(&got));
    FAILS(MPI_ERR_TYPE, MPI_Type_size(MPI_DATATYPE_NULL, &n));
    CHECK(calls == 4 && last_comm == MPI_COMM_SELF);
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    OK(MPI_Comm_create_errhandler(replace, &h));
    OK(MPI_Comm_set_errhandler(c, h));
    OK(MPI_Errhandler_free(&h));
    FAILS(MPI_ERR_TAG, MPI_Send(NULL, 0, MPI_INT, 0, -7, c));
    FAILS(MPI_ERR_TAG, MPI_Send(NULL, 0, MPI_INT, 0, -7, c));
    CHECK(calls == 5);
    /* A handler for windows does not fit a communicator. */
    OK(MPI_Win_create_errhandler((MPI_Win_errhandler_function *)note, &h));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Comm_set_errhandler(c, h));
    OK(MPI_Errhandler_free(&h));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Comm_set_errhandler(c, MPI_ERRHANDLER_NULL));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Errhandler_free(&h));
    FAILS(MPI_ERR_ARG, MPI_Comm_create_errhandler(NULL, &h));
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_free(&d));
    OK(MPI_Comm_free(&e));
}

/* An error of a message is the receiver's, through the handler of its communicator, once. */
static void late(void)
{
    int x[4] = {1, 2, 3, 4}, y[4] = {0};
    MPI_Errhandler h;
    MPI_Comm c;
    MPI_Request r;
    OK(MPI_Comm_dup(world, &c));
    OK(MPI_Comm_create_errhandler(note, &h));
    OK(MPI_Comm_set_errhandler(c, h));
    OK(MPI_Errhandler_free(&h));
    OK(MPI_Irecv(y, 2, MPI_INT, rank, 5, c, &r));
    OK(MPI_Send(x, 4, MPI_INT, rank, 5, c));
    calls = 0;
    FAILS(MPI_ERR_TRUNCATE, MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(calls == 1 && last_comm == c && last_code == MPI_ERR_TRUNCATE && r == MPI_REQUEST_NULL);
    CHECK(y[1] == 2 && y[2] == 0);
    OK(MPI_Comm_free(&c));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    predefined();
    users();
    handlers();
    late();
    return end();
}
