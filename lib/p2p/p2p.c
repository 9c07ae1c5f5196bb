/* SPDX-License-Identifier: BSD-3-Clause
 *
 * p2p: the protocol of p2p.h. */
#include "lib/p2p/p2p.h"
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/state.h"
#include "lib/datatype/layout.h"
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"
#include "lib/p2p/reach.h"

enum packet_kind { EAGER = 1, RTS, CTS, DATA, FIN };

struct rts {
    uint64_t sender; /* its request */
    uint64_t bytes;
    uint64_t at; /* where the data lie in one run; 0: nowhere */
};
struct cts {
    uint64_t sender, receiver;
};
struct data {
    uint64_t receiver, at;
};

TAILQ_HEAD(peers, peer);
static struct peers busy = TAILQ_HEAD_INITIALIZER(busy); /* have something pending */

static void control(struct peer *p, uint8_t kind, const void *payload, size_t n)
{
    const struct packet h = {.kind = kind};
    (void)payload;
    p->transport->commit(p, &h, n);
}

static struct packet head_of(const struct request *r, uint8_t kind)
{
    return (struct packet){kind, 0, r->comm->rank, r->tag, r->ctx};
}

static bool push_eager(struct request *r)
{
    const struct transport *t = r->peer->transport;
    void *room = t->reserve(r->peer, (size_t)r->bytes);
    if (!room)
        return false;
    datatype_pack(r->datatype, r->sbuf, r->count, 0, room, (size_t)r->bytes);
    struct packet h = head_of(r, EAGER);
    t->commit(r->peer, &h, (size_t)r->bytes);
    request_complete(r, MPI_SUCCESS);
    return true;
}

static bool push_rts(struct request *r)
{
    const struct transport *t = r->peer->transport;
    struct rts *room = t->reserve(r->peer, sizeof *room);
    if (!room)
        return false;
    bool run = datatype_is_run(r->datatype, r->count);
    struct rts body = {r->obj.handle, (uint64_t)r->bytes,
                       run ? (uint64_t)(uintptr_t)((const char *)r->sbuf + r->datatype->true_lb) : 0};
    memcpy(room, &body, sizeof body);
    struct packet h = head_of(r, RTS);
    t->commit(r->peer, &h, sizeof body);
    return true;
}

static bool push_cts(struct request *r)
{
    void *room = r->peer->transport->reserve(r->peer, sizeof(struct cts));
    if (!room)
        return false;
    struct cts body = {r->remote, r->obj.handle};
    memcpy(room, &body, sizeof body);
    control(r->peer, CTS, room, sizeof body);
    return true;
}

static bool push_fin(struct request *r)
{
    void *room = r->peer->transport->reserve(r->peer, sizeof r->remote);
    if (!room)
        return false;
    memcpy(room, &r->remote, sizeof r->remote);
    control(r->peer, FIN, room, sizeof r->remote);
    request_complete(r, r->error);
    return true;
}

static bool push_data(struct request *r)
{
    const struct transport *t = r->peer->transport;
    while (r->moved < r->bytes) {
        size_t most = t->max_payload - sizeof(struct data);
        size_t n = (size_t)(r->bytes - r->moved) < most ? (size_t)(r->bytes - r->moved) : most;
        char *room = t->reserve(r->peer, n + sizeof(struct data));
        if (!room)
            return false;
        struct data body = {r->remote, (uint64_t)r->moved};
        memcpy(room, &body, sizeof body);
        datatype_pack(r->datatype, r->sbuf, r->count, r->moved, room + sizeof body, n);
        control(r->peer, DATA, room, n + sizeof body);
        r->moved += (MPI_Count)n;
    }
    request_complete(r, MPI_SUCCESS);
    return true;
}

static bool (*const push[])(struct request *) = {
    [EAGER] = push_eager, [RTS] = push_rts, [CTS] = push_cts, [DATA] = push_data, [FIN] = push_fin};

/* Sends what r has to send next, now or when there is room; packets to one peer keep their order. */
static void submit(struct request *r, uint8_t kind)
{
    struct peer *p = r->peer;
    if (UNLIKELY(p->transport == &transport_gone)) {
        request_complete(r, kind == FIN ? r->error : reach_peer(p));
        return;
    }
    r->packet = kind;
    if (TAILQ_EMPTY(&p->pending) && push[kind](r))
        return;
    TAILQ_INSERT_TAIL(&p->pending, r, link);
    if (!p->queued) {
        p->queued = true;
        TAILQ_INSERT_TAIL(&busy, p, more);
    }
}

bool p2p_pending(void)
{
    return !TAILQ_EMPTY(&busy);
}

static int flush(struct peer *p)
{
    struct request *r;
    int n = 0;
    while ((r = TAILQ_FIRST(&p->pending)) != NULL) {
        /* The request may be gone after its last packet, so it leaves the list before. */
        struct request *next = TAILQ_NEXT(r, link);
        MPI_Count before = r->moved;
        TAILQ_REMOVE(&p->pending, r, link);
        if (!push[r->packet](r)) {
            if (next)
                TAILQ_INSERT_BEFORE(next, r, link);
            else
                TAILQ_INSERT_HEAD(&p->pending, r, link);
            return n + (r->moved != before);
        }
        n++;
    }
    TAILQ_REMOVE(&busy, p, more);
    p->queued = false;
    return n;
}

