/* SPDX-License-Identifier: BSD-3-Clause
 *
 * disconnect: the end of communicators, at once or when nothing is pending. */
#include "lib/bindings/impl.h"
#include "lib/comm/ties.h"
#include "lib/p2p/p2p.h"

int mpi_comm_free(MPI_Comm *comm)
{
    struct comm *c = comm_of(*comm);
    if (c->obj.predefined)
        return MPI_ERR_COMM;
    int rc = comm_release(c);
    if (rc == MPI_SUCCESS)
        *comm = MPI_COMM_NULL;
    return rc;
}

static struct request *pending(const struct comm *c)
{
    struct request *r = NULL;
    while ((r = obj_next(OBJ_REQUEST, r)) != NULL)
        if (r->comm == c && r->active && !r->complete)
            break;
    return r;
}

int mpi_comm_disconnect(MPI_Comm *comm)
{
    struct comm *c = comm_of(*comm);
    struct waiter w = {.comm = c};
    const struct request *r;
    if (c->obj.predefined)
        return MPI_ERR_COMM;
    while ((r = pending(c)) != NULL)
        progress_wait(&w, r);
    if (c->group->foreign || c->peers->foreign)
        ties_leave(c);
    return mpi_comm_free(comm);
}
