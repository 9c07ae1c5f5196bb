/* SPDX-License-Identifier: BSD-3-Clause
 *
 * segment: makes the memory that tells the ranks of a job on this node who they are (wire/node_segment.h).
 */
#ifndef PROXY_SEGMENT_H
#define PROXY_SEGMENT_H

#include "proxy/proxy.h"

/* Fills j->segment_fd and j->status; leaves -1 and NULL, with a warning, where memory is short: the ranks then ask
 * by PMI. */
void segment_create(struct job *j);
/* By the rank's own word: EXIT_IN_PMI between MPI_Init and MPI_Finalize, EXIT_PAST after that, else 0. Our runtime does
 * not say so by PMI. */
uint32_t segment_exit_flags(const struct rank *r);
/* Bytes of long data that came to it by either way, by its own word. */
struct segment_copied {
    uint64_t streamed, read;
};
struct segment_copied segment_copied(const struct rank *r);
/* After that: tells the others on the node not to wait for it, if they could. status is waitpid's. Returns EXIT_DEAD
 * and EXIT_NEVER, for those on other nodes. */
uint32_t segment_rank_ended(const struct rank *r, int status);
/* With --no-kill nobody is to wait for a rank that could not be started. */
void segment_rank_not_started(const struct rank *r);
/* Tells the ranks of this node of a dead one elsewhere. */
void segment_rank_dead(struct job *j, uint32_t rank, bool never);
void segment_destroy(struct job *j);

#endif
