/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failed: processes that have ended without MPI_Finalize.
 *
 * The launcher's proxy counts the ranks of a node that have failed in the node's segment; under another launcher the
 * ranks that sleep do (failed_watch). Whoever polls compares that count with what it has seen. Others are reported by
 * the transport that has lost them. */
#ifndef LIB_PROCESS_FAILED_H
#define LIB_PROCESS_FAILED_H

#include <stdatomic.h>
#include "lib/core/types.h"
#include "wire/node_segment.h"

extern const _Atomic uint32_t *failed_counter; /* how many ranks of this node have failed */
extern uint32_t failed_seen;                   /* its value when it was last looked at */
/* Some process cannot be reached, or of its end no proxy tells: it has failed, lives on another node, or is of another
 * job. */
extern bool failed_or_far;

/* Is there one that has not been noted? */
static inline bool failed_pending(void)
{
    /* Acquire is in failed_scan. */
    return atomic_load_explicit(failed_counter, memory_order_relaxed) != failed_seen;
}

/* Notes processes that have failed. For each accept is called first, which makes ready for it; false: not now. True: at
 * least one was noted. */
bool failed_scan(bool (*accept)(int proc));
/* Those noted, in that order. */
uint32_t failed_count(void);
int failed_proc(uint32_t i);
/* MPI_ERR_PROC_ABORTED, with a note of how that process failed; -1: one that was forgotten. */
int failed_error(int proc);
/* MPI_ERR_UNSUPPORTED_OPERATION, with a note that other nodes cannot be reached yet. */
int failed_error_far(void);
/* A transport says that it has lost that process, and why: pending, and noted by the next scan. */
void failed_report(int proc, const char *why);
/* Where no proxy of ours counts them: looks, about once a second, for ranks that have failed. */
void failed_watch(void);
enum rank_state process_state(int local); /* as the rank, or the proxy, has left it */

/* Processes whose indices are about to be given to others: nothing is known of them any more. */
void failed_forget(int first, int count);
void failed_init(void);
void failed_fini(void);

#endif
