/* SPDX-License-Identifier: BSD-3-Clause
 *
 * forget: all that is kept by the indices of a job. */
#include "lib/p2p/forget.h"
#include "lib/p2p/finalize_sweep.h"
#include "lib/p2p/match.h"
#include "lib/process/failed.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/peer.h"

static void forget(int first, int count)
{
    unexpected_forget(first, count);
    peers_forget(first, count);
    address_forget(first, count);
    failed_forget(first, count);
    finalized_forget(first, count);
    process_job_remove(first);
}

void forget_jobs(void)
{
    const struct process_job *j;
    finalize_sweep(NULL, NULL, false); /* takes in who has said goodbye */
    for (int from = 0; (j = process_job_idle(from)) != NULL;) {
        from = j->first + j->size;
        if (peers_are_over(j->first, j->size))
            forget(j->first, j->size);
    }
}