void p2p_withdraw(bool (*doomed)(const struct request *r))
{
    struct peer *p;
    struct request *r, *next;
    TAILQ_FOREACH(p, &busy, more)
    for (r = TAILQ_FIRST(&p->pending); r; r = next) {
        next = TAILQ_NEXT(r, link);
        if (!doomed(r))
            continue;
        TAILQ_REMOVE(&p->pending, r, link);
        request_complete(r, r->packet == FIN ? r->error : MPI_ERR_PROC_ABORTED);
    }
}

int p2p_flush(void)
{
    int n = 0;
    struct peer *p, *next;
    for (p = TAILQ_FIRST(&busy); p; p = next) {
        next = TAILQ_NEXT(p, more);
        n += flush(p);
    }
    return n;
}

int p2p_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, uint64_t ctx,
             int mode, struct request **req)
{
    *req = NULL;
    if (dest == MPI_PROC_NULL)
        return MPI_SUCCESS;
    struct peer *p = peer_get(comm_proc(c, dest));
    if (UNLIKELY(!p || !p->transport))
        return p ? reach_peer(p) : MPI_ERR_NO_MEM;
    MPI_Count n = count * t->size;
    bool eager = mode != MODE_SYNC && n <= (MPI_Count)p->transport->eager_max;
    if (LIKELY(eager && TAILQ_EMPTY(&p->pending))) {
        void *room = p->transport->reserve(p, (size_t)n);
        if (LIKELY(room != NULL)) {
            if (t->dense && n == 8)
                memcpy(room, (const char *)buf + t->true_lb, 8);
            else
                datatype_pack(t, buf, count, 0, room, (size_t)n);
            const struct packet h = {EAGER, 0, c->rank, tag, ctx};
            p->transport->commit(p, &h, (size_t)n);
            return MPI_SUCCESS;
        }
    }
    struct request *r = request_new(REQ_SEND, c, t);
    if (!r)
        return MPI_ERR_NO_MEM;
    r->sbuf = buf;
    r->count = count;
    r->peer_rank = dest;
    r->tag = tag;
    r->ctx = ctx;
    r->mode = (uint8_t)mode;
    r->bytes = n;
    r->peer = p;
    *req = r;
    submit(r, eager ? EAGER : RTS);
    return MPI_SUCCESS;
}

/* What a matched receive learns from the head. Returns how many bytes fit. */
static MPI_Count accept(struct request *r, const struct packet *h, MPI_Count bytes)
{
    MPI_Count room = r->count * r->datatype->size;
    r->matched = true;
    r->source = h->source;
    r->status_tag = h->tag;
    r->error = bytes > room ? MPI_ERR_TRUNCATE : MPI_SUCCESS;
    r->bytes = bytes > room ? room : bytes;
    return r->bytes;
}

static void receive_eager(struct request *r, const struct packet *h, const void *payload, size_t n)
{
    MPI_Count fits = accept(r, h, (MPI_Count)n);
    if (fits == 8 && r->datatype->dense)
        memcpy((char *)r->rbuf + r->datatype->true_lb, payload, 8);
    else
        datatype_unpack(r->datatype, r->rbuf, r->count, 0, payload, (size_t)fits);
    request_complete(r, r->error);
}

/* Reads the sender's memory right into place. False: not possible. */
static bool read_direct(struct request *r, uint64_t at)
{
    enum { PIECES = 64, WORTH = 512 };
    const struct datatype *t = r->datatype;
    struct iovec to[PIECES];
    if (datatype_is_run(t, r->count)) {
        to[0] = (struct iovec){(char *)r->rbuf + t->true_lb, (size_t)r->bytes};
        return r->peer->transport->read(r->peer, to, 1, at, (size_t)r->bytes) == 0;
    }
    for (MPI_Count done = 0; done < r->bytes;) {
        size_t n = (size_t)(r->bytes - done);
        int pieces = layout_pieces(t->layout, t->extent, (char *)r->rbuf + t->disp, done, &n, to, PIECES);
        if (done == 0 && n / (size_t)pieces < WORTH)
            return false; /* so small that packing on the way is faster */
        if (r->peer->transport->read(r->peer, to, pieces, at + (uint64_t)done, n) != 0)
            return false;
        done += (MPI_Count)n;
    }
    return true;
}

static void receive_rts(struct request *r, struct peer *from, const struct packet *h, const struct rts *body)
{
    accept(r, h, (MPI_Count)body->bytes);
    r->peer = from;
    r->remote = body->sender;
    r->moved = 0;
    if (r->bytes == 0 || (body->at && from->transport->read && read_direct(r, body->at)))
        submit(r, FIN);
    else {
        r->extra = NULL;
        r->seq = body->bytes; /* all of it comes, though not all of it may fit */
        submit(r, CTS);
    }
}

