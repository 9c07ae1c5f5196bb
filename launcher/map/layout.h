/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout: where on one machine each of its ranks goes. Knows nothing of other nodes.
 */
#ifndef LAUNCHER_MAP_LAYOUT_H
#define LAUNCHER_MAP_LAYOUT_H

#include "launcher/map/policy.h"
#include "common/topo/topo.h"

struct layout {
    enum topo_kind unit;    /* ranks are bound to units of this kind */
    uint32_t units;         /* so many each */
    uint32_t nranks;        /* on this machine */
    struct topo_object *at; /* out, room for nranks: the hardware threads of each, by local rank */
};

/* Fills l->at. Returns whether every rank has units that no other rank has. */
bool layout_make(const struct layout *l, const struct topo *t, const struct policy *how);

/* How many units each rank could have without sharing one, where it is to have 1 (l->units) and finds it: each gets an
 * n-th of what its group has. At least 1. */
uint32_t layout_share(const struct layout *l, const struct topo *t, const struct policy *how);

#endif
