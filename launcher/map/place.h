/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: how many ranks each node gets, and which. Knows slots, not processors. Time and memory grow with ranks plus
 * nodes, never with their product.
 */
#ifndef LAUNCHER_MAP_PLACE_H
#define LAUNCHER_MAP_PLACE_H

#include "launcher/map/policy.h"
#include "launcher/map/types.h"

#define PLACE_RANKS_LIMIT (1u << 24)

/* How many ranks an application gets that does not say: one for each slot. slots: of each node. */
uint64_t place_default_ranks(const struct map_request *r, const struct policy *how, const uint32_t *slots);

/* Allocates p->ranks for all applications and sets each rank's app. by_default: ranks of an application that does not
 * say. Returns 0, or -1 with e set. */
int place_count_ranks(struct map_plan *p, const struct map_request *r, uint64_t by_default, struct err *e);

/* Sets each rank's node. Returns 0, or -1 with e set. */
int place_ranks(struct map_plan *p, const struct map_request *r, const struct policy *how, const uint32_t *slots,
                struct err *e);

#endif
