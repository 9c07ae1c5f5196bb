/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cleanup: nobody is left behind. The proxy is the reaper of all orphans below it, so whatever its ranks started, in
 * whatever session, is its descendant.
 */
#ifndef PROXY_CLEANUP_H
#define PROXY_CLEANUP_H

#include "proxy/proxy.h"

/* Kills (SIGKILL) all descendants of this process until there is none. Returns within a second or so even when
 * one cannot die (a dead file server). */
void cleanup_everything(void);

/* A proxy below has died: kills what it left to us, which are our children that we did not start. */
void cleanup_orphans(struct proxy *proxy);

#endif
