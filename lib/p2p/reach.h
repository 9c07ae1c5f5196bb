/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reach: ranks that no message reaches: they have ended without MPI_Finalize, or live on another node. Who needs one of
 * them gets an error instead of waiting for ever.
 *
 * The launcher's proxy counts the ranks of a node that are gone in the node's segment; under another launcher the ranks
 * that sleep do. Whoever polls compares that
 * count with what it has seen. What a rank sent before its end is still received. After that
 *   - a send to it, a receive or probe from it fails;
 *   - a collective on a communicator with it as a member fails, on all members, from then on;
 *   - receives from any source that wait on such a communicator fail, and if none waits, the next one that would have
 *     to wait does: that is how a program learns of it. Those after that are served by the ranks that are left, as long
 *     as there are any.
 */
#ifndef LIB_P2P_REACH_H
#define LIB_P2P_REACH_H

#include <stdatomic.h>
#include "lib/p2p/request.h"

/* Some rank of the job cannot be reached. */
extern bool reach_limited;
extern const _Atomic uint32_t *reach_gone; /* how many ranks of this node are gone */
extern uint32_t reach_seen;

/* Where no proxy of ours counts them: whoever sleeps looks, about once a second, for ranks that are gone. */
void reach_watch(void);

bool reach_look_slow(void);
/* Looks for ranks that are gone, and ends what waits for them. True: there was one. */
static inline bool reach_look(void)
{
    /* Acquire is in the slow half. */
    return UNLIKELY(atomic_load_explicit(reach_gone, memory_order_relaxed) != reach_seen) && reach_look_slow();
}

/* For use while reach_limited. Error classes, with a note of what is wrong (error_note). */
int reach_peer(const struct peer *p);                    /* a message to or from it */
int reach_source(struct comm *c, struct match_key what); /* a receive or probe that finds no message */
int reach_all(struct comm *c);                           /* a collective */

void reach_init(void);
void reach_fini(void);

#endif
