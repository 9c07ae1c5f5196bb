/* SPDX-License-Identifier: BSD-3-Clause
 *
 * control: what a rank wants done to its job, or to some of its ranks: all that a signal does.
 */
#ifndef PROXY_PMIX_CONTROL_H
#define PROXY_PMIX_CONTROL_H

#include "proxy/pmix/server.h"
#include "wire/buf.h"

/* In the library's thread. */
pmix_status_t control_begin(const pmix_proc_t *requestor, const pmix_proc_t targets[], size_t ntargets,
                            const pmix_info_t directives[], size_t ndirs, pmix_info_cbfunc_t done, void *arg);
/* A NOTICE_SIGNAL has come. */
void control_heard(struct proxy *proxy, struct rbuf *r);

#endif
