/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: jobs that ranks ask for by PMIx.
 */
#ifndef PROXY_PMIX_SPAWN_H
#define PROXY_PMIX_SPAWN_H

#include "proxy/pmix/server.h"

/* An upcall: PMIx_Spawn. What can be said of each attribute is said by a key of MPI_Comm_spawn's info. */
pmix_status_t spawn_begin(const pmix_proc_t *proc, const pmix_info_t job_info[], size_t ninfo, const pmix_app_t apps[],
                          size_t napps, pmix_spawn_cbfunc_t done, void *arg);

#endif
