/* SPDX-License-Identifier: BSD-3-Clause
 *
 * meeting: what ranks of any jobs take part in together: connect and disconnect, groups, fences across jobs.
 */
#ifndef PROXY_PMIX_MEETING_H
#define PROXY_PMIX_MEETING_H

#include "proxy/pmix/server.h"

/* In the library's thread. */
pmix_status_t meeting_connect(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo,
                              pmix_op_cbfunc_t done, void *arg);
pmix_status_t meeting_disconnect(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo,
                                 pmix_op_cbfunc_t done, void *arg);
pmix_status_t meeting_group(pmix_group_operation_t op, char name[], const pmix_proc_t procs[], size_t nprocs,
                            const pmix_info_t info[], size_t ninfo, pmix_info_cbfunc_t done, void *arg);
/* In the loop; data is borrowed. */
void meeting_fence(const pmix_proc_t procs[], size_t nprocs, struct bytes data, pmix_modex_cbfunc_t done, void *arg);

#endif
