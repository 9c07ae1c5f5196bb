/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fence: PMIx_Fence, with data and without, of all ranks of a job or some.
 */
#ifndef PROXY_PMIX_FENCE_H
#define PROXY_PMIX_FENCE_H

#include "proxy/pmix/server.h"

/* In the library's thread: takes data over. */
pmix_status_t fence_begin(const pmix_proc_t procs[], size_t nprocs, char *data, size_t ndata, pmix_modex_cbfunc_t done,
                          void *arg);

#endif
