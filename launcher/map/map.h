/* SPDX-License-Identifier: BSD-3-Clause
 *
 * map: which rank runs on which node, and on which processors there. Pure: hosts and wishes in, a plan out.
 */
#ifndef LAUNCHER_MAP_MAP_H
#define LAUNCHER_MAP_MAP_H

#include "launcher/map/types.h"

/* The kinds of objects (or-ed TOPO_WANT) that map_make may ask of each node's topology, into *kinds; 0: it asks for
 * none. Returns 0, or -1 with e set: the request's words are wrong. */
int map_kinds(const struct map_request *r, unsigned *kinds, struct err *e);

/* Returns 0, or -1 with e set (a message that says what to type, with the table of slots where that matters). */
int map_make(struct map_plan *p, const struct map_request *r, struct err *e);
void map_fini(struct map_plan *p);

/* The plan as text for a person: hosts, ranks and processors, a screenful however large the job. what: enum display
 * of launcher/options.h. Before map_fini. Returns a malloc'd string that the caller frees. */
char *map_draw(const struct map_plan *p, const struct map_request *r, unsigned what);

#endif
