/* SPDX-License-Identifier: BSD-3-Clause
 *
 * claims: the processors of this machine that running jobs have bound ranks to, so that the next job can take others.
 * Without a daemon, whoever the jobs are of, and gone with the process that made them, however it ends.
 *
 * A claim is a shared lock on byte N of a file of the kernel that everybody can read, for processor N. Nothing is
 * written, and several jobs may claim one processor. Where that file or its locks cannot be had, nobody has claims.
 * Jobs see one another if they see the same file: containers with a network of their own do not.
 *
 * MUSTER_CLAIMS_FILE names another file: for tests, which would else meet those of other jobs.
 */
#ifndef COMMON_CLAIMS_H
#define COMMON_CLAIMS_H

#include "common/cpulist.h"

struct claims {
    int fd; /* -1: claims cannot be had */
};

/* The claims that are made through c end with claims_close, or with this process. */
void claims_open(struct claims *c);
void claims_close(struct claims *c);

/* Who plans from what is claimed and then claims does both between these two, so that jobs that start in one instant
 * do not choose the same. Waits some milliseconds at most: it is better to share a processor than not to start. */
void claims_lock(const struct claims *c);
void claims_unlock(const struct claims *c);

/* Adds to taken those among the processors of mine that others have claimed. */
void claims_read(const struct claims *c, const struct cpulist *mine, struct cpulist *taken);

void claims_make(const struct claims *c, const struct cpulist *cpus);

#endif
