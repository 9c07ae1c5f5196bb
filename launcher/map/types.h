/* SPDX-License-Identifier: BSD-3-Clause
 *
 * types: what a plan is made from, and the plan.
 */
#ifndef LAUNCHER_MAP_TYPES_H
#define LAUNCHER_MAP_TYPES_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topo; /* wire/topo.h: the processors of one machine that the job may use */

struct map_node {
    const char *name;    /* borrowed */
    const char *bind_to; /* borrowed: the words for its ranks alone, where the request has none; NULL: none */
    uint32_t slots;      /* ranks that fit; 0: nobody told: as many as it has processors */
    uint32_t processors; /* that the job may use there (affinity, cpuset, quota); 0: what its topology says */
    uint32_t used;       /* ranks of other jobs of this run there: they have their slots, and their processors */
    const char
        *taken; /* borrowed: processors that other jobs have bound ranks to, as the kernel writes them; NULL: none */
    struct topo *topo; /* borrowed; NULL: loaded only when needed, through map_request.topo_load, and kept here */
};

struct map_app {
    uint32_t np;       /* ranks; 0: what is left of the slots, at least one (only for a single application) */
    const bool *nodes; /* NULL: every node; else nnodes flags, the nodes of this application alone */
};

struct map_request {
    struct map_node *nodes;
    uint32_t nnodes;
    const struct map_app *apps;
    uint32_t napps;
    const char *map_by, *rank_by, *bind_to; /* the user's words; NULL: the default */
    uint32_t cpus_per_rank;                 /* 0: not asked for */
    uint32_t threads;         /* that a rank will have: as many processors, if they are there; 0: not known */
    uint32_t ppn;             /* 0: the slots */
    const char *rankmap;      /* NULL or its text */
    const uint32_t *sequence; /* borrowed: the nodes as they were named, for --map-by seq; NULL: unknown */
    size_t nsequence;
    const char *rankfile; /* NULL or the file's name */
    bool no_oversubscribe;
    bool shared; /* the nodes are simulated on this one machine: with several of them, do not bind by default */
    /* Called at most once a node, when objects of its topology matter (never for --bind-to none by slot, nor by
     * default when ranks outnumber processors). want: see topo_load. Returns NULL with e set when it cannot; what it
     * returns stays the caller's. map_draw may call it again, wanting everything. NULL: every node is like this
     * machine, and map_make loads and keeps that. */
    struct topo *(*topo_load)(void *arg, const struct map_node *node, unsigned want, struct err *e);
    void *arg;
};

struct map_rank {
    uint32_t node;
    uint32_t local_rank; /* 0.. among the ranks of its node */
    uint32_t app;
    int32_t binding; /* index into map_plan.bindings; -1: not bound */
};

struct map_plan {
    struct map_rank *ranks; /* nranks of them, by rank; owned */
    uint32_t nranks;
    char **bindings; /* distinct processor lists, OS numbers as the kernel writes them: "0-3,8"; owned */
    uint32_t nbindings;
    bool oversubscribed; /* some node has more ranks than processors */
    char *warning;       /* NULL, or one line for the user; owned */
    /* Of this machine, if map_make had to load it: owned, and lent to the nodes until map_fini. */
    struct topo *topo;
    struct map_node *lent; /* the request's nodes, if topo is there */
    uint32_t nlent;
};

#endif
