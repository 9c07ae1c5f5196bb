/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy: the user's words for mapping, ranking and binding (--map-by, --rank-by, --bind-to), in Hydra's and Open
 * MPI's spellings, as plain values.
 */
#ifndef LAUNCHER_MAP_POLICY_H
#define LAUNCHER_MAP_POLICY_H

#include "common/topo/topo.h"
#include "launcher/map/types.h"

#define POLICY_RANKFILE_WANT TOPO_WANT(TOPO_PACKAGE) /* what a rankfile's slots name, beside cores */

enum policy_map { POLICY_MAP_SLOT, POLICY_MAP_NODE, POLICY_MAP_OBJECT, POLICY_MAP_SEQ };
enum policy_rank { POLICY_RANK_AS_MAPPED, POLICY_RANK_SLOT, POLICY_RANK_NODE, POLICY_RANK_OBJECT };
enum policy_bind { POLICY_BIND_DEFAULT, POLICY_BIND_NONE, POLICY_BIND_OBJECT, POLICY_BIND_USER, POLICY_BIND_RR };

struct policy {
    enum policy_map map;
    bool map_given;            /* --map-by was given */
    enum topo_kind map_object; /* POLICY_MAP_OBJECT, and what ppr counts */
    uint32_t width;            /* map: so many neighbours are one place; at least 1 */
    uint32_t per_object;       /* ppr:N:object; 0: not asked for */
    uint32_t ppn;              /* ranks per node; 0: not given */
    bool span;                 /* share the ranks out over all nodes instead of filling the first */
    enum policy_rank rank;
    enum topo_kind rank_object;
    enum policy_bind bind;
    enum topo_kind bind_object; /* POLICY_BIND_OBJECT */
    uint32_t bind_count;        /* so many of them for each rank; 0: not given */
    uint32_t cpus;              /* processors for each rank: cores, or hardware threads with hwthread_cpus */
    bool cpus_given;            /* asked for: no more than these */
    bool cpus_wished;           /* not by an option: fewer will do */
    bool hwthread_cpus;
    bool no_oversubscribe;
    char **user; /* POLICY_BIND_USER: processor lists, dealt to the ranks of a node in turn; owned */
    uint32_t nuser;
    unsigned also;  /* kinds that planning for other nodes asks for, or-ed TOPO_WANT */
    char *rankfile; /* named by --map-by rankfile:file=NAME, or by the request; owned */
};

/* Returns 0, or -1 with e set; p needs policy_fini after both. */
int policy_parse(struct policy *p, const struct map_request *r, struct err *e);

/* The same for the ranks of one node, which has words of its own for binding. */
int policy_parse_node(struct policy *p, const struct map_request *r, const struct map_node *node, struct err *e);

void policy_fini(struct policy *p);

/* The kinds of objects that planning with p asks a topology for, or-ed TOPO_WANT. */
unsigned policy_want(const struct policy *p);

#endif
