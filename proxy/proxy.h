/* SPDX-License-Identifier: BSD-3-Clause
 *
 * proxy: the proxy's state: its place in the control tree, the jobs on its node and their local ranks.
 *
 * A rank's life: started (pid), reaped (its exit status has gone up), and done when its output pipes are closed as
 * well. A job is forgotten on JOB_DONE. The lists below are the only owners.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "common/claims.h"
#include "common/link.h"
#include "wire/control.h"
#include "wire/launch_spec.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <uthash.h>

struct rank_status;
struct node_segment;
struct pmi_client;
struct evbuffer;
struct pmi_server;
struct rank_stdio;
struct job_stdio;

struct rank {
    struct job *job;
    uint32_t rank;
    uint32_t local;
    pid_t pid;     /* 0: never started, or reaped */
    pid_t session; /* of a rank that has ended and left processes there; 0: none */
    bool reaped;
    int status;            /* then: waitpid's */
    bool dying;            /* it was ending already when its job was killed */
    UT_hash_handle by_pid; /* in proxy.running while it has a pid */
    struct rank_stdio *io;
    /* pmi.c */
    struct pmi_client *pmi;
    int pmi_fd;
    int listener; /* of its own, until it has been started; -1: none */
    struct event *pmi_event;
    struct event *pmi_write;
    struct event *pmi_half;   /* armed while a request is not complete */
    bool pmi_told;            /* mpiexec knows that it breaks the rules */
    struct event *pmi_closed; /* armed when the socket has closed and the process has not ended yet */
    struct evbuffer *pmi_out;
    bool in_pmix; /* it has connected by PMIx, and not finalized */
};

struct job {
    struct proxy *proxy;
    struct launch_spec spec;
    struct rank *ranks; /* nranks of this node, ascending */
    uint32_t nranks;
    uint32_t node_rank, nodes; /* of the nodes that have ranks of it: this one's place, and how many these are */
    uint32_t alive;            /* started and not reaped */
    int segment_fd;            /* memfd that the ranks inherit; -1 */
    struct rank_status
        *status; /* in that memory, one a local rank; NULL: there is none. Ranks may write anything there */
    struct node_segment *segment; /* all of that memory; NULL: there is none */
    size_t segment_size;
    uint32_t *dead; /* in that memory, dead_room of them: dead ranks of other nodes that its ranks are told of */
    uint32_t ndead, dead_room;
    struct job_stdio *io;
    struct pmix_job *pmix;     /* NULL: none of its ranks here speaks PMIx */
    struct event *kill_timer;  /* armed by KILL */
    struct starting *starting; /* NULL: all of its ranks have been started, or never will be (ranks.c) */
    bool killed;
    bool told_children; /* the user was told of processes that a failed rank had left */
    TAILQ_ENTRY(job) link;
};

struct proxy {
    struct event_base *base;
    struct peer *parent;
    struct beat *beat;          /* of that link; NULL: none */
    struct control_setup setup; /* names[0] is this node's */
    struct starter starter;
    struct links below; /* to the proxies right below, for all of setup's nodes but the first */
    TAILQ_HEAD(, job) jobs;
    struct rank *running; /* hash by pid */
    struct pmi_server *pmi;
    struct event *pmi_wake;
    struct event *sigchld;
    bool ended;                   /* something has, and was not looked at yet */
    struct rlimit nofile;         /* as it was before it was raised; the ranks get it back */
    unsigned long long oom_kills; /* as last read */
    const char *stage;            /* a directory with files that were copied here; NULL: none */
    bool stage_libraries;         /* some of which are shared libraries */
    const char *pretends;         /* the machine that a test has this node be (topo_pretend.h); NULL: none */
    struct buf topo;              /* of this node, as last told */
    struct in6_addr link;         /* this node's address on the uplink; ::: not known */
    struct claims claims;         /* open once mpiexec has asked what this node is: else it sees to it */
    bool leaving;                 /* SHUTDOWN came, or the parent is gone */
    bool child_lost;              /* a proxy below has died: what it left behind comes to us */
};

const char *proxy_name(const struct proxy *proxy);
uint32_t proxy_node(const struct proxy *proxy);
struct job *proxy_job(struct proxy *proxy, unsigned job); /* NULL: no such job here */

/* One line for the user, through mpiexec. */
void proxy_warn(struct proxy *proxy, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
