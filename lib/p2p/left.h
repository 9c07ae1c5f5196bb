/* SPDX-License-Identifier: BSD-3-Clause
 *
 * left: ranks that have called MPI_Finalize. They leave when they like, also while others work on: a program whose
 * ranks end at different times is right, and pays nothing for it here. But who waits for one of them would wait for
 * ever. So who has waited for a while looks for that, and what it waits for ends with MPI_ERR_PROC_ABORTED:
 *   - a receive or probe from a rank that has left, once all that it sent has been delivered;
 *   - one from any source, when nobody is left who could send: not even this process, which waits;
 *   - a message that a rank that has begun to leave was to take, and has not taken. One that needs no receiver to be
 *     complete (a short one) ends well, as it does if it comes before the receiver leaves;
 *   - a collective in which a rank has left without taking part.
 * What a program only tests goes on: it may be cancelled later, and then all is well.
 */
#ifndef LIB_P2P_LEFT_H
#define LIB_P2P_LEFT_H

#include "lib/p2p/p2p.h"
#include "wire/node_segment.h"

/* How often ranks of this node have been seen to leave. */
extern uint32_t left_seen;

/* This process is in MPI_Finalize: it receives nothing more (RANK_LEAVING), or sends nothing more (RANK_FINALIZED). */
void left_tell(enum rank_state s);

/* For w, which waits on a request or for something else: looks who has left, and ends what they are needed for. True:
 * see whether the wait is over. first: it has just begun to. w NULL: nobody waits, somebody tests. */
bool left_look(const struct waiter *w, const struct request *on, bool first);

/* Has that local rank left, and has all that it sent been delivered? */
bool left_has(int local);
/* A probe waits for a message: an error class if none can come. */
int left_source(struct comm *c, struct match_key what);
int left_error(int local, const char *what); /* MPI_ERR_PROC_ABORTED, with a note of what can never complete */

void left_fini(void);

#endif
