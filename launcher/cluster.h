/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster: the nodes, and the links to the proxies right below mpiexec. It knows of no job: what may outlive a run.
 */
#ifndef LAUNCHER_CLUSTER_H
#define LAUNCHER_CLUSTER_H

#include "common/hostlist.h"
#include "common/peer.h"
#include "common/start.h"
#include "launcher/map/types.h"

#include <event2/event.h>
#include <sys/resource.h>

struct shapes;
struct tree_ops;

/* A proxy right below mpiexec: its node and those of its subtree. */
struct link {
    struct cluster *cluster;
    struct peer *peer; /* NULL: lost, or has left */
    struct start_process process;
    uint32_t index;
    uint32_t first, count;
    bool greeted;
};

struct cluster {
    struct event_base *base;
    struct rlimit nofile;   /* as it was before it was raised */
    struct hostlist hosts;  /* empty: this machine alone */
    struct map_node *nodes; /* nnodes */
    uint32_t nnodes;
    bool *node_lost;       /* by node */
    bool is_here;          /* every node is this machine: what they are is known */
    struct shapes *shapes; /* what the nodes have told of themselves; NULL: nothing was asked */
    struct link *links;
    uint32_t nlinks;
    uint32_t links_left;
    const struct tree_ops *ops; /* who hears of what the links bring (tree_start) */
    void *arg;
    bool ending;  /* SHUTDOWN was sent */
    bool gave_up; /* what had not ended by then was not waited for */
};

const char *cluster_node_name(const struct cluster *c, uint32_t node); /* "?": no such node */

#endif
