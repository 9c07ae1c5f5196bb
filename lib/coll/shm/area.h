/* SPDX-License-Identifier: BSD-3-Clause
 *
 * area: how the members of a communicator come to an area, and leave it. */
#ifndef LIB_COLL_SHM_AREA_H
#define LIB_COLL_SHM_AREA_H

#include "lib/coll/base/sched.h"
#include "lib/coll/shm/phase.h"

/* Can the members of c have one? All come to the same. */
bool area_eligible(const struct comm *c);
/* Adds the steps by which they do. a is zeros; afterwards it is open, or has no area, on all members. It must live as
 * long as the schedule. */
void area_make(struct sched *s, struct shm_coll *a, struct comm *c);
/* Nothing is under way in it. */
void area_leave(struct shm_coll *a);
/* From now on whatever waits in it ends with that error class. */
void area_break(struct shm_coll *a, int error);

#endif
