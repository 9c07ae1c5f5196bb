/* SPDX-License-Identifier: BSD-3-Clause
 *
 * removed: ten functions that MPI 3.0 took away, for programs that were built when there were some. MPICH's library of
 * this ABI has them, too: exported, with no PMPI_ names, and in no header. Each is what replaced it. */
#include <stddef.h>
#include <mpi.h>
#include "lib/core/export.h"

#define REMOVED(name, with, params, args)                                                                              \
    EXPORT int name params;                                                                                            \
    EXPORT int name params                                                                                             \
    {                                                                                                                  \
        return with args;                                                                                              \
    }

REMOVED(MPI_Address, PMPI_Get_address, (void *location, MPI_Aint *address), (location, address))
REMOVED(MPI_Errhandler_create, PMPI_Comm_create_errhandler, (MPI_Comm_errhandler_function * f, MPI_Errhandler *e),
        (f, e))
REMOVED(MPI_Errhandler_get, PMPI_Comm_get_errhandler, (MPI_Comm comm, MPI_Errhandler *e), (comm, e))
REMOVED(MPI_Errhandler_set, PMPI_Comm_set_errhandler, (MPI_Comm comm, MPI_Errhandler e), (comm, e))
REMOVED(MPI_Type_hindexed, PMPI_Type_create_hindexed,
        (int count, int *lengths, MPI_Aint *at, MPI_Datatype old, MPI_Datatype *made), (count, lengths, at, old, made))
REMOVED(MPI_Type_hvector, PMPI_Type_create_hvector,
        (int count, int length, MPI_Aint stride, MPI_Datatype old, MPI_Datatype *made),
        (count, length, stride, old, made))
REMOVED(MPI_Type_struct, PMPI_Type_create_struct,
        (int count, int *lengths, MPI_Aint *at, MPI_Datatype *old, MPI_Datatype *made), (count, lengths, at, old, made))

/* The three sides of what is asked as one now. */
static int extent_get(MPI_Datatype type, MPI_Aint *out, MPI_Aint *lb, MPI_Aint *extent)
{
    if (!out)
        return PMPI_Type_get_extent(type, lb, NULL); /* to tell that it is wrong */
    return PMPI_Type_get_extent(type, lb, extent);
}

EXPORT int MPI_Type_extent(MPI_Datatype type, MPI_Aint *extent);
EXPORT int MPI_Type_extent(MPI_Datatype type, MPI_Aint *extent)
{
    MPI_Aint lb;
    return extent_get(type, extent, &lb, extent);
}

EXPORT int MPI_Type_lb(MPI_Datatype type, MPI_Aint *lb);
EXPORT int MPI_Type_lb(MPI_Datatype type, MPI_Aint *lb)
{
    MPI_Aint extent;
    return extent_get(type, lb, lb, &extent);
}

EXPORT int MPI_Type_ub(MPI_Datatype type, MPI_Aint *ub);
EXPORT int MPI_Type_ub(MPI_Datatype type, MPI_Aint *ub)
{
    MPI_Aint lb = 0, extent = 0;
    int rc = extent_get(type, ub, &lb, &extent);
    if (rc == MPI_SUCCESS)
        *ub = lb + extent;
    return rc;
}
