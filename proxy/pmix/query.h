/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: what a rank asks about jobs, their ranks and process sets.
 */
#ifndef PROXY_PMIX_QUERY_H
#define PROXY_PMIX_QUERY_H

#include "proxy/pmix/server.h"

/* In the library's thread. */
pmix_status_t query_begin(pmix_proc_t *proc, pmix_query_t *queries, size_t nqueries, pmix_info_cbfunc_t done,
                          void *arg);

#endif
