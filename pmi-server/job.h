/* SPDX-License-Identifier: BSD-3-Clause
 *
 * job: what one proxy holds of a job, and of all jobs.
 */
#ifndef PMI_SERVER_JOB_H
#define PMI_SERVER_JOB_H

#include "pmi-server/client.h"
#include "pmi-server/epoch.h"
#include "pmi-server/pending.h"
#include "pmi-server/quiet.h"
#include "pmi-server/prefetch.h"
#include "pmi-server/server.h"

struct pmi_remote; /* remote.c */

struct pmi_server_job {
    UT_hash_handle hh, by_name;
    struct pmi_server *server;
    uint32_t id, size, below;
    int32_t universe;
    char *kvsname;
    char *spawner;
    const struct rankmap *map;
    char *mapping; /* made when it is first asked for */
    uint32_t nclients;
    struct pmi_client *clients; /* rising ranks */
    uint32_t ngone;             /* of these */
    bool stuck;                 /* it has been said */
    bool resume;                /* a rank that was held back may go on */

    struct pmi_kvs seen;   /* values put here or fetched */
    struct pmi_kvs absent; /* PMI_ keys that the root does not have: nobody can put them later */
    struct buf puts;       /* on their way up: pairs */
    uint32_t nputs;
    bool stale; /* a key has got another value since the last barrier of the whole job */
    struct pmi_pending *pending;
    uint32_t window;               /* values that were asked for in advance, the last time that a rank read widely */
    bool wide;                     /* one does now: ask for more of them */
    uint32_t child_window;         /* the most that a child wants in advance */
    bool unsent;                   /* there are pending gets that have not been sent */
    struct pmi_prefetch *prefetch; /* one a child */
    /* For those who wait until a value is put. */
    bool eager;               /* there are, or were */
    struct pmi_quiet *quiets; /* one a child */
    uint32_t received;        /* messages from the parent that may have woken ranks */
    bool told, told_quiet;    /* the parent knows, and what */
    uint32_t told_received;

    struct pmi_gathers gathers; /* barriers that are under way */
    struct pmi_kvs nodeattrs;
    struct pmi_requests nodewaits;
};

struct pmi_server {
    const struct pmi_server_ops *ops;
    void *ctx;
    uint32_t children;
    bool *gone; /* by child: it is lost */
    struct pmi_server_job *jobs;
    struct pmi_server_job *names; /* the same, by kvsname */
    struct pmi_remote *remotes;
    uint32_t last_id;
    bool resume;                      /* there are jobs that say so */
    bool awake;                       /* ops->wake has been called since the last flush */
    const struct pmi_client *reading; /* whose messages are being taken */
};

#endif
