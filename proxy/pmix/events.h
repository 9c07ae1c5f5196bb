/* SPDX-License-Identifier: BSD-3-Clause
 *
 * events: what happened, told to the ranks that want to know: by one of them, or by us of a rank that has ended.
 */
#ifndef PROXY_PMIX_EVENTS_H
#define PROXY_PMIX_EVENTS_H

#include "proxy/pmix/server.h"
#include "wire/buf.h"

/* In the library's thread. Which rank wants what is kept by the library. */
pmix_status_t events_register(pmix_status_t *codes, size_t ncodes, const pmix_info_t info[], size_t ninfo,
                              pmix_op_cbfunc_t done, void *arg);
pmix_status_t events_deregister(pmix_status_t *codes, size_t ncodes, pmix_op_cbfunc_t done, void *arg);
pmix_status_t events_notify(pmix_status_t code, const pmix_proc_t *source, pmix_data_range_t range, pmix_info_t info[],
                            size_t ninfo, pmix_op_cbfunc_t done, void *arg);
/* A NOTICE_EVENT has come. */
void events_heard(struct proxy *proxy, struct rbuf *r);

#endif
