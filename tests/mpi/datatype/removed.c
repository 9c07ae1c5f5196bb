/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ten functions that MPI 3.0 took away are there for programs that were built with them. No header has them. */
#include "../check.h"

int MPI_Address(void *, MPI_Aint *);
int MPI_Errhandler_create(MPI_Comm_errhandler_function *, MPI_Errhandler *);
int MPI_Errhandler_get(MPI_Comm, MPI_Errhandler *);
int MPI_Errhandler_set(MPI_Comm, MPI_Errhandler);
int MPI_Type_extent(MPI_Datatype, MPI_Aint *);
int MPI_Type_hindexed(int, int *, MPI_Aint *, MPI_Datatype, MPI_Datatype *);
int MPI_Type_hvector(int, int, MPI_Aint, MPI_Datatype, MPI_Datatype *);
int MPI_Type_lb(MPI_Datatype, MPI_Aint *);
int MPI_Type_struct(int, int *, MPI_Aint *, MPI_Datatype *, MPI_Datatype *);
int MPI_Type_ub(MPI_Datatype, MPI_Aint *);

static int calls;
static void handler(MPI_Comm *c, int *code, ...)
{
    calls++;
}

static void bounds(MPI_Datatype t, MPI_Aint lb, MPI_Aint ub)
{
    MPI_Aint is[3] = {-99, -99, -99};
    OK(MPI_Type_lb(t, &is[0]));
    OK(MPI_Type_ub(t, &is[1]));
    OK(MPI_Type_extent(t, &is[2]));
    CHECK(is[0] == lb && is[1] == ub && is[2] == ub - lb);
    OK(MPI_Type_free(&t));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    struct pair {
        char c;
        double d;
    } pair;
    MPI_Aint at[2], start;
    int lengths[2] = {1, 1};
    MPI_Datatype types[2] = {MPI_CHAR, MPI_DOUBLE}, t;
    OK(MPI_Address(&pair, &start));
    OK(MPI_Address(&pair.c, &at[0]));
    OK(MPI_Address(&pair.d, &at[1]));
    CHECK((void *)start == &pair && at[1] - at[0] == 8);
    at[0] -= start;
    at[1] -= start;
    OK(MPI_Type_struct(2, lengths, at, types, &t));
    bounds(t, 0, 16);
    OK(MPI_Type_hvector(3, 2, 100, MPI_INT, &t));
    bounds(t, 0, 208);
    at[0] = 40, at[1] = 8;
    OK(MPI_Type_hindexed(2, lengths, at, MPI_INT, &t));
    bounds(t, 8, 44);
    FAILS(MPI_ERR_TYPE, MPI_Type_extent(MPI_DATATYPE_NULL, &start));
    FAILS(MPI_ERR_ARG, MPI_Type_ub(MPI_INT, NULL));

    MPI_Errhandler mine, got;
    OK(MPI_Errhandler_create(handler, &mine));
    OK(MPI_Errhandler_set(MPI_COMM_WORLD, mine));
    OK(MPI_Errhandler_get(MPI_COMM_WORLD, &got));
    CHECK(got == mine);
    FAILS(MPI_ERR_RANK, MPI_Send(NULL, 0, MPI_INT, -7, 0, MPI_COMM_WORLD));
    CHECK(calls == 1);
    OK(MPI_Errhandler_set(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Errhandler_free(&mine));
    OK(MPI_Errhandler_free(&got));
    return end();
}
