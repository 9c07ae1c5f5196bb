/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root: the half of the PMI server that runs in mpiexec: the jobs' key-values (held once, here), the last step of
 * barriers and fences, published names, spawn requests, the list of dead processes. The same laws as in server.h; "up"
 * payloads of the proxies directly below go in, "down" payloads to them come out.
 */
#ifndef PMI_SERVER_ROOT_H
#define PMI_SERVER_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pmi-server/names.h"
#include "wire/pmi_control.h"

struct pmi_root;

/* The strings of its commands are untrusted. */
struct pmi_spawn {
    uint32_t id;  /* names the request in pmi_root_spawn_done() and pmi_root_job.spawn */
    uint32_t job; /* who asks */
    uint32_t rank;
    uint32_t ncmds;
    const struct pmi_control_command *cmds;
};

struct pmi_root_ops {
    void (*down)(void *ctx, uint32_t child, const void *p, size_t n);
    /* Start these. The request is borrowed until the op returns; answer with pmi_root_spawn_done(), at once is too
     * early (an op may not call into the engine), any time later will do. */
    void (*spawn)(void *ctx, const struct pmi_spawn *req);
    /* A job cannot go on: `rank` ended before it reached what the others wait in. `why` is one lowercase line to follow
     * the rank's name, such as "exited before it reached the barrier that ranks 0-2 wait in". */
    void (*stuck)(void *ctx, uint32_t job, uint32_t rank, const char *why);
    /* So many more ties of a job with the one of that kvsname (wire/pmi_control.def; it may be unknown). NULL: nobody
     * keeps them. */
    void (*ties)(void *ctx, uint32_t job, struct bytes other, int64_t more);
    /* These jobs (numbers, which may be unknown) are connected with each other, or (parted) are not any more. NULL too.
     */
    void (*met)(void *ctx, const uint32_t *jobs, uint32_t n, bool parted);
    /* The link by which this rank is reached; PMI_NO_CHILD: it is out of reach. NULL: nobody asks. */
    uint32_t (*child_of)(void *ctx, uint32_t job, uint32_t rank);
};

struct pmi_root_job {
    uint32_t id;
    const char *kvsname; /* as in struct pmi_job */
    uint32_t size;
    uint32_t spawn; /* the request that this job answers: its preput keys become the job's; 0: none */
};

/* children: how many links lead down from mpiexec; it may grow with pmi_root_children(). */
struct pmi_root *pmi_root_create(const struct pmi_root_ops *ops, void *ctx, uint32_t children);
void pmi_root_destroy(struct pmi_root *r); /* NULL is allowed */
void pmi_root_children(struct pmi_root *r, uint32_t children);

/* Names are kept there from now on, before any rank has spoken; without this, in this process's memory, where all jobs
 * of this mpiexec share them. ops and ctx are borrowed. */
void pmi_root_names(struct pmi_root *r, const struct pmi_name_ops *ops, void *ctx);
/* The completion of an operation that these ops have begun (root: r); may be called inside them. One that is not known
 * belongs to a job that has ended, and is ignored. */
void pmi_root_name_done(void *root, uint32_t id, int rc, struct bytes text);

/* -1: that number is taken, or the name is too long. Add a job before any of its ranks can speak. */
int pmi_root_job_add(struct pmi_root *r, const struct pmi_root_job *job);
/* The job has ended: its key-values and the names that it published go. */
void pmi_root_job_del(struct pmi_root *r, uint32_t job);
/* One more key for the job (before its ranks start), such as attributes of the command line. PMI_ names are allowed. */
int pmi_root_put(struct pmi_root *r, uint32_t job, const char *key, const char *value);
/* The rank has ended and never said init: whoever waits for it does so in vain, now or later (`stuck` follows). */
void pmi_root_gone(struct pmi_root *r, uint32_t job, uint32_t rank);
/* The rank's process has ended, in whatever way: names that it has published go. */
void pmi_root_rank_end(struct pmi_root *r, uint32_t job, uint32_t rank);
/* The rank has died and the job goes on: it is named in PMI_dead_processes from now on. */
void pmi_root_dead(struct pmi_root *r, uint32_t job, uint32_t rank);

/* The link `child` is lost: no rank behind it puts anything any more, and who waits for that waits in vain. */
void pmi_root_child_gone(struct pmi_root *r, uint32_t child);

/* A payload from the link `child`. -1: it does not decode, or cannot be: the link is broken. */
int pmi_root_up(struct pmi_root *r, uint32_t child, const void *p, size_t n);

/* The answer to a spawn request: how each process fared, in order of the commands (0: started; else an MPI error code
 * or errno, which the rank hands to its program). n = 0: as many zeros as processes were asked for. `why` not NULL: the
 * whole request failed, and nothing was started. An id that nobody waits for (its rank died) is ignored. */
void pmi_root_spawn_done(struct pmi_root *r, uint32_t id, const char *why, const char *kvsname, const int32_t *codes,
                         uint32_t n);

/* What waits: one call for each barrier of the job that has not completed. `group` as the ranks named it ("WORLD",
 * "0,3,5:7"), so many of its ranks have arrived as far as the root knows, of so many. */
typedef void pmi_root_wait_fn(void *arg, const char *group, uint32_t arrived, uint32_t size);
void pmi_root_waits(const struct pmi_root *r, uint32_t job, pmi_root_wait_fn *fn, void *arg);

#endif
