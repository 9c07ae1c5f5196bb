/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankmap: which node each rank of a job runs on, in a form whose size is that of the pattern, not of the job.
 * A block says: ranks_per_node ranks on node first, as many on first + 1, ... on nodes nodes, and all that repeat
 * times. Ranks are numbered through the blocks in order; so are a node's local ranks.
 */
#ifndef WIRE_RANKMAP_H
#define WIRE_RANKMAP_H

#include "wire/buf.h"

struct rankmap_block {
    uint32_t first;
    uint32_t nodes;
    uint32_t ranks_per_node;
    uint32_t repeat;
};

struct rankmap {
    struct rankmap_block *blocks; /* owned */
    uint32_t nblocks;
    uint32_t nranks;
    uint32_t nnodes; /* nodes of the job: block nodes are below it */
};

/* From one node a rank. Returns 0, or -1 without memory. */
int rankmap_build(struct rankmap *m, const uint32_t *node_of_rank, uint32_t nranks, uint32_t nnodes);
void rankmap_fini(struct rankmap *m);

uint32_t rankmap_node(const struct rankmap *m, uint32_t rank);       /* O(blocks); UINT32_MAX: no such rank */
uint32_t rankmap_local(const struct rankmap *m, uint32_t rank);      /* its place among those of its node; O(blocks) */
uint32_t rankmap_local_size(const struct rankmap *m, uint32_t node); /* O(blocks) */

/* The ranks of one node in ascending order: O(blocks + ranks of the node) for the whole walk.
 *     struct rankmap_iter it; rankmap_iter_init(&it, m, node); while (rankmap_iter_next(&it, &rank)) ... */
struct rankmap_iter {
    const struct rankmap *map;
    uint32_t node, block, rep, i; /* where the next rank stands */
    uint32_t base;                /* first rank of this block */
};
void rankmap_iter_init(struct rankmap_iter *it, const struct rankmap *m, uint32_t node);
bool rankmap_iter_next(struct rankmap_iter *it, uint32_t *rank);

void rankmap_put(struct buf *b, const struct rankmap *m);
/* m is filled (rankmap_fini after) when it returns true; false: malformed, or without memory, and r is bad. */
bool rankmap_get(struct rbuf *r, struct rankmap *m);

#endif
