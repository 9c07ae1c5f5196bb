/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_area: how the members of a communicator come to an area, and leave it. */
#ifndef LIB_COLL_SHM_NODE_AREA_H
#define LIB_COLL_SHM_NODE_AREA_H

#include "lib/coll/base/sched.h"
#include "lib/coll/shm/node.h"

/* Can the members of c have one? All come to the same. */
bool node_eligible(const struct comm *c);
/* Adds the steps by which they do. a is zeros; afterwards it is open, or has no area, on all members. It must live as
 * long as the schedule. */
void node_make(struct sched *s, struct node *a, struct comm *c);
/* Nothing is under way in it. */
void node_leave(struct node *a);
/* From now on whatever waits in it ends with that error class. */
void node_break(struct node *a, int error);

#endif
