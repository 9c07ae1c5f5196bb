/* SPDX-License-Identifier: BSD-3-Clause
 *
 * server: the proxy's one PMIx server, and its jobs; what the other files of this folder share.
 */
#ifndef PROXY_PMIX_SERVER_H
#define PROXY_PMIX_SERVER_H

#include "proxy/pmix/handover.h"
#include "proxy/pmix/infos.h"
#include "proxy/pmix/library.h"
#include "proxy/pmix/private_dir.h"
#include "proxy/proxy.h"

struct pmix {
    struct proxy *proxy;
    const struct pmix_library *lib;
    struct private_dir dir;
    bool failed; /* it could not be started, and `why` says so */
    struct err why;
};

/* Started when it is first asked for. NULL: it cannot be, and e says why. */
struct pmix *pmix_server_start(struct proxy *proxy, struct err *e);
/* The one that runs. Tasks come only while there is one. */
struct pmix *pmix_server(void);
/* Has one been, or is one being, started? From any thread. */
bool pmix_server_begun(void);

/* Whom the library means; NULL: no such job, or no rank of it here. */
struct job *pmix_job_of(const char *nspace);
struct rank *pmix_rank_of(const pmix_proc_t *p);
struct rank *pmix_rank_in(const struct job *j, uint32_t rank);

/* job.c: the library learns of a job that has no rank here which speaks PMIx; of one that it knows, nothing happens. */
void pmix_job_know(struct job *j);

/* upcalls.c: what the library calls, in its own thread. */
void pmix_upcalls(pmix_server_module_t *m);

#endif
