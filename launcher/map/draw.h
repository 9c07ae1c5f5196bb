/* SPDX-License-Identifier: BSD-3-Clause
 *
 * draw: what the pictures of a plan share. Internal to map_draw.
 */
#ifndef LAUNCHER_MAP_DRAW_H
#define LAUNCHER_MAP_DRAW_H

#include "common/topo/topo.h"
#include "launcher/map/types.h"

#include <stdio.h>

struct drawing {
    FILE *out;
    const struct map_plan *p;
    const struct map_request *r;
    uint32_t *first;   /* ranks of node i are by_node[first[i]] to by_node[first[i + 1] - 1] */
    uint32_t *by_node; /* all ranks, node by node, in order */
    struct topo *own;  /* of this machine, complete; NULL while not loaded */
    struct err e;      /* why a topology cannot be had */
};

/* The complete topology of a node, loaded if need be; NULL: d->e says why it cannot be had. */
const struct topo *draw_topo_of(struct drawing *d, uint32_t node);

uint32_t draw_count(const struct drawing *d, uint32_t node);

/* "0-3,8", cut in the middle where it gets long. */
void draw_ranks(struct drawing *d, const uint32_t *ranks, uint32_t n);

/* "alpha" or "alpha to omega (26 hosts)", for neighbours. */
void draw_hosts(struct drawing *d, uint32_t first, uint32_t n);

const char *draw_plural(uint32_t n); /* "" or "s" */

void draw_map(struct drawing *d);
void draw_bindings(struct drawing *d);
void draw_topo(struct drawing *d);

#endif
