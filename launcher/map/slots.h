/* SPDX-License-Identifier: BSD-3-Clause
 *
 * slots: how many ranks fit on each node, and the table that says so to the user.
 */
#ifndef LAUNCHER_MAP_SLOTS_H
#define LAUNCHER_MAP_SLOTS_H

#include "launcher/map/policy.h"
#include "launcher/map/types.h"

/* Fills slots[nnodes], at least one each. Returns 0, or -1 with e set (a topology was needed and cannot be had). */
int slots_find(uint32_t *slots, struct map_plan *p, const struct map_request *r, const struct policy *how,
               struct err *e);

/* Refuses more ranks than slots: -1 with the table in e, and what to type. counts: ranks of each node,
 * without those of other jobs. */
int slots_check(const uint32_t *slots, const uint32_t *counts, const struct map_plan *p, const struct map_request *r,
                struct err *e);

#endif
