/* SPDX-License-Identifier: BSD-3-Clause
 *
 * binding: on which processors of its node each rank runs.
 */
#ifndef LAUNCHER_MAP_BINDING_H
#define LAUNCHER_MAP_BINDING_H

#include "launcher/map/policy.h"
#include "launcher/map/types.h"

/* The distinct lists of a plan, while it is made. */
struct binding_set {
    struct map_plan *plan;
    struct binding_text *by_text;
};

/* text: taken over. Returns its index among plan->bindings. */
int32_t binding_set_add(struct binding_set *s, char *text);
void binding_set_fini(struct binding_set *s);

/* The node's topology, loaded if need be. NULL: e is set. */
struct topo *binding_topo(struct map_plan *p, const struct map_request *r, uint32_t node, unsigned want, struct err *e);

/* The usable processors of a run of hardware threads, as text that the caller frees. */
char *binding_text_of(const struct topo *t, struct topo_object run);

/* Binds all ranks, whose nodes and local ranks are known. counts: ranks of each node. Returns 0, or -1 with e set. */
int binding_make(struct map_plan *p, const struct map_request *r, const struct policy *how, const uint32_t *counts,
                 struct err *e);

#endif
