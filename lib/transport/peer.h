/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peer: the processes that messages go to and come from. */
#ifndef LIB_TRANSPORT_PEER_H
#define LIB_TRANSPORT_PEER_H

#include <sys/queue.h>
#include "lib/transport/transport.h"

TAILQ_HEAD(request_queue, request);

/* Another process (or oneself), as far as messages go. */
struct peer {
    const struct transport *transport; /* NULL: no way to it */
    int proc;
    int local;                    /* its place among the ranks of this node, or -1 */
    void *channel;                /* the transport's, from malloc; freed with the peer */
    struct request_queue pending; /* p2p: what could not be sent yet, in order */
    struct request_queue streams; /* p2p: the rest of messages under way */
    int announced;                /* p2p: messages to it that wait to be fetched */
    struct way *ways;             /* p2p: of long messages from it, from malloc; freed with the peer */
    uint32_t streamed;            /* p2p: bytes sent to it in pieces, as far as that matters */
    bool queued;                  /* p2p: on the list of those with something pending */
    TAILQ_ENTRY(peer) more;
};

/* The peer of a process number, made on first use; NULL without memory. */
struct peer *peer_get_slow(int proc);
extern struct peer **peer_table; /* by process number */
static inline struct peer *peer_get(int proc)
{
    struct peer *p = peer_table[proc];
    return LIKELY(p != NULL) ? p : peer_get_slow(proc);
}

/* Delivers all that it has sent so far: for one that sends no more. */
void peer_drain(struct peer *p);
/* Can packets still go to that peer, another process? False: it has failed, finalized, or cannot be reached. */
static inline bool peer_is_live(const struct peer *p)
{
    return p && p->transport && p->transport != &transport_failed && p->transport != &transport_finalized;
}

int peer_init(void); /* 0 or an error class */
void peer_fini(void);

#endif
