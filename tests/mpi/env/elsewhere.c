/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Errors of calls that have no communicator go to the handler of MPI_COMM_SELF, and where the program has set none
 * there, to that of MPI_COMM_WORLD. */
#include "../check.h"

static int calls;
static MPI_Comm called_on;
static void handler(MPI_Comm *c, int *code, ...)
{
    calls++;
    called_on = *c;
}

static void several(int expected, MPI_Comm on)
{
    int n;
    MPI_Group g;
    MPI_Comm c;
    calls = 0;
    FAILS(MPI_ERR_TYPE, MPI_Type_size(MPI_DATATYPE_NULL, &n));
    FAILS(MPI_ERR_GROUP, MPI_Group_size(MPI_GROUP_NULL, &n));
    FAILS(MPI_ERR_COMM, MPI_Comm_size(MPI_COMM_NULL, &n));
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &c));
    MPI_Comm gone = c;
    OK(MPI_Comm_free(&c));
    FAILS(MPI_ERR_COMM, MPI_Comm_group(gone, &g));
    FAILS(MPI_ERR_OP, MPI_Reduce_local(&n, &calls, 1, MPI_INT, MPI_OP_NULL));
    CHECK(calls == expected && (expected == 0 || called_on == on));
}

int main(int argc, char **argv)
{
    MPI_Errhandler mine;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    several(0, MPI_COMM_NULL);
    OK(MPI_Comm_create_errhandler(handler, &mine));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, mine));
    several(5, MPI_COMM_WORLD);
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    several(0, MPI_COMM_NULL);
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, mine));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL));
    several(5, MPI_COMM_SELF);
    OK(MPI_Errhandler_free(&mine));
    OK(MPI_Finalize());
    return 0;
}
