/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peer: the processes that messages go to and come from. */
#ifndef LIB_TRANSPORT_PEER_H
#define LIB_TRANSPORT_PEER_H

#include "lib/transport/transport.h"

/* Another process (or oneself). What p2p keeps of it lies behind (peer_extend). */
struct peer {
    const struct transport *transport; /* NULL: no way to it */
    const struct transport *carrier;   /* what carries, be it counted or not; stays when it is retired */
    int proc;
    int local;           /* its place among the ranks of this node, or -1 */
    void *channel;       /* the transport's, from malloc, from connect on; freed with the peer */
    struct peer *before; /* in the list of all */
};

/* The peer of a process number, made on first use; NULL without memory. */
struct peer *peer_get_slow(int proc);
extern struct peer **peer_table; /* by process number */
extern struct peer *peer_newest; /* the list of all */
static inline struct peer *peer_get(int proc)
{
    struct peer *p = peer_table[proc];
    return LIKELY(p != NULL) ? p : peer_get_slow(proc);
}

/* Delivers all that it has sent so far: for one that sends no more. */
void peer_drain(struct peer *p);
/* Nothing more goes to it or comes from it: disconnects it, and puts transport_failed or transport_finalized in the
 * place of its transport, if it has one. */
void peer_retire(struct peer *p, const struct transport *null);
/* Have so many processes from first on all gone that were ever connected? And nothing more is kept of them: for
 * processes that no communicator has. */
bool peers_are_over(int first, int count);
void peers_forget(int first, int count);
/* Can packets still go to that peer, another process? False: it has failed, finalized, or cannot be reached. */
static inline bool peer_is_live(const struct peer *p)
{
    return p && p->transport && p->transport != &transport_failed && p->transport != &transport_finalized;
}

int peer_init(void); /* 0 or an error class */
/* For the user of peers, before the first one is made: a peer is the beginning of an object of so many bytes. The rest
 * is zeros when begin is called for it; end is called before it goes. */
void peer_extend(size_t bytes, void (*begin)(struct peer *p), void (*end)(struct peer *p));
void peer_fini(void);

#endif
