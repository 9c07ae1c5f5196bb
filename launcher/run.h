/* SPDX-License-Identifier: BSD-3-Clause
 *
 * run: one run of mpiexec: its options, its jobs (the one of the command line, and those that ranks spawn), what became
 * of them. Where they run is the cluster's.
 */
#ifndef LAUNCHER_RUN_H
#define LAUNCHER_RUN_H

#include "launcher/cluster.h"
#include "launcher/options.h"
#include "wire/control.h"
#include "wire/launch_spec.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/queue.h>

struct grow;
struct job_ops;
struct kin_end;
struct names;
struct pmi_root;
struct pmi_spawn;
struct run;
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
    uint64_t streamed, read;       /* bytes of long data that came to it by either way (wire/control.def) */
    char *tail;                    /* the last lines of its stderr, when it failed; NULL: not kept */
    bool tail_shown;               /* they stand right above the block */
};

struct job {
    struct run *run;
    struct launch_spec spec;
    struct rank_info *ranks; /* spec.map.nranks */
    uint32_t ended;          /* ranks that have ended or were never started */
    uint32_t heard;          /* ranks of which STARTED has told, or never will */
    uint32_t open_nodes;     /* nodes with ranks that have not said OUTPUT_END */
    bool *node_open;         /* by node */
    bool killed;
    unsigned ending;          /* which of the endings (run.endings) told it to end; 0: none has */
    LIST_HEAD(, kin_end) kin; /* the jobs that it is connected with (kin.h), which has these */
    unsigned kin_walk;
    struct job *kin_next;
    bool told_started; /* the spawn request is answered */
    bool done;
    const char *world; /* the MPI of its programs, where those of the command line have several; else NULL */
    uint32_t spawn;    /* the spawn request that it answers; 0: none */
    uint32_t *wanted;  /* of a spawned job, by application: so many ranks were asked for; else NULL */
    bool spawn_failed; /* not all of a spawned job could be started: its asker is told, and the rest of it ends */
    uint64_t launched_at;
    char **libraries;       /* by application: its MPI library, as far as its file tells; NULL: none */
    struct watch_row *seen; /* of the last table, by rank, for the report; NULL: there was none */
    TAILQ_ENTRY(job) link;
};

enum failure_kind {
    FAILURE_NONE,
    FAILURE_START,   /* a rank could not be started */
    FAILURE_EXIT,    /* a rank ended with a status that is not 0, by a signal, or inside MPI */
    FAILURE_ABORT,   /* a rank called abort */
    FAILURE_PMI,     /* a rank broke the rules of PMI */
    FAILURE_STUCK,   /* a rank ended while others wait for it: the job cannot go on */
    FAILURE_NODE,    /* a node is out of reach */
    FAILURE_TIMEOUT, /* --timeout */
    FAILURE_SIGNAL,  /* the user ended it */
    FAILURE_LAUNCH,  /* nothing was started: not what can be done */
    FAILURE_OUTPUT,  /* our own stdout is gone */
};

struct failure {
    enum failure_kind kind;
    const struct job *job; /* whose rank; NULL: no rank's */
    uint32_t rank;
    uint64_t time;  /* ns, CLOCK_REALTIME */
    int code;       /* ABORT: the code; SIGNAL: the signal; OUTPUT: errno */
    char text[512]; /* ABORT, PMI, NODE: what is known */
};

/* When each stage of the launch was over: ns, CLOCK_REALTIME; 0: not yet. */
struct stages {
    uint64_t begun, parsed, planned, proxies_started, launched, started, first_exit, last_exit, ended;
};

struct run {
    struct options opt;
    struct cluster *cluster;
    TAILQ_HEAD(, job) jobs;
    uint32_t jobs_begun; /* numbers of jobs: 0 is the command line's */
    uint32_t jobs_left;
    unsigned endings; /* so many times jobs were told to end, because of a failure or by the user */
    unsigned kin_walks;
    const struct job_ops *job_ops; /* who hears of their lives */
    struct stdio *io;
    char *const *argv; /* the command line, for the report */
    FILE *report;      /* --report, open from the start; NULL: none */
    struct pmi_root *pmi;
    struct names *names;
    void (*spawn)(struct run *run, const struct pmi_spawn *req); /* a rank asks for a job */
    struct watch *watch;
    struct grow *grow;      /* hosts that came later; NULL: none was asked for */
    struct failure failure; /* the first one */
    unsigned tails;         /* ranks that have one */
    struct stages at;
    int signalled;          /* the signal that the user ended the job with; 0: none */
    unsigned interrupts;    /* how many times */
    struct event *deadline; /* armed when all jobs were told to end */
};

#endif
