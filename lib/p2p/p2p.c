/* SPDX-License-Identifier: BSD-3-Clause
 *
 * p2p: sends and receives, and what arrives for them; messages of one packet. */
#include "lib/p2p/p2p.h"
#include <stdlib.h>
#include "lib/core/bytes.h"
#include "lib/core/state.h"
#include "lib/core/tally.h"
#include "lib/p2p/finalize_sweep.h"
#include "lib/p2p/deadlock.h"
#include "lib/p2p/match.h"
#include "lib/p2p/pace.h"
#include "lib/p2p/protocol.h"
#include "lib/p2p/failure_sweep.h"
#include "lib/transport/counted.h"

bool p2p_send_packed(struct peer *p, struct match_key key, const void *buf, MPI_Count count, struct datatype *t)
{
    size_t n = (size_t)(count * t->size);
    void *room = p->transport->reserve(p, n);
    if (!room)
        return false;
    datatype_pack(t, buf, count, 0, room, n);
    p->transport->commit(p, EAGER, key, n);
    return true;
}

/* Does it go as one packet? The longest ones only as they lie, and if the receiver does not keep many. */
static bool is_eager(const struct p2p_request *r)
{
    const struct transport *t = r->peer->transport;
    size_t n = (size_t)r->head.bytes;
    return n <= t->eager_max ||
           (n <= t->inject_max && !p2p_peer(r->peer)->slow && datatype_is_run(r->datatype, r->count));
}

bool p2p_push_eager(struct p2p_request *r)
{
    const struct transport *t = r->peer->transport;
    struct match_key key = match_key_of(r->posted.key.ctx, r->head.comm->rank, r->posted.key.tag);
    bool gone;
    if (UNLIKELY(!is_eager(r))) { /* it has waited for room, and the receiver has slowed us meanwhile */
        r->head.stage = RTS;
        return rendezvous_push_rts(r);
    }
    if ((size_t)r->head.bytes > t->eager_max)
        gone = t->inject(r->peer, EAGER, key.ctx, key.pair, (const char *)r->sbuf + r->datatype->true_lb,
                         (size_t)r->head.bytes);
    else
        gone = p2p_send_packed(r->peer, key, r->sbuf, r->count, r->datatype);
    if (!gone)
        return false;
    request_complete(&r->head, MPI_SUCCESS);
    return true;
}

int p2p_send_start(struct p2p_request *r)
{
    struct peer *p = peer_get(comm_proc(r->head.comm, r->posted.key.source));
    if (UNLIKELY(!p || !(p->transport || transport_select(p))))
        return p ? failure_of_peer(p) : MPI_ERR_NO_MEM;
    r->head.bytes = r->count * r->datatype->size;
    r->moved = 0;
    r->registered = false;
    r->peer = p;
    send_queue_push(r, r->mode != MODE_SYNC && is_eager(r) ? EAGER : RTS);
    return MPI_SUCCESS;
}

static const struct request_ops send_ops = {.release = p2p_request_release, .describe = p2p_request_describe};
static const struct request_ops recv_ops = {.release = p2p_request_release,
                                            .describe = p2p_request_describe,
                                            .explain = p2p_recv_explain,
                                            .prefault = p2p_recv_prefault};

int p2p_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, uint64_t ctx,
             int mode, struct request **req)
{
    *req = NULL;
    if (dest == MPI_PROC_NULL)
        return MPI_SUCCESS;
    if (LIKELY(mode != MODE_SYNC) && p2p_send_now(buf, count, t, dest, tag, c, ctx))
        return MPI_SUCCESS;
    struct p2p_request *r = p2p_request_new(REQ_SEND, &send_ops, c, t);
    if (!r)
        return MPI_ERR_NO_MEM;
    r->sbuf = buf;
    r->count = count;
    r->posted.key = match_key_of(ctx, dest, tag);
    r->mode = (uint8_t)mode;
    int rc = p2p_send_start(r);
    if (rc == MPI_SUCCESS)
        *req = &r->head;
    else
        request_free(&r->head);
    return rc;
}

static void receive_eager(struct p2p_request *r, struct match_key key, const void *payload, size_t n)
{
    MPI_Count fits = p2p_accept(r, key, (MPI_Count)n);
    if (LIKELY(r->datatype->dense))
        bytes_copy((char *)r->rbuf + r->datatype->true_lb, payload, (size_t)fits);
    else
        datatype_unpack(r->datatype, r->rbuf, r->count, 0, payload, (size_t)fits);
    request_complete(&r->head, r->head.error);
}

void p2p_receive_unexpected(struct p2p_request *r, struct unexpected *u)
{
    if (u->kind == EAGER) {
        receive_eager(r, u->nodes[0].key, u->payload, u->n);
        pace_taken(u->from, u->n);
    } else
        rendezvous_receive(r, u->from, u->nodes[0].key, u->payload, u->n);
    unexpected_free(u);
}

void p2p_count(bool on)
{
    match_wild = on ? match_wild | MATCH_COUNTED : match_wild & ~MATCH_COUNTED;
    if (on)
        counted_begin(EAGER);
    else
        counted_end();
}

/* A message has come. */
static void count_received(const struct packet *h, size_t n)
{
    tally.p2p_received++;
    if (packet_kind(h) == EAGER)
        tally.p2p_eager_bytes_received += n;
}