static void receive_message(struct request *r, struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    if (h->kind == EAGER) {
        receive_eager(r, h, payload, n);
    } else {
        struct rts body;
        memcpy(&body, payload, sizeof body);
        receive_rts(r, from, h, &body);
    }
}

void p2p_receive_unexpected(struct request *r, struct unexpected *u)
{
    receive_message(r, u->from, &u->head, u->payload, u->n);
    match_drop(u);
}

static void message_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    struct request *r = match_arrival(h);
    if (LIKELY(r != NULL)) {
        receive_message(r, from, h, payload, n);
        return;
    }
    size_t bytes = n;
    if (h->kind == RTS)
        bytes = (size_t)((const struct rts *)payload)->bytes;
    match_keep(from, h, payload, n, bytes);
}

static void cts_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    struct cts body;
    memcpy(&body, payload, sizeof body);
    struct request *r = request_of((MPI_Request)body.sender);
    if (!r || r->peer != from)
        return;
    r->remote = body.receiver;
    r->moved = 0;
    submit(r, DATA);
}

static void data_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    struct data body;
    memcpy(&body, payload, sizeof body);
    struct request *r = request_of((MPI_Request)body.receiver);
    if (!r || r->peer != from)
        return;
    n -= sizeof body;
    MPI_Count at = (MPI_Count)body.at, left = r->bytes - at;
    if (left > 0)
        datatype_unpack(r->datatype, r->rbuf, r->count, at, (const char *)payload + sizeof body,
                        (MPI_Count)n < left ? n : (size_t)left);
    r->moved += (MPI_Count)n;
    if ((uint64_t)r->moved == r->seq)
        request_complete(r, r->error);
}

static void fin_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    uint64_t sender;
    memcpy(&sender, payload, sizeof sender);
    struct request *r = request_of((MPI_Request)sender);
    if (r && r->peer == from)
        request_complete(r, MPI_SUCCESS);
}

void p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    static const struct {
        void (*arrived)(struct peer *, const struct packet *, const void *, size_t);
        size_t least;
    } kinds[] = {[EAGER] = {message_arrived, 0},
                 [RTS] = {message_arrived, sizeof(struct rts)},
                 [CTS] = {cts_arrived, sizeof(struct cts)},
                 [DATA] = {data_arrived, sizeof(struct data)},
                 [FIN] = {fin_arrived, sizeof(uint64_t)}};
    if (LIKELY(h->kind == EAGER))
        message_arrived(from, h, payload, n);
    else if (h->kind < sizeof kinds / sizeof *kinds && kinds[h->kind].arrived && n >= kinds[h->kind].least)
        kinds[h->kind].arrived(from, h, payload, n);
}

bool p2p_recv_now(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c,
                  MPI_Status *status)
{
    if (source < 0 || match_posted > 0 || match_unexpected > 0)
        return false;
    struct peer *p = peer_get(comm_proc(c, source));
    if (UNLIKELY(!p || !p->transport || !p->transport->peek))
        return false;
    struct packet h;
    const void *payload;
    size_t n;
    for (int spins = progress_spins(); !p->transport->peek(p, &h, &payload, &n);)
        if (--spins <= 0)
            return false;
    if (h.kind != EAGER || h.ctx != c->ctx || h.source != source || (h.tag != tag && tag != MPI_ANY_TAG) ||
        (MPI_Count)n > count * t->size)
        return false;
    if (t->dense && n == 8)
        memcpy((char *)buf + t->true_lb, payload, 8);
    else
        datatype_unpack(t, buf, count, 0, payload, n);
    p->transport->taken(p);
    status_set(status, h.source, h.tag, (MPI_Count)n, false);
    return true;
}

int p2p_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, uint64_t ctx,
             struct request **req)
{
    struct request *r = request_new(REQ_RECV, c, t);
    if (UNLIKELY(!r))
        return MPI_ERR_NO_MEM;
    *req = r;
    r->rbuf = buf;
    r->count = count;
    r->peer_rank = source;
    r->tag = tag;
    r->ctx = ctx;
    p2p_recv_start(r);
    return MPI_SUCCESS;
}

void p2p_recv_start(struct request *r)
{
    r->matched = false;
    if (r->peer_rank == MPI_PROC_NULL) {
        r->source = MPI_PROC_NULL;
        r->status_tag = MPI_ANY_TAG;
        r->bytes = 0;
        request_complete(r, MPI_SUCCESS);
        return;
    }
    if (UNLIKELY(reach_limited)) {
        int rc = reach_source(r->comm, r->ctx, r->peer_rank, r->tag);
        if (rc != MPI_SUCCESS) {
            r->source = r->peer_rank;
            r->status_tag = r->tag;
            r->bytes = 0;
            request_complete(r, rc);
            return;
        }
    }
    struct unexpected *u = match_find(r->ctx, r->peer_rank, r->tag);
    if (!u) {
        match_post(r);
        return;
    }
    match_take(u);
    p2p_receive_unexpected(r, u);
}

int p2p_init(void)
{
    match_init();
    message_init();
    reach_init();
    return MPI_SUCCESS;
}

void p2p_fini(void)
{
    struct waiter w = {0};
    while (p2p_pending())
        progress_wait(&w, NULL);
    reach_fini();
}
