/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failure_sweep: who needs a rank that no message reaches gets an error instead of waiting for ever: the rank
 * has failed, or lives on another node. What a rank sent before its end is still received. After that
 *   - a send to it, a receive or probe from it fails;
 *   - a collective on a communicator with it as a member fails, on all members, from then on;
 *   - receives from any source that wait on such a communicator fail, and if none waits, the next one that would have
 *     to wait does: that is how a program learns of it. Those after that are served by the ranks that are left, as long
 *     as there are any.
 */
#ifndef LIB_P2P_FAILURE_SWEEP_H
#define LIB_P2P_FAILURE_SWEEP_H

#include "lib/p2p/p2p.h"
#include "lib/transport/peer.h"
#include "lib/process/failed.h"

/* Looks for ranks that have failed, and ends what waits for them. True: there was one. */
bool failure_sweep(void);

/* For use while failed_or_far. Error classes, with a note of what is wrong (error_detail_set). */
int failure_of_peer(const struct peer *p);                    /* a message to or from it */
int failure_of_source(struct comm *c, struct match_key what); /* a receive or probe that finds no message */
int failure_of_all(struct comm *c);                           /* a collective */
/* A collective has ended so: later ones do, too, also at who needs nobody else there, and does not know yet whose end it
 * was. */
void failure_keep(struct comm *c);

#endif