static p2p_arrived *above[P2P_KINDS - P2P_ABOVE];

void p2p_listen(uint8_t kind, p2p_arrived *arrived)
{
    above[kind - P2P_ABOVE] = arrived;
}

static bool deliver_above(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    p2p_arrived *arrived = packet_kind(h) < P2P_KINDS ? above[packet_kind(h) - P2P_ABOVE] : NULL;
    return !arrived || arrived(from, h->key, payload, n);
}

static __attribute__((noinline)) bool deliver_slow(struct peer *from, const struct packet *h, const void *payload,
                                                   size_t n)
{
    if (packet_kind(h) >= P2P_ABOVE)
        return deliver_above(from, h, payload, n);
    if (packet_kind(h) != EAGER && packet_kind(h) != RTS) {
        rendezvous_arrived(from, h, payload, n);
        return true;
    }
    if (packet_kind(h) == RTS && !rendezvous_is_valid(payload, n))
        return true;
    struct p2p_request *r = match_arrival(h->key);
    if (!r && !unexpected_add(from, h, payload, n, packet_kind(h) == RTS ? rendezvous_bytes(payload) : n))
        return false;
    if (!r && packet_kind(h) == EAGER)
        pace_kept(from, n);
    if (UNLIKELY(match_wild & MATCH_COUNTED))
        count_received(h, n);
    if (!r)
        return true;
    if (packet_kind(h) == EAGER)
        receive_eager(r, h->key, payload, n);
    else
        rendezvous_receive(r, from, h->key, payload, n);
    return true;
}

/* A few bytes for a receive that is easy to find are dealt with here, without any call. */
bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    struct match_bin *b = LIKELY(packet_kind(h) == EAGER && n <= 16) ? match_arrival_quick(h->key) : NULL;
    if (UNLIKELY(!b))
        return deliver_slow(from, h, payload, n);
    struct p2p_request *r = match_request(b->first);
    const struct datatype *t = r->datatype;
    if (UNLIKELY(!t->dense || (MPI_Count)n > r->count * t->size))
        return deliver_slow(from, h, payload, n);
    match_pop(b);
    r->head.source = h->key.source;
    r->head.tag = h->key.tag;
    r->head.bytes = (MPI_Count)n;
    bytes_copy_16((char *)r->rbuf + t->true_lb, payload, n);
    r->head.complete = true;
    if (UNLIKELY(request_notifies(&r->head)))
        request_completed(&r->head);
    return true;
}

static void start(struct p2p_request *r)
{
    r->head.matched = false;
    r->head.stage = 0;
    if (UNLIKELY(r->posted.key.source == MPI_PROC_NULL)) {
        r->head.source = MPI_PROC_NULL;
        r->head.tag = MPI_ANY_TAG;
        r->head.bytes = 0;
        request_complete(&r->head, MPI_SUCCESS);
        return;
    }
    if (UNLIKELY(failed_or_far)) {
        int rc = failure_of_source(r->head.comm, r->posted.key);
        if (rc != MPI_SUCCESS) {
            r->head.source = r->posted.key.source;
            r->head.tag = r->posted.key.tag;
            r->head.bytes = 0;
            request_complete(&r->head, rc);
            return;
        }
    }
    struct unexpected *u = unexpected_find(r->posted.key);
    if (LIKELY(!u)) {
        match_post(r);
        return;
    }
    unexpected_remove(u);
    p2p_receive_unexpected(r, u);
}

void p2p_recv_start(struct p2p_request *r)
{
    start(r);
}

int p2p_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, uint64_t ctx,
             struct request **req)
{
    struct p2p_request *r = p2p_request_new(REQ_RECV, &recv_ops, c, t);
    if (UNLIKELY(!r))
        return MPI_ERR_NO_MEM;
    *req = &r->head;
    r->rbuf = buf;
    r->count = count;
    r->posted.key = match_key_of(ctx, source, tag);
    start(r);
    return MPI_SUCCESS;
}

static void peer_begin(struct peer *p)
{
    TAILQ_INIT(&p2p_peer(p)->pending);
    TAILQ_INIT(&p2p_peer(p)->streams);
}

static void peer_end(struct peer *p)
{
    send_queue_leave(p2p_peer(p)); /* what waited may have been withdrawn, and no flush have come since */
    free(p2p_peer(p)->costs);
}

int p2p_init(void)
{
    peer_extend(sizeof(struct p2p_peer), peer_begin, peer_end);
    message_init();
    failed_init();
    progress_upcalls = (struct progress_upcalls){send_queue_flush, failure_sweep, finalize_sweep, deadlock_look};
    return request_init();
}

void p2p_flush(void)
{
    struct waiter w = {0};
    uintptr_t which = 0;
    while (progress_unsent > 0 || rendezvous_outstanding() || fetch_under_way() || transport_unsent()) {
        struct request *r = request_of((MPI_Request)which);
        if (!r && (r = rendezvous_oldest()) != NULL)
            which = r->obj.handle;
        progress_wait(&w, r);
    }
}

void p2p_fini(void)
{
    deadlock_fini();
    finalized_fini();
    failed_fini();
    match_fini();
    fetch_fini();
    request_fini();
}
