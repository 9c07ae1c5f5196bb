/* SPDX-License-Identifier: BSD-3-Clause
 *
 * epoch: what is said of misuse, and of those who are gone. */
#include "lib/rma/epoch.h"
#include "lib/core/error.h"
#include "lib/process/failed.h"
#include "lib/request/request.h"

int epoch_wrong(const char *why)
{
    error_detail_set(MPI_ERR_RMA_SYNC, "%s", why);
    return MPI_ERR_RMA_SYNC;
}

int epoch_passive(const struct win *w)
{
    if (w->access != ACCESS_LOCK && w->access != ACCESS_LOCK_ALL)
        return epoch_wrong("operations with requests need a lock");
    return MPI_SUCCESS;
}

int epoch_requested(int rc, struct request *r, MPI_Request *request)
{
    if (rc == MPI_SUCCESS)
        *request = request_handle(r ? r : request_sent);
    return rc;
}

int epoch_alive(const struct win *w, int proc)
{
    for (uint32_t i = 0; i < failed_count(); i++) {
        int dead = failed_proc(i);
        if (proc < 0 ? group_rank_of(w->comm->group, dead) != MPI_UNDEFINED : dead == proc)
            return failed_error(dead);
    }
    return MPI_SUCCESS;
}
