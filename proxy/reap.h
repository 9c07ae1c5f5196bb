/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reap: notices the end of processes: of ranks, whose exit goes up, and of orphans, which are only collected.
 */
#ifndef PROXY_REAP_H
#define PROXY_REAP_H

#include "proxy/proxy.h"

void reap_init(struct proxy *proxy);

/* All ranks reaped and their output sent: says OUTPUT_END, once. */
void reap_check_done(struct job *j);

/* What has ended while ranks were being started. */
void reap_postponed(struct proxy *proxy);

/* The job is over: the user hears of the first rank here that ended well and left processes in its session. */
void reap_tell_left(struct job *j);

#endif
