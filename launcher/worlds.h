/* SPDX-License-Identifier: BSD-3-Clause
 *
 * worlds: programs of different MPI libraries cannot talk to one another. In one command each library has its own
 * world, a job with ranks from 0; its programs are the world's applications.
 */
#ifndef LAUNCHER_WORLDS_H
#define LAUNCHER_WORLDS_H

#include "launcher/plan.h"

#define WORLDS_MAX 3 /* families of program_family() */

struct worlds {
    uint32_t n;                   /* 1: no two are known to differ */
    const char *name[WORLDS_MAX]; /* of the libraries, where n > 1; static */
    uint32_t *of_app;             /* NULL where n is 1 */
};

/* By what the programs link. One of which that does not tell (a script, say) is of the world of the one before it; the
 * first, of that of the one behind it. worlds_fini frees. */
void worlds_find(struct worlds *w, const struct options *o);
void worlds_fini(struct worlds *w);

/* What a world has of a plan: its ranks in order, and its applications. share_fini frees the lists. */
struct share {
    const struct map_rank **ranks;
    uint32_t nranks;
    const struct app **apps;
    uint32_t napps;
    uint32_t *number_of_app; /* by number in the request: the number among apps */
};
void share_take(struct share *s, const struct job_request *r, const struct map_plan *p, uint32_t world);
void share_fini(struct share *s);

#endif
