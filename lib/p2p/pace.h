/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pace: long messages that come as one packet (inject_max), and that nobody receives yet, take their receiver's memory.
 * When it keeps much of one sender, it tells that one, who announces them from then on, until there is room again. */
#ifndef LIB_P2P_PACE_H
#define LIB_P2P_PACE_H

#include "lib/p2p/protocol.h"

/* An eager message of so many bytes is kept, or is not any more. */
void pace_kept(struct peer *from, size_t n);
void pace_taken(struct peer *from, size_t n);
/* Its receiver has told something. */
void pace_arrived(struct peer *from, const void *payload, size_t n);

#endif
