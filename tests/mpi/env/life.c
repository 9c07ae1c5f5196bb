/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What may be called before MPI_Init and after MPI_Finalize works there; initializing twice is an error; what was freed
 * at the end was freed in the right order; MPI is still there while the attributes of MPI_COMM_SELF go. */
#include "../check.h"

/* At any time; `when` is 0 before, 1 in between, 2 after. */
static void always(int when)
{
    int flag, n, m, class;
    char text[MPI_MAX_LIBRARY_VERSION_STRING], message[MPI_MAX_ERROR_STRING], value[20];
    MPI_Info info, copy;
    OK(MPI_Initialized(&flag));
    CHECK(flag == (when > 0));
    OK(MPI_Finalized(&flag));
    CHECK(flag == (when == 2));
    OK(MPI_Get_version(&n, &m));
    CHECK(n == MPI_VERSION && m == MPI_SUBVERSION && n == 5 && m == 0);
    OK(MPI_Abi_get_version(&n, &m));
    CHECK(n == MPI_ABI_VERSION && m == MPI_ABI_SUBVERSION && n == 1 && m == 0);
    OK(MPI_Get_library_version(text, &n));
    CHECK(n == (int)strlen(text) && n > 0);
    OK(MPI_Error_string(MPI_ERR_TYPE, message, &n));
    CHECK(strstr(message, "MPI_ERR_TYPE") && n == (int)strlen(message));
    OK(MPI_Add_error_class(&class));
    OK(MPI_Add_error_code(class, &n));
    OK(MPI_Add_error_string(n, "mine"));
    OK(MPI_Error_class(n, &m));
    CHECK(m == class);
    OK(MPI_Remove_error_string(n));
    OK(MPI_Remove_error_code(n));
    OK(MPI_Remove_error_class(class));
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "colour", "blue"));
    OK(MPI_Info_dup(info, &copy));
    OK(MPI_Info_get(copy, "colour", 19, value, &flag));
    CHECK(flag && strcmp(value, "blue") == 0);
    OK(MPI_Info_free(&info));
    OK(MPI_Info_free(&copy));
    CHECK(info == MPI_INFO_NULL);
    CHECK(MPI_Comm_fromint(MPI_Comm_toint(MPI_COMM_WORLD)) == MPI_COMM_WORLD);
}

static int deleted;
static int del(MPI_Comm c, int key, void *value, void *extra)
{
    int flag = 1, n = 0;
    CHECK(deleted == (int)(MPI_Aint)value); /* the last one set goes first */
    deleted++;
    OK(MPI_Finalized(&flag));
    CHECK(!flag && c == MPI_COMM_SELF);
    OK(MPI_Comm_size(c, &n));
    CHECK(n == 1);
    return MPI_SUCCESS;
}

int main(int argc, char **argv)
{
    int flag, provided, keys[3];
    always(0);
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided));
    CHECK(provided >= MPI_THREAD_SERIALIZED && provided <= MPI_THREAD_MULTIPLE);
    OK(MPI_Query_thread(&flag));
    CHECK(flag == provided);
    OK(MPI_Is_thread_main(&flag));
    CHECK(flag);
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    FAILS(MPI_ERR_OTHER, MPI_Init(NULL, NULL));
    FAILS(MPI_ERR_OTHER, MPI_Init_thread(NULL, NULL, MPI_THREAD_SINGLE, &provided));
    always(1);
    for (int i = 0; i < 3; i++) {
        OK(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, del, &keys[i], NULL));
        OK(MPI_Comm_set_attr(MPI_COMM_SELF, keys[i], (void *)(MPI_Aint)(2 - i)));
        OK(MPI_Comm_free_keyval(&keys[i]));
    }
    /* A message that nobody waits for has been received when its receiver goes on: nothing keeps the sender. */
    static int big[100000];
    MPI_Request r;
    int to = (rank + 1) % size;
    OK(MPI_Isend(big, 100000, MPI_INT, to, 1, MPI_COMM_WORLD, &r));
    OK(MPI_Request_free(&r));
    OK(MPI_Recv(big, 100000, MPI_INT, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Finalize());
    CHECK(deleted == 3);
    always(2);
    return 0;
}
