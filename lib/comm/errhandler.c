/* SPDX-License-Identifier: BSD-3-Clause
 *
 * errhandler: error handlers of communicators. */
#include "lib/object/errhandler.h"
#include "lib/bindings/impl.h"
#include "lib/object/comm.h"

int mpi_comm_set_errhandler(struct comm *comm, struct errhandler *errhandler)
{
    int rc = errhandler_set(&comm->errhandler, OBJ_COMM, errhandler);
    comm->handled |= rc == MPI_SUCCESS;
    return rc;
}

int mpi_comm_get_errhandler(struct comm *comm, MPI_Errhandler *errhandler)
{
    *errhandler = errhandler_share(comm->errhandler);
    return MPI_SUCCESS;
}

int mpi_comm_call_errhandler(struct comm *comm, int errorcode)
{
    errhandler_run(&comm->obj, errorcode, "MPI_Comm_call_errhandler");
    return MPI_SUCCESS;
}
