/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ranks: starts the ranks of a job on this node, and ends them.
 */
#ifndef PROXY_RANKS_H
#define PROXY_RANKS_H

#include "proxy/proxy.h"

/* A LAUNCH came: decodes it, starts this node's ranks, answers STARTED. */
void ranks_launch(struct proxy *proxy, const unsigned char *payload, size_t len);

/* To the process group of every rank that lives; if_caught: to those of its processes that have a handler for it. */
void ranks_signal(struct job *j, int signal, bool if_caught);

/* The signal (and SIGCONT) now, SIGKILL to all that is left after the grace; again: sooner, with the new grace. */
void ranks_kill(struct job *j, int signal, uint64_t grace_ms);

/* The processors that a rank is bound to; NULL: it is not. Who only pretends to be a machine does not have its own. */
const char *rank_binding(const struct rank *r);

/* The job is over: frees it. */
void ranks_forget(struct job *j);

#endif
