/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pvar_table: the variables, and what is now. */
#include "lib/object/comm.h"
#include "lib/p2p/match.h"
#include "lib/process/failed.h"
#include "lib/request/progress.h"
#include "lib/tool/pvar.h"

static uint64_t p2p_unexpected_queue_length(const struct comm *c)
{
    return unexpected_length;
}

static uint64_t p2p_unexpected_queue_bytes(const struct comm *c)
{
    return unexpected_bytes;
}

static uint64_t p2p_posted_queue_length(const struct comm *c)
{
    return match_posted.count;
}

static uint64_t p2p_comm_unexpected_queue_length(const struct comm *c)
{
    return unexpected_length_of(c->ctx);
}

static uint64_t p2p_comm_posted_queue_length(const struct comm *c)
{
    return match_posted_of(c->ctx);
}

static uint64_t p2p_blocked_peers(const struct comm *c)
{
    return progress_unsent;
}

static uint64_t process_failed_count(const struct comm *c)
{
    return failed_count();
}

const struct pvar pvar_table[] = {
#define TOTAL(name, class, costs, says) {#name, says, PVAR_TOTAL, MPI_T_PVAR_CLASS_##class, costs, &tally.name, NULL},
#define TIME(name, costs, says) {#name, says, PVAR_TIME, MPI_T_PVAR_CLASS_TIMER, costs, &tally.name, NULL},
#define LEVEL(name, says) {#name, says, PVAR_LEVEL, MPI_T_PVAR_CLASS_LEVEL, 0, NULL, name},
#define BOUND(name, says) {#name, says, PVAR_BOUND, MPI_T_PVAR_CLASS_LEVEL, 0, NULL, name},
#define MARK(name, says)                                                                                               \
    {#name, says, PVAR_MARK, MPI_T_PVAR_CLASS_HIGHWATERMARK, TALLY_MARK, NULL, p2p_unexpected_queue_length},
#include "lib/core/tally.def"
};
const int pvar_count = sizeof pvar_table / sizeof *pvar_table;
