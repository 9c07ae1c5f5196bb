/* SPDX-License-Identifier: BSD-3-Clause
 *
 * said: what a rank has logged: lines of its stdout or stderr.
 */
#ifndef PROXY_PMIX_SAID_H
#define PROXY_PMIX_SAID_H

#include "proxy/pmix/server.h"

/* In the library's thread. */
void said_begin(const pmix_proc_t *client, const pmix_info_t data[], size_t ndata, const pmix_info_t directives[],
                size_t ndirs, pmix_op_cbfunc_t done, void *arg);

#endif
