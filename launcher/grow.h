/* SPDX-License-Identifier: BSD-3-Clause
 *
 * grow: hosts that become part of the run while it goes on, because a spawn names them: one proxy on each, which stays
 * until the end.
 */
#ifndef LAUNCHER_GROW_H
#define LAUNCHER_GROW_H

#include "launcher/run.h"

/* Calls done(arg) when each of these hosts is there or is known not to come; before the return where nothing is to be
 * waited for. A host whose proxy could not be started before is tried again. */
void grow_ask(struct run *run, const struct hostlist *hosts, void (*done)(void *arg), void *arg);

/* Are they all there? 0, or -1 with e saying which is not, and why. */
int grow_check(const struct run *run, const struct hostlist *hosts, struct err *e);

/* What the tree tells of a host that was asked for (tree_ops.joined). */
void grow_joined(struct run *run, uint32_t node, const char *why);

#endif
