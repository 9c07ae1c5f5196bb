/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transport: which process is reached by what, and who is polled. */
#include "lib/transport/transport.h"
#include "lib/transport/peer.h"

uint32_t transport_attention;
static uint32_t inside; /* the bits of those that carry within this process */

int transport_init(void)
{
    int rc = peer_init();
    transport_attention = inside = 0;
    for (uint32_t i = 0; transport_table[i] && rc == MPI_SUCCESS; i++) {
        inside |= transport_table[i]->inside ? UINT32_C(1) << i : 0;
        rc = transport_table[i]->init(UINT32_C(1) << i);
    }
    return rc;
}

void transport_fini(void)
{
    for (uint32_t i = 0; transport_table[i]; i++)
        transport_table[i]->fini();
    peer_fini();
    transport_attention = 0;
}

void transport_select(struct peer *p)
{
    for (uint32_t i = 0; transport_table[i]; i++) {
        const struct transport *t = transport_table[i];
        if (!t->reaches(p))
            continue;
        /* Both sides choose alike, so that nothing overtakes: one that fails is not made up for by another. */
        p->transport = p->carrier = t;
        if (!t->connect(p, NULL))
            p->transport = NULL;
        return;
    }
}

static inline int poll_those(uint32_t which)
{
    int n = 0;
    for (; which; which &= which - 1)
        n += transport_table[__builtin_ctz(which)]->poll();
    return n;
}

int transport_poll(void)
{
    return poll_those(transport_attention);
}

void transport_poll_inside(void)
{
    poll_those(transport_attention & inside);
}
