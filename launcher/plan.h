/* SPDX-License-Identifier: BSD-3-Clause
 *
 * plan: a job, from what was asked for to what the proxies are told.
 */
#ifndef LAUNCHER_PLAN_H
#define LAUNCHER_PLAN_H

#include "launcher/run.h"

/* What a job is made of: the command line's applications, or those of a spawn request. */
struct job_request {
    const struct app *apps;
    size_t napps;
    const struct hostlist *named; /* by application: its hosts, none: all; NULL: they say it themselves */
    const char *map_by, *rank_by, *bind_to, *rankmap, *rankfile;
    uint32_t ppn;           /* ranks per node; 0: not given */
    const uint32_t *wanted; /* by application: so many ranks were asked for; NULL: as many as there are */
    uint32_t spawn;         /* id of the spawn request; 0: the command line */
    const char *spawner;    /* kvsname of the job that asked; NULL: the command line */
    uint32_t spawner_rank;
    const uint32_t *world_of_app; /* NULL: all are of one world, which is number 0 */
};

/* What planning it will ask of the nodes' topologies (map_kinds). Returns 0, or -1 with e set. */
int plan_kinds(const struct run *run, const struct job_request *r, unsigned *kinds, struct err *e);

/* Is there room for it? The nodes have told what plan_kinds says. */
bool plan_fits(struct run *run, const struct job_request *r);

/* Which rank goes where, of all worlds; map_fini(p) is the caller's. Returns 0, or -1 with e set. */
int plan_map(struct run *run, const struct job_request *r, struct map_plan *p, struct map_request *mr, struct err *e);
/* The job of one world of that plan. Returns NULL with e set. */
struct job *plan_describe(struct run *run, const struct job_request *r, const struct map_plan *p, uint32_t world,
                          struct err *e);
/* Both, of what is one world. */
struct job *plan_job(struct run *run, const struct job_request *r, struct map_plan *p, struct map_request *mr,
                     struct err *e);

#endif
