/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankmap: the node of each rank, as text. "0,0,1,1" names a node for each rank; "(vector,(0,4,16))" is what PMI
 * clients are told: blocks of (first node, nodes, ranks on each). Either is repeated when there are more ranks.
 */
#ifndef LAUNCHER_MAP_RANKMAP_H
#define LAUNCHER_MAP_RANKMAP_H

#include "launcher/map/map.h"

struct rankmap_block {
    uint32_t node, nnodes, each;
};

struct rankmap {
    struct rankmap_block *blocks; /* owned */
    size_t nblocks;
    uint64_t nranks; /* of all blocks, each once; below 2^32 */
};

/* Returns 0, or -1 with e set; m needs rankmap_fini after both. */
int rankmap_parse(struct rankmap *m, const char *text, uint32_t nnodes, struct err *e);
void rankmap_fini(struct rankmap *m);

/* Sets each rank's node. */
void rankmap_apply(const struct rankmap *m, struct map_plan *p);

#endif
