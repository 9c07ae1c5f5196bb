/* SPDX-License-Identifier: BSD-3-Clause
 *
 * finalized: the stages of the node's ranks on their way out. */
#include "lib/process/finalized.h"
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/process/failed.h"

uint32_t finalized_seen;
static uint8_t *stages; /* by local rank; NULL: all are active */

void finalized_tell(enum rank_state s)
{
    atomic_store_explicit(&lib.status->state, s, memory_order_release);
    if (boot.segment)
        atomic_fetch_add_explicit(&boot.segment->left, 1, memory_order_release);
}

static bool look_at(int local, void (*changed)(int proc, enum stage now))
{
    enum rank_state s = process_state(local);
    enum stage now = s == RANK_FINALIZED ? FINALIZED : s == RANK_LEAVING ? FINALIZING : ACTIVE;
    if (now <= stages[local] || local == boot.local_rank)
        return false;
    changed((int)node_segment_locals(boot.segment)[local], now);
    stages[local] = (uint8_t)now;
    finalized_seen++;
    return true;
}

bool finalized_scan(void (*changed)(int proc, enum stage now))
{
    static uint32_t seen;
    uint32_t now = boot.segment ? atomic_load_explicit(&boot.segment->left, memory_order_acquire) : 0;
    if (now == seen || (!stages && !(stages = calloc((size_t)boot.local_size, 1))))
        return false;
    bool news = false;
    seen = now;
    for (int i = 0; i < boot.local_size; i++)
        news |= look_at(i, changed);
    return news;
}

enum stage finalized_stage(int local)
{
    return local >= 0 && stages ? (enum stage)stages[local] : ACTIVE;
}

int finalized_error(int local, const char *what)
{
    error_note(MPI_ERR_PROC_ABORTED, "rank %u of MPI_COMM_WORLD has finalized, so %s can never complete",
               node_segment_locals(boot.segment)[local], what);
    return MPI_ERR_PROC_ABORTED;
}

void finalized_fini(void)
{
    free(stages);
    stages = NULL;
    finalized_seen = 0;
}
