/* SPDX-License-Identifier: BSD-3-Clause
 *
 * env: versions, time, names, memory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/bindings/impl.h"
#include "lib/core/export.h"
#include "lib/object/info.h"
#include "lib/init/version.h"
#include "lib/core/state.h"

EXPORT double PMPI_Wtime(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

EXPORT double PMPI_Wtick(void)
{
    struct timespec t;
    clock_getres(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

EXPORT int PMPI_Pcontrol(const int level, ...)
{
    return MPI_SUCCESS;
}

EXPORT MPI_Aint PMPI_Aint_add(MPI_Aint base, MPI_Aint disp)
{
    return base + disp;
}

EXPORT MPI_Aint PMPI_Aint_diff(MPI_Aint addr1, MPI_Aint addr2)
{
    return addr1 - addr2;
}

WEAK_ALIAS(double, MPI_Wtime, PMPI_Wtime, (void))
WEAK_ALIAS(double, MPI_Wtick, PMPI_Wtick, (void))
WEAK_ALIAS(int, MPI_Pcontrol, PMPI_Pcontrol, (const int level, ...))
WEAK_ALIAS(MPI_Aint, MPI_Aint_add, PMPI_Aint_add, (MPI_Aint base, MPI_Aint disp))
WEAK_ALIAS(MPI_Aint, MPI_Aint_diff, PMPI_Aint_diff, (MPI_Aint addr1, MPI_Aint addr2))

int mpi_get_address(const void *location, MPI_Aint *address)
{
    *address = (MPI_Aint)location;
    return MPI_SUCCESS;
}

int mpi_get_version(int *version, int *subversion)
{
    *version = MPI_VERSION;
    *subversion = MPI_SUBVERSION;
    return MPI_SUCCESS;
}

int mpi_get_library_version(char *version, int *resultlen)
{
    *resultlen = (int)strlen(strcpy(version, MUSTER_VERSION_TEXT));
    return MPI_SUCCESS;
}

int mpi_get_processor_name(char *name, int *resultlen)
{
    if (gethostname(name, MPI_MAX_PROCESSOR_NAME) != 0)
        return MPI_ERR_OTHER;
    name[MPI_MAX_PROCESSOR_NAME - 1] = 0;
    *resultlen = (int)strlen(name);
    return MPI_SUCCESS;
}

/* Handles as integers. Only the value counts: these never fail, and are called with null handles too. */
#define INTS(Name, ctype)                                                                                              \
    EXPORT int PMPI_##Name##_toint(ctype h)                                                                            \
    {                                                                                                                  \
        lib_lock();                                                                                                    \
        int i = obj_toint((uintptr_t)h);                                                                               \
        lib_unlock();                                                                                                  \
        return i;                                                                                                      \
    }                                                                                                                  \
    EXPORT ctype PMPI_##Name##_fromint(int i)                                                                          \
    {                                                                                                                  \
        lib_lock();                                                                                                    \
        uintptr_t h = obj_fromint(i);                                                                                  \
        lib_unlock();                                                                                                  \
        return (ctype)h;                                                                                               \
    }                                                                                                                  \
    WEAK_ALIAS(int, MPI_##Name##_toint, PMPI_##Name##_toint, (ctype h))                                                \
    WEAK_ALIAS(ctype, MPI_##Name##_fromint, PMPI_##Name##_fromint, (int i))
INTS(Comm, MPI_Comm)
INTS(Errhandler, MPI_Errhandler)
INTS(File, MPI_File)
INTS(Group, MPI_Group)
INTS(Info, MPI_Info)
INTS(Message, MPI_Message)
INTS(Op, MPI_Op)
INTS(Request, MPI_Request)
INTS(Session, MPI_Session)
INTS(Type, MPI_Datatype)
INTS(Win, MPI_Win)
