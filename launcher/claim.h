/* SPDX-License-Identifier: BSD-3-Clause
 *
 * claim: which processors of this machine other jobs have bound ranks to, and which this run's jobs do. Where every
 * node is this machine only: elsewhere the proxies see to it.
 */
#ifndef LAUNCHER_CLAIM_H
#define LAUNCHER_CLAIM_H

#include "launcher/cluster.h"

/* Before planning: fills map_node.taken of all nodes. Whoever plans on this machine at the same time waits a little
 * until claim_end. */
void claim_begin(struct cluster *c);

/* p: what was planned, whose processors are claimed for the life of this process; NULL: nothing. */
void claim_end(struct cluster *c, const struct map_plan *p);

#endif
