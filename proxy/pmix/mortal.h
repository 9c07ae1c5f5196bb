/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mortal: published names that go with the process that has published them (PMIX_PERSIST_PROC).
 */
#ifndef PROXY_PMIX_MORTAL_H
#define PROXY_PMIX_MORTAL_H

#include "proxy/pmix/server.h"

/* proc has published it; name is as pmi-server knows it, and copied. */
void mortal_add(const pmix_proc_t *proc, const char *name);
/* A rank of this node has taken it back: it may belong to somebody else from now on. */
void mortal_forget(const char *name);
/* The rank has ended: what it has published is taken back. */
void mortal_rank_ends(const struct rank *r);

#endif
