/* SPDX-License-Identifier: BSD-3-Clause
 *
 * protocol: what the parts of p2p know of each other. */
#ifndef LIB_P2P_PROTOCOL_H
#define LIB_P2P_PROTOCOL_H

#include "lib/p2p/p2p.h"
#include "lib/transport/copy_cost.h"
#include "lib/p2p/p2p_request.h"

/* What is sent, and GET, which is not: a message that its receiver gets (fetch.c). */
enum packet_kind { EAGER = 1, RTS, CTS, DATA, FIN, CANCEL, CANCELLED, GET, PACE };

TAILQ_HEAD(request_queue, p2p_request);

/* A peer, and what p2p keeps of it. */
struct p2p_peer {
    struct peer peer;             /* first */
    struct request_queue pending; /* what could not be sent yet, in order */
    struct request_queue streams; /* the rest of messages under way */
    int announced;                /* messages to it that wait to be fetched */
    struct copy_cost *costs;      /* of long messages from it, from malloc */
    struct copy_busy busy;        /* of those that stream */
    size_t kept;                  /* of long messages from it, which came before their receives (pace.h) */
    bool slowed, slow;            /* it has been told of that; we have been told by it */
    bool queued;                  /* on the list of those with something pending */
    TAILQ_ENTRY(p2p_peer) more;
};

ALWAYS_INLINE struct p2p_peer *p2p_peer(struct peer *p)
{
    return (struct p2p_peer *)p;
}

/* send_queue.c: sends what r has to send next, now or when there is room. Packets that messages begin with keep their
 * order to one peer; the DATA and GET of those under way go behind, whatever came first. */
void send_queue_push(struct p2p_request *r, uint8_t kind);
bool send_queue_streaming(void); /* messages of ours are under way */
int send_queue_flush(void);      /* sends of it what can be sent now; packets */
/* Takes a send back that has not left yet; false: it has. */
bool send_queue_remove(struct p2p_request *r);
/* What waits for room ends as fate says: with an error class, or not yet (-1). True: something has ended. */
bool send_queue_purge(int (*fate)(const struct p2p_request *r));
/* Nothing more waits for that peer. */
void send_queue_leave(struct p2p_peer *p);

/* What is sent, by kind; false: no room, or not all of it. */
bool p2p_push_eager(struct p2p_request *r);
bool rendezvous_push_rts(struct p2p_request *r);
bool rendezvous_push_cts(struct p2p_request *r);
bool rendezvous_push_data(struct p2p_request *r);
bool rendezvous_push_fin(struct p2p_request *r);
bool cancel_push(struct p2p_request *r);

/* What was announced to a peer that is gone will not be fetched. */
void rendezvous_forget(struct peer *p);
/* A send that was announced, and will not be fetched: forgotten, if its peer is not gone already. */
void rendezvous_not_fetched(struct p2p_request *r);
/* Are there messages that others are still to fetch? Which is one of them; NULL: none. */
bool rendezvous_outstanding(void);
struct request *rendezvous_oldest(void);
/* An RTS that has found its receive, or that has not and is kept: bytes of its message. */
void rendezvous_receive(struct p2p_request *r, struct peer *from, struct match_key key, const void *payload, size_t n);
/* The sender of that matched receive is to stream it. */
void rendezvous_ask(struct p2p_request *r);
size_t rendezvous_bytes(const void *payload);
bool rendezvous_is_valid(const void *payload, size_t n); /* of a packet that says it is one */
uint64_t rendezvous_sender(const void *payload);         /* the request that sends it */
/* The packets after it. */
void rendezvous_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n);
/* Our announced send that an answer from this peer names, announced no more; NULL: there is none. */
struct p2p_request *rendezvous_answered(const struct peer *from, uint64_t sender);

/* fetch.c: the receiver gets a message out of its sender's memory. Begins, if it can be, and that is the better way;
 * both: each side has to copy in both directions meanwhile. False: nothing has happened. */
bool fetch_begin(struct p2p_request *r, const void *key, size_t key_bytes, bool both);
bool fetch_push(struct p2p_request *r);
/* A receive ends for another reason: true if it is being got, so that its memory is not free: it ends with that error
 * when it is. */
bool fetch_doom(struct p2p_request *r, int error);
bool fetch_under_way(void); /* any */
/* What is known of messages of that length from there, by kind of receive (r->cost_class, not 0); NULL without memory.
 */
struct copy_cost *fetch_cost(struct p2p_request *r);
void fetch_fini(void);

/* gather.c: a send that lies in many pieces is got by its receiver: its transport offers it. False: not now. */
bool gather_offer(struct p2p_request *r, void *key);

/* scatter.c: a matched receive of many pieces, which is got by parts, with that key, which stays. NULL: no memory,
 * or others have it. */
struct scatter;
struct scatter *scatter_new(struct p2p_request *r, const void *key, size_t key_bytes);
void scatter_free(struct scatter *s); /* nothing of it is under way; NULL is fine */
/* As a verb (remote.h): gets what has not been got. r->moved tells how much has, in the end. */
enum remote_state scatter_get(struct scatter *s, struct completion *done);
void scatter_stop(struct scatter *s); /* asks for no more */

/* MPI_Cancel of an active send: an operation of its request. Then what the two sides say of it. */
int cancel_send(struct request *r);
void cancel_asked(struct peer *from, const void *payload, size_t n);
void cancel_granted(struct peer *from, const void *payload, size_t n);

/* What a matched receive learns from the head. Returns how many bytes fit. */
ALWAYS_INLINE MPI_Count p2p_accept(struct p2p_request *r, struct match_key key, MPI_Count bytes)
{
    MPI_Count room = r->count * r->datatype->size;
    r->head.source = key.source;
    r->head.tag = key.tag;
    r->head.error = MPI_SUCCESS;
    if (UNLIKELY(bytes > room)) {
        r->head.error = MPI_ERR_TRUNCATE;
        r->posted.seq = (uint64_t)bytes; /* which nobody needs any more: for p2p_recv_explain */
        bytes = room;
    }
    return r->head.bytes = bytes;
}

struct unexpected;
/* The filled-in receive request takes this message, which was taken out of the queue, and frees it. */
void p2p_receive_unexpected(struct p2p_request *r, struct unexpected *u);
/* Starts the filled-in send request, which cannot leave at once; to a process. An error class: it is not under way. */
int p2p_send_start(struct p2p_request *r);
/* Starts the filled-in receive request. */
void p2p_recv_start(struct p2p_request *r);
void message_init(void); /* MPI_MESSAGE_NO_PROC */

bool p2p_send_packed(struct peer *p, struct match_key key, const void *buf, MPI_Count count, struct datatype *t);
/* The whole of a send that can leave at once. False: nothing has happened, send as usual. */
ALWAYS_INLINE bool p2p_send_now(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
                                uint64_t ctx)
{
    if (UNLIKELY(dest < 0))
        return false;
    struct peer *p = peer_table[comm_proc(c, dest)];
    if (UNLIKELY(!p || !p->transport || !TAILQ_EMPTY(&p2p_peer(p)->pending)))
        return false;
    MPI_Count n = count * t->size;
    if (UNLIKELY(n > (MPI_Count)p->transport->eager_max))
        return false;
    struct match_key key = match_key_of(ctx, c->rank, tag);
    if (UNLIKELY(!datatype_is_run(t, count)))
        return p2p_send_packed(p, key, buf, count, t);
    return p->transport->inject(p, EAGER, ctx, key.pair, (const char *)buf + t->true_lb, (size_t)n);
}

#endif
