/* SPDX-License-Identifier: BSD-3-Clause
 *
 * p2p_request: the request of a message, sent or received. */
#ifndef LIB_P2P_P2P_REQUEST_H
#define LIB_P2P_P2P_REQUEST_H

#include "lib/datatype/datatype.h"
#include "lib/request/request.h"
#include "lib/transport/peer.h"

/* A place in a matching table (match.h). */
struct match_node {
    struct match_node *next, *prev;
    struct match_key key;
    uint64_t seq; /* order in which receives were posted */
};

/* Two cache lines for what every message needs, a third one for the long way. The head's stage is the kind of the
 * packet that it has sent last, or is to send (enum packet_kind). */
struct p2p_request {
    struct request head;

    /* what was asked for */
    union {
        const void *sbuf;
        void *rbuf;
    };
    MPI_Count count;
    struct datatype *datatype; /* held while it is alive */
    struct match_node posted;  /* its key: of a send, too, with the other rank as source */

    /* under way */
    struct peer *peer; /* of a send, and of a receive that is matched; NULL: not under way */
    MPI_Count moved;   /* bytes moved so far */
    union {
        MPI_Count whole; /* bytes that come, though not all may fit */
        void *mem;       /* a send that is registered: the transport's handle */
    };
    uint64_t remote; /* the other side's request */
    TAILQ_ENTRY(p2p_request) link;
    void *extra;        /* of a buffered send its copy, of a receive its fetch */
    uint8_t mode;       /* of a send: enum send_mode */
    uint8_t cost_class; /* of a receive: what it is timed as, from 1; 0: it is not */
    bool both;          /* it streams while messages stream the other way, too */
    bool registered;    /* of a send: others may get it, until `mem` is given back */
};
static_assert(offsetof(struct p2p_request, peer) == 128, "lines of the fast path");
REQUEST_FITS(struct p2p_request);

ALWAYS_INLINE struct p2p_request *p2p_request_of(struct request *r)
{
    return (struct p2p_request *)r;
}
static inline bool is_message(const struct request *r)
{
    return r->type == REQ_SEND || r->type == REQ_RECV;
}

/* A new one, active; takes references. What lies behind the head and its type is left unset. */
ALWAYS_INLINE struct p2p_request *p2p_request_new(enum request_type type, const struct request_ops *ops,
                                                  struct comm *comm, struct datatype *t)
{
    struct p2p_request *r = p2p_request_of(request_new(type, ops, comm));
    if (UNLIKELY(!r))
        return NULL;
    r->datatype = t;
    if (UNLIKELY(!t->obj.predefined)) {
        t->obj.refs++;
        r->head.owns = true;
    }
    return r;
}

/* A send that nobody waits for: it goes by itself when it is complete, and what `ops` release with it. */
static inline void p2p_let_go(struct request *r, const struct request_ops *ops)
{
    r->ops = ops;
    r->owns = true;
    if (r->complete)
        request_free(r);
    else
        r->orphan = true;
}

/* For their ops. */
int p2p_request_release(struct request *r);
void p2p_request_describe(const struct request *r, struct trace_wait *t);
void p2p_describe(const struct comm *c, struct match_key key, bool sends, struct trace_wait *t);
void p2p_recv_explain(const struct request *r);
void p2p_recv_prefault(const struct request *r);

#endif
