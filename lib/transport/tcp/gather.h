/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gather: the packets of a burst of nonblocking sends leave in one write. A write takes as long as making a hundred of
 * them. The first one goes at once, and what follows it before the process polls, or looks whether something is
 * complete, stays until then, or until there is enough. If a burst has been kept for long, since the process computes
 * first, the next ones are not kept. */
#ifndef LIB_TRANSPORT_TCP_GATHER_H
#define LIB_TRANSPORT_TCP_GATHER_H

#include "lib/transport/tcp/connection.h"

/* A packet has been added to an idle connection: may it stay for now? */
bool gather_keeps(struct conn *c);
/* May a long packet go? Not if many have since this process last looked for what has come: the receiver may have asked
 * for less. */
bool gather_allows(struct conn *c, size_t bytes);
/* Everything that is kept goes. Who polls, or looks for what has come, calls it. */
void gather_push(void);
/* What it keeps of that connection is being written, or is lost. */
void gather_forget(struct conn *c);

#endif
