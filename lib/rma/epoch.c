/* SPDX-License-Identifier: BSD-3-Clause
 *
 * epoch: what is said of misuse, and of those who are gone. */
#include "lib/rma/epoch.h"
#include "lib/core/error.h"
#include "lib/process/failed.h"

int epoch_wrong(const char *why)
{
    error_detail_set(MPI_ERR_RMA_SYNC, "%s", why);
    return MPI_ERR_RMA_SYNC;
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
