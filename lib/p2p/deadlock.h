/* SPDX-License-Identifier: BSD-3-Clause
 *
 * deadlock: every rank of the job waits, and nothing is under way that could end a wait: so it says, once.
 *
 * It is certain, not likely: all ranks are on this node, each in a blocking call since seconds, with one thread in MPI;
 * and since the last one of them began to wait each has looked several times, and nothing has come to any. Who only
 * tests, computes, has stopped or begins and ends sessions may change that, and then nothing is said. */
#ifndef LIB_P2P_DEADLOCK_H
#define LIB_P2P_DEADLOCK_H

#include "wire/node_segment.h"

/* This rank has slept in a wait that began then; it tells what it has got, and if it is the node's first rank that has
 * not ended, it looks at the others. */
void deadlock_look(uint64_t since);
void deadlock_fini(void);

/* deadlock_text.c: one rank in the sentence. */
struct deadlock_rank {
    int rank;              /* of MPI_COMM_WORLD */
    bool ended;            /* has finalized: then nothing else is told */
    struct rank_wait wait; /* its call */
    uint32_t unmatched;
    int unmatched_from, unmatched_tag;
};
/* "deadlock: all 2 ranks wait ...": which ranks are in which calls, the first cycle of them, and messages that nobody
 * receives; what there is no room for is left out at the end. */
void deadlock_text(const struct deadlock_rank *v, int n, char *text, size_t size);

#endif
