/* SPDX-License-Identifier: BSD-3-Clause
 *
 * job: the life of one job: planned, launched, watched, ended.
 */
#ifndef LAUNCHER_JOB_H
#define LAUNCHER_JOB_H

#include "launcher/run.h"

/* What a job is made of: the command line's applications, or those of a spawn request. */
struct job_request {
    const struct app *apps;
    size_t napps;
    const char *map_by, *rank_by, *bind_to, *rankmap, *rankfile;
    uint32_t spawn;      /* id of the spawn request; 0: the command line */
    const char *spawner; /* kvsname of the job that asked; NULL: the command line */
};

/* Plans and describes it; p keeps the plan for drawing (map_fini is the caller's). Returns NULL with e set. */
struct job *job_create(struct run *run, const struct job_request *r, struct map_plan *p, struct map_request *mr,
                       struct err *e);
void job_launch(struct job *j); /* sends it to the proxies */
void job_destroy(struct job *j);
struct job *job_find(struct run *run, unsigned number); /* NULL: no such job */

/* Messages of the tree about it. Malformed: false. */
bool job_started(struct job *j, uint32_t node, struct rbuf *r);
bool job_exited(struct job *j, uint32_t node, struct rbuf *r);
void job_output_end(struct job *j, uint32_t node);
void job_node_lost(struct job *j, uint32_t node);

/* sig to the ranks now, SIGKILL after the grace. */
void job_kill(struct job *j, int sig, double grace);
/* All jobs, because of the failure that was noted. */
void job_kill_all(struct run *run, int sig, double grace);

/* What follows a failure, unless --no-kill: all jobs are ended. */
void job_fail(struct job *j, enum failure_kind kind, uint32_t rank, uint64_t time, int code, const char *text);

#endif
