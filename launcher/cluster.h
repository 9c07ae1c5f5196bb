/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster: the nodes, and the links to the proxies right below mpiexec. It knows of no job: what may outlive a run.
 */
#ifndef LAUNCHER_CLUSTER_H
#define LAUNCHER_CLUSTER_H

#include "common/claims.h"
#include "common/hostlist.h"
#include "common/link.h"
#include "launcher/map/types.h"
#include "launcher/rm/rm.h"
#include "wire/control.h"
#include "wire/network.h"

#include <event2/event.h>
#include <sys/resource.h>

struct shapes;
struct tree_ops;

/* What a node has told of its networks. */
struct node_networks {
    uint64_t machine;     /* network_machine */
    struct in6_addr link; /* by which it was reached; ::: not known */
    struct network *v;    /* owned, n */
    uint32_t n;
    bool fabric; /* it has a device of one (wire/fabric.h) */
};

struct cluster {
    struct event_base *base;
    struct rlimit nofile;         /* as it was before it was raised */
    struct hostlist hosts;        /* empty: this machine alone */
    struct allocation allocation; /* of a resource manager, where the user named no host */
    const struct rm *manager;     /* whose allocation all hosts are of; NULL: of none */
    struct map_node *nodes;       /* nnodes */
    uint32_t nnodes;
    bool *node_lost;      /* by node: it is not there any more, or not yet */
    bool is_remote;       /* some node is another machine */
    bool is_simulated;    /* every name stands for a node of its own on this machine */
    bool is_here;         /* every node is this machine: what they are is known */
    struct claims claims; /* on processors of this machine (claim.c), once claimed */
    bool claimed;
    char *taken;                    /* by others; NULL: none */
    struct shapes *shapes;          /* what the nodes have told of themselves; NULL: nothing was asked */
    struct node_networks *networks; /* by node; NULL: nobody was asked */
    char **names;                   /* of the nodes: nodes[i].name */
    struct starter starter;
    struct starter far;  /* of other machines, where there were none at the start; ops NULL: there are none */
    struct links links;  /* to the proxies right below */
    uint32_t *unstarted; /* nodes whose proxy could not be started, since they were last told of */
    uint32_t nunstarted;
    uint32_t complaints;        /* lines that were written about such */
    bool orphans;               /* a proxy with ranks is lost: what it left behind comes to us */
    bool cancelled;             /* what had not started is not to start any more */
    const struct tree_ops *ops; /* who hears of what the links bring (tree_start) */
    void *arg;
    bool ending;  /* SHUTDOWN was sent */
    bool gave_up; /* what had not ended by then was not waited for */
};

const char *cluster_node_name(const struct cluster *c, uint32_t node); /* "?": no such node */
/* -1: it is not one of this run's hosts. Unless they are simulated, this machine goes by all of its names. */
long cluster_find_node(const struct cluster *c, const char *name);
/* Adds nodes that nobody knew, behind the others: they are lost until their proxies are there. 0, or -1. */
int cluster_grow(struct cluster *c, const struct hostlist *more, struct err *e);

#endif
