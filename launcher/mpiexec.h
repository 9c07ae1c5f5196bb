/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpiexec: the launcher's state. One of it; it owns the nodes, the links to the proxies right below, and the jobs (the
 * one of the command line, and those that ranks spawn).
 */
#ifndef LAUNCHER_MPIEXEC_H
#define LAUNCHER_MPIEXEC_H

#include "common/hostlist.h"
#include "common/peer.h"
#include "common/start.h"
#include "launcher/failure.h"
#include "launcher/map/map.h"
#include "launcher/options.h"
#include "wire/control.h"
#include "wire/launch_spec.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/resource.h>

struct pmi_root;
struct stdio;
struct watch;
struct watch_row;

/* What is known of one rank; a job has an array of them. */
struct rank_info {
    uint32_t pid;
    uint32_t status; /* as of waitpid, when ended */
    uint32_t flags;  /* enum exit_flags */
    uint32_t stage;  /* enum start_stage, when it was not started */
    uint32_t error;  /* errno of that stage */
    bool started, ended;
    bool heard;                    /* STARTED has told of it */
    bool stopped;                  /* it was told to end, because of another rank's failure or by the user */
    bool lost;                     /* its node is out of reach: how it ended is not known */
    uint64_t started_at, ended_at; /* ns, CLOCK_REALTIME */
    uint64_t utime, stime;         /* us */
    uint64_t maxrss;               /* KiB */
    char *tail;                    /* the last lines of its stderr, when it failed; NULL: not kept */
};

struct job {
    struct mpiexec *m;
    struct launch_spec spec;
    struct rank_info *ranks; /* spec.map.nranks */
    uint32_t ended;          /* ranks that have ended or were never started */
    uint32_t heard;          /* ranks of which STARTED has told, or never will */
    uint32_t open_nodes;     /* nodes with ranks that have not said OUTPUT_END */
    bool *node_open;         /* by node */
    bool killed;
    bool told_started; /* the spawn request is answered */
    bool done;
    uint32_t spawn;    /* the spawn request that it answers; 0: none */
    bool spawn_failed; /* not all of a spawned job could be started: its asker is told, and the rest of it ends */
    uint64_t launched_at;
    struct watch_row *seen; /* of the last table, by rank, for the report; NULL: there was none */
    TAILQ_ENTRY(job) link;
};

/* A proxy right below mpiexec: its node and those of its subtree. */
struct link {
    struct mpiexec *m;
    struct peer *peer; /* NULL: lost, or has left */
    struct start_process process;
    uint32_t index;
    uint32_t first, count;
    bool greeted;
};

/* When each stage of the launch was over: ns, CLOCK_REALTIME; 0: not yet. */
struct stages {
    uint64_t begun, parsed, planned, proxies_started, launched, started, first_exit, last_exit, ended;
};

struct mpiexec {
    struct options opt;
    struct event_base *base;
    struct rlimit nofile;   /* as it was before it was raised */
    struct hostlist hosts;  /* empty: this machine alone */
    struct map_node *nodes; /* nnodes */
    uint32_t nnodes;
    uint32_t universe; /* slots of all nodes; UINT32_MAX: not bounded */
    bool *node_lost;   /* by node */
    struct link *links;
    uint32_t nlinks;
    uint32_t links_left;
    TAILQ_HEAD(, job) jobs;
    uint32_t jobs_begun; /* numbers of jobs: 0 is the command line's */
    uint32_t jobs_left;
    struct stdio *io;
    FILE *report; /* --report, open from the start; NULL: none */
    struct pmi_root *pmi;
    struct watch *watch;
    struct failure failure; /* the first one */
    unsigned tails;         /* ranks that have one */
    struct stages at;
    int signalled;          /* the signal that the user ended the job with; 0: none */
    unsigned interrupts;    /* how many times */
    bool ending;            /* SHUTDOWN was sent */
    bool gave_up;           /* what had not ended by then was not waited for */
    struct event *deadline; /* armed when all jobs were told to end */
};

uint64_t mpiexec_now(void); /* ns, CLOCK_REALTIME */
const char *mpiexec_node_name(const struct mpiexec *m, uint32_t node);

#endif
