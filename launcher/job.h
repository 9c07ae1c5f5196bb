/* SPDX-License-Identifier: BSD-3-Clause
 *
 * job: the life of one job: launched, watched, ended.
 */
#ifndef LAUNCHER_JOB_H
#define LAUNCHER_JOB_H

#include "launcher/run.h"

/* Who hears of a job's life: the half of pmi-server that lives here, and the table of ranks. */
struct job_ops {
    void (*started)(struct run *run, const struct job *j); /* all its ranks have started, or not */
    void (*done)(struct run *run, const struct job *j);
    void (*forgotten)(struct run *run, const struct job *j);                 /* it is about to be freed */
    void (*rank_gone)(struct run *run, const struct job *j, uint32_t rank);  /* it ended and never said init */
    void (*rank_ended)(struct run *run, const struct job *j, uint32_t rank); /* its process, in whatever way */
    void (*rank_dead)(struct run *run, const struct job *j, uint32_t rank);  /* and the job goes on */
};

void job_launch(struct job *j); /* sends it to the proxies */
void job_destroy(struct job *j);
struct job *job_find(struct run *run, unsigned number); /* NULL: no such job */

/* Messages of the tree about it. Malformed: false. */
bool job_started(struct job *j, uint32_t node, struct rbuf *r);
bool job_exited(struct job *j, uint32_t node, struct rbuf *r);
void job_output_end(struct job *j, uint32_t node);
void job_node_lost(struct job *j, uint32_t node);
/* Has it ranks there that have not ended, or output that is still to come? */
bool job_is_on(const struct job *j, uint32_t node);

/* sig to the ranks now, SIGKILL after the grace. */
void job_kill(struct job *j, int sig, double grace);
/* All jobs, because of the failure that was noted. */
void job_kill_all(struct run *run, int sig, double grace);
/* The job, and all that are connected with it (kin.h); those that are told to end already hear nothing new. */
void job_end(struct job *j);

/* What follows a failure, unless --no-kill: job_end. */
void job_fail(struct job *j, enum failure_kind kind, uint32_t rank, uint64_t time, int code, const char *text);

#endif
