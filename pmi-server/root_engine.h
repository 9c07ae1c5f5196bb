/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root_engine: what the files of mpiexec's half share.
 */
#ifndef PMI_SERVER_ROOT_ENGINE_H
#define PMI_SERVER_ROOT_ENGINE_H

#include "pmi-server/epoch.h"
#include "pmi-server/reader.h"
#include "pmi-server/root.h"
#include "wire/pmi.h"
#include "wire/pmi_control.h"

/* A job. */
struct pmi_root_space {
    UT_hash_handle hh;
    struct pmi_root *root;
    uint32_t id, size;
    struct pmi_kvs store;
    bool stale;                 /* a value has been replaced since the last barrier of the whole job */
    struct pmi_reader *readers; /* one a child */
    struct pmi_gathers gathers;
    struct buf dead;     /* "3,1", in the order of death */
    unsigned char *gone; /* a bit a rank that ended before init; NULL: none did */
    bool stuck;
};

struct pmi_published {
    UT_hash_handle hh;
    uint32_t job;
    char *port;
    char name[];
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
    struct pmi_root_space *jobs;
    struct pmi_published *names;
    struct pmi_spawning *spawning;
    uint32_t last_spawn;
};

/* root.c */
struct pmi_root_space *pmi_root_find(const struct pmi_root *r, uint32_t job);
void pmi_root_take_puts(struct pmi_root_space *j, const struct list *puts);
void pmi_root_send(struct pmi_root *r, uint32_t child, struct buf *b); /* sends and frees */
void pmi_root_stuck(struct pmi_root_space *j, uint32_t rank, const char *why);

/* root_barrier.c */
bool pmi_root_barrier_up(struct pmi_root_space *j, uint32_t child, struct rbuf *r);

/* root_request.c */
bool pmi_root_request_up(struct pmi_root_space *j, uint32_t child, struct rbuf *r);
void pmi_root_preput(struct pmi_root_space *j, uint32_t spawn);
void pmi_root_requests_job_del(struct pmi_root *r, uint32_t job);
void pmi_root_requests_clear(struct pmi_root *r);

#endif
