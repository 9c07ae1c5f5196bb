/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: what the collectives keep with a communicator. Two sets of it, since blocking collectives may begin while
 * others are under way that nobody waits in, and each set is used in the same order on all members. */
#ifndef LIB_COLL_STATE_H
#define LIB_COLL_STATE_H

#include "lib/coll/levels.h"
#include "lib/coll/shm/phase.h"

struct coll_set {
    bool made, making;
    struct shm_coll *shm;  /* area of all members; open, or not to be used */
    struct levels *levels; /* or NULL */
};

/* comm->coll points here. It begins with the area of blocking collectives (shm_quick). */
struct coll_state {
    struct shm_coll now_shm;
    struct coll_set now, later;
    struct sched_line line; /* of those that use the set `later` */
};

/* That of c, with the set for blocking collectives made, if c may have one. NULL without memory. */
struct coll_state *state_now(struct comm *c);
/* An algorithm is named, or none is any more. */
void state_choice_changed(void);
/* That of c, with its other set, made or in the making: a schedule at the head of the line does it. */
struct coll_state *state_later(struct comm *c);

#endif
