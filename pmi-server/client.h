/* SPDX-License-Identifier: BSD-3-Clause
 *
 * client: a local rank of a job, as the engine knows it.
 */
#ifndef PMI_SERVER_CLIENT_H
#define PMI_SERVER_CLIENT_H

#include "pmi-server/request.h"

#define PMI_CLIENT_REQUESTS_MAX 1024         /* requests of a rank that wait for an answer */
#define PMI_CLIENT_PARKED_MAX (4 * 1048576)  /* bytes of these */
#define PMI_CLIENT_BACKLOG_MAX (4 * 1048576) /* bytes behind a request that must be answered first */

struct pmi_client {
    struct pmi_server_job *job;
    void *ctx;
    uint32_t rank;
    uint32_t appnum;
    uint32_t index; /* among the job's local ranks */
    bool inited, finalized, failed, gone, aborted;
    struct pmi_stream in;
    struct pmi_requests requests;
    uint32_t nrequests;
    size_t parked;            /* bytes of these */
    uint32_t in_order;        /* requests that hold back what follows them: 0 or 1 */
    uint32_t fences;          /* PMI-2 fences that not every rank has reached */
    struct pmi_requests held; /* gets that wait for these */
    uint32_t stores;          /* what it has put */
    uint64_t stored;          /* and its bytes */
    uint32_t misses;          /* gets that had to be fetched: a rank with many reads widely */
    struct buf spawn;         /* PMI-1 spawn: the blocks that have come, encoded */
    uint32_t spawn_seen, spawn_total;
    const char *spawn_bad; /* why it cannot be; NULL: it can */
    uint64_t since;
};

void pmi_client_fail(struct pmi_client *c, const char *why); /* a rank that broke the protocol */
/* The rank wants its job to end; the first time counts. */
void pmi_client_abort(struct pmi_client *c, int code, const char *message);
void pmi_client_initialized(struct pmi_client *c);
void pmi_client_finalized(struct pmi_client *c);

#endif
