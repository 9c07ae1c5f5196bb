/* SPDX-License-Identifier: BSD-3-Clause
 *
 * front: ranks that speak PMIx, as the rest of the proxy sees them. OpenPMIx's server library serves them; it is loaded
 * for the first job that has such a rank on this node, and its thread talks to the loop through handover.h alone. Where
 * Muster was built without its headers, absent.c stands for all of this.
 */
#ifndef PROXY_PMIX_FRONT_H
#define PROXY_PMIX_FRONT_H

#include "proxy/proxy.h"

/* May a rank of this node speak PMIx? */
bool pmix_is_needed(const struct job *j);
/* Makes what such ranks need; `then` is called by the loop when they can be started, with the reason if they cannot
 * (NULL: all is well). A rank that may speak something else is started in any case. */
void pmix_job_add(struct job *j, void (*then)(struct job *j, const char *why));
void pmix_job_del(struct job *j);

/* "NAME=VALUE" that its library finds the server by: ended by NULL, the caller frees all. NULL: nothing. */
char **pmix_environment(const struct rank *r);

/* The rank has ended while others need it, here or on another node. status is waitpid's. */
void pmix_rank_ended(struct job *j, uint32_t rank, int status);
/* A rank of this node has ended: others may wait for it, and in the library nobody sees that. */
void pmix_rank_gone(struct rank *r);

/* pmi-server's ops of these names. */
void pmix_modex(struct job *j, uint32_t rank, uint32_t id, struct bytes key, uint32_t timeout);
void pmix_notice(struct proxy *proxy, const void *p, size_t n);

/* What the library has left in the file system goes. Takes a proxy that never had any. */
void pmix_leave(struct proxy *proxy);

/* The library has a thread: leave with _exit. */
bool pmix_has_threads(void);

#endif
