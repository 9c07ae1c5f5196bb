/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree_way: how proxies are started: the way that the user or the hosts want, and what it is to know of them.
 */
#ifndef LAUNCHER_TREE_WAY_H
#define LAUNCHER_TREE_WAY_H

#include "launcher/cluster.h"
#include "launcher/options.h"

/* Makes st; ops NULL: on this machine. 0, or -1 with e set. */
int tree_way(struct cluster *c, struct starter *st, const struct start_ops *ops, const struct options *o,
             struct err *e);

#endif
