/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pace: who keeps how much of whom. What cannot be told now, for want of room, is told with the next message; until
 * then more is kept, or announced, than need be. */
#include "lib/p2p/pace.h"
#include <string.h>

enum { MUCH = 1 << 20, LITTLE = 1 << 18 }; /* bytes of one sender */

static bool counts(const struct peer *from, size_t n)
{
    return UNLIKELY(n > from->carrier->eager_max && from->carrier->inject_max > 0);
}

static void tell(struct p2p_peer *p, bool slow)
{
    uint64_t word = slow;
    if (peer_is_live(&p->peer) && p->peer.transport->inject(&p->peer, PACE, 0, 0, &word, sizeof word))
        p->slowed = slow;
}

void pace_kept(struct peer *from, size_t n)
{
    struct p2p_peer *p = p2p_peer(from);
    if (!counts(from, n))
        return;
    p->kept += n;
    if (p->kept > MUCH && !p->slowed)
        tell(p, true);
}

void pace_taken(struct peer *from, size_t n)
{
    struct p2p_peer *p = p2p_peer(from);
    if (!counts(from, n))
        return;
    p->kept -= n;
    if (p->kept < LITTLE && p->slowed)
        tell(p, false);
}

void pace_arrived(struct peer *from, const void *payload, size_t n)
{
    uint64_t word;
    memcpy(&word, payload, sizeof word);
    p2p_peer(from)->slow = word != 0;
}
