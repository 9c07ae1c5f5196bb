/* SPDX-License-Identifier: BSD-3-Clause
 *
 * counted: the verbs of packets, with a count. */
#include "lib/transport/counted.h"
#include "lib/core/tally.h"
#include "lib/transport/peer.h"

enum { ROWS = 8 };
static struct transport counted[ROWS]; /* as the table of transports */
static uint8_t counted_kind;           /* of packets; 0: it is off */
static size_t peeked;                  /* bytes of the packet that was seen last, which is the one that is consumed */

static void count_sent(uint8_t kind, size_t n)
{
    if (kind != counted_kind)
        return;
    tally.p2p_eager_sent++;
    tally.p2p_eager_bytes_sent += n;
}

static void counted_commit(struct peer *p, uint8_t kind, struct match_key key, size_t n)
{
    count_sent(kind, n);
    p->carrier->commit(p, kind, key, n);
}

static bool counted_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t n)
{
    bool gone = p->carrier->inject(p, kind, ctx, pair, payload, n);
    if (gone)
        count_sent(kind, n);
    return gone;
}

static struct arrival counted_peek(struct peer *p, int spins)
{
    struct arrival a = p->carrier->peek(p, spins);
    if (a.head)
        peeked = packet_bytes(a.head);
    return a;
}

static void counted_consume(struct peer *p)
{
    tally.p2p_received++;
    tally.p2p_eager_bytes_received += peeked;
    p->carrier->consume(p);
}

static void counted_make(int row)
{
    struct transport *t = &counted[row];
    *t = *transport_table[row];
    t->commit = counted_commit;
    t->inject = counted_inject;
    t->peek = t->peek ? counted_peek : NULL;
    t->consume = t->consume ? counted_consume : NULL;
}

void counted_tune(void)
{
    for (int i = 0; i < ROWS && transport_table[i]; i++)
        counted_make(i);
}

const struct transport *counted_or_plain(const struct transport *t)
{
    for (int i = 0; counted_kind && i < ROWS && transport_table[i]; i++)
        if (transport_table[i] == t)
            return &counted[i];
    return t;
}

/* One that is retired, or that nothing reaches, stays so. */
static void each_peer(void)
{
    for (struct peer *p = peer_newest; p; p = p->before)
        if (peer_is_live(p))
            p->transport = counted_or_plain(p->carrier);
}

void counted_begin(uint8_t kind)
{
    counted_kind = kind;
    counted_tune();
    each_peer();
}

void counted_end(void)
{
    counted_kind = 0;
    each_peer();
}
