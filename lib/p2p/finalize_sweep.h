/* SPDX-License-Identifier: BSD-3-Clause
 *
 * finalize_sweep: ranks may call MPI_Finalize while others work on: a program whose ranks end at different times
 * is right, and pays nothing for it here. But who waits for one of them would wait for ever. So a process that has
 * waited for a while looks for that, and what it waits for ends with MPI_ERR_PROC_ABORTED:
 *   - a receive or probe from a rank that has finalized, once all that it sent has been delivered;
 *   - one from any source, when nobody is left who could send: not even this process, which waits;
 *   - a message that a rank that is finalizing was to match, and has not. One that needs no receiver to be complete (a
 *     short one) ends well, as it does if it comes before the receiver finalizes;
 *   - a collective in which a rank has finalized without taking part.
 * What a program only tests goes on: it may be cancelled later, and then all is well.
 */
#ifndef LIB_P2P_FINALIZE_SWEEP_H
#define LIB_P2P_FINALIZE_SWEEP_H

#include "lib/p2p/p2p.h"
#include "lib/transport/peer.h"
#include "lib/process/finalized.h"

/* For w, which waits on a request or for something else: looks who has finalized, and ends what they are needed for.
 * True: see whether the wait is over. first: it has just begun to. w NULL: nobody waits, somebody tests. */
bool finalize_sweep(const struct waiter *w, const struct request *on, bool first);

/* A probe waits for a message: an error class if none can come. */
int finalize_of_source(struct comm *c, struct match_key what);

#endif
