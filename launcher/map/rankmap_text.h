/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankmap_text: the node of each rank as users and PMI write it. "0,0,1,1" names a node for each rank;
 * "(vector,(0,4,16))" has blocks of (first node, nodes, ranks on each); "[0,1]x8" is "0,1" eight times. All of them
 * mix, and the whole is repeated when there are more ranks.
 */
#ifndef LAUNCHER_MAP_RANKMAP_TEXT_H
#define LAUNCHER_MAP_RANKMAP_TEXT_H

#include "launcher/map/types.h"

struct rankmap_text_block {
    uint32_t node, nnodes, each;
};

struct rankmap_text {
    struct rankmap_text_block *blocks; /* owned */
    size_t nblocks;
    uint64_t nranks; /* of all blocks, each once; below 2^32 */
};

/* Returns 0, or -1 with e set; m needs rankmap_text_fini after both. */
int rankmap_text_parse(struct rankmap_text *m, const char *text, uint32_t nnodes, struct err *e);
void rankmap_text_fini(struct rankmap_text *m);

/* Sets each rank's node. */
void rankmap_text_apply(const struct rankmap_text *m, struct map_plan *p);

#endif
