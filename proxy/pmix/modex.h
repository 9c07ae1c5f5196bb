/* SPDX-License-Identifier: BSD-3-Clause
 *
 * modex: what a rank of another node has committed, when a rank of this one needs it.
 */
#ifndef PROXY_PMIX_MODEX_H
#define PROXY_PMIX_MODEX_H

#include "proxy/pmix/server.h"

/* In the library's thread. */
pmix_status_t modex_begin(const pmix_proc_t *proc, const pmix_info_t info[], size_t ninfo, pmix_modex_cbfunc_t done,
                          void *arg);

#endif
