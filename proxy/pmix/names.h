/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: PMIx_Publish, PMIx_Lookup and PMIx_Unpublish, with the names of PMI-1 and PMI-2.
 */
#ifndef PROXY_PMIX_NAMES_H
#define PROXY_PMIX_NAMES_H

#include "proxy/pmix/server.h"

/* In the library's thread. */
pmix_status_t names_publish(const pmix_proc_t *proc, const pmix_info_t info[], size_t n, pmix_op_cbfunc_t done,
                            void *arg);
pmix_status_t names_lookup(const pmix_proc_t *proc, char **keys, const pmix_info_t info[], size_t n,
                           pmix_lookup_cbfunc_t done, void *arg);
pmix_status_t names_unpublish(const pmix_proc_t *proc, char **keys, const pmix_info_t info[], size_t n,
                              pmix_op_cbfunc_t done, void *arg);

#endif
