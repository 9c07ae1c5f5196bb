/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_job: what mpiexec's half holds of a job, and of all jobs.
 */
#ifndef PMI_SERVER_ROOT_JOB_H
#define PMI_SERVER_ROOT_JOB_H

#include "pmi-server/epoch.h"
#include "pmi-server/quiet.h"
#include "pmi-server/prefetch.h"
#include "pmi-server/root.h"

struct pmi_name_store; /* name_store.c */
struct pmi_naming;     /* root_names.c */

/* A job. */
struct pmi_root_space {
    UT_hash_handle hh;
    struct pmi_root *root;
    uint32_t id, size;
    struct pmi_kvs store;
    bool stale;                    /* a value has been replaced since the last barrier of the whole job */
    struct pmi_prefetch *prefetch; /* one a child */
    struct pmi_quiet *quiets;      /* too */
    struct pmi_pending *pending;
    bool eager; /* somebody waits for values that are not put yet, or has */
    struct pmi_gathers gathers;
    struct buf dead;     /* "3,1", in the order of death */
    unsigned char *gone; /* a bit a rank that ended before init; NULL: none did */
    bool stuck;
};

/* A request of a rank. */
struct pmi_root_request {
    struct pmi_root_space *job;
    uint32_t child, id, rank;
};

struct pmi_spawning {
    UT_hash_handle hh;
    uint32_t id, job;
    uint32_t child, child_id; /* where the answer goes */
    struct pmi_control_spawn request;
};

struct pmi_root {
    const struct pmi_root_ops *ops;
    void *ctx;
    uint32_t children;
    bool *gone; /* by child: it is lost */
    struct pmi_root_space *jobs;
    const struct pmi_name_ops *names;
    void *names_ctx;
    struct pmi_name_store *store; /* where names are kept, if nowhere else */
    struct pmi_naming *namings;
    uint32_t last_naming;
    struct pmi_spawning *spawning;
    uint32_t last_spawn;
    struct pmi_modexing *modexings; /* root_modex.c */
    uint32_t last_modex;
    struct pmi_root_meeting *meetings; /* root_meeting.c */
    uint64_t last_meeting;
};

#endif
