/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rendezvous: messages that are too long for one packet, or whose sender wants to know of the receive.
 *
 * The sender announces them with RTS, which carries the data, too, if it can; if not, a key of its memory. The
 * receiver, once matched, has two ways. It gets the message out of the sender's memory and answers FIN (fetch.c). Or it
 * answers CTS, and the sender streams DATA through the transport. */
#include <string.h>
#include "lib/core/tally.h"
#include "lib/core/trace.h"
#include "lib/p2p/pace.h"
#include "lib/p2p/protocol.h"
#include "lib/process/process.h"

struct rts {
    uint64_t sender; /* its request */
    uint64_t bytes;
    uint32_t others;   /* messages to others that the sender has announced and that were not fetched yet */
    uint8_t key_bytes; /* of the key of the data, which comes then; 0: there is none, the data may come */
    uint8_t unused[3];
};
static_assert(sizeof(struct rts) == 24, "with a key of 16 bytes it fits into a slot of shm");
struct cts {
    uint64_t sender, receiver;
};
struct data {
    uint64_t receiver, at;
    uint64_t room[6]; /* what follows begins with a cache line */
};
static_assert(sizeof(struct data) == 64, "a line");

static int announced; /* messages to all peers that wait to be fetched */

static void announce(struct p2p_request *r, int by)
{
    announced += by;
    p2p_peer(r->peer)->announced += by;
}

static void unregister(struct p2p_request *r)
{
    if (r->registered)
        r->peer->carrier->mem_deregister(r->mem);
    r->registered = false;
}

void rendezvous_forget(struct peer *p)
{
    announced -= p2p_peer(p)->announced;
    p2p_peer(p)->announced = 0;
}

void rendezvous_not_fetched(struct p2p_request *r)
{
    unregister(r);
    if (p2p_peer(r->peer)->announced > 0)
        announce(r, -1);
}

bool rendezvous_outstanding(void)
{
    struct peer *self = peer_table[process_self];
    return announced > (self ? p2p_peer(self)->announced : 0);
}

/* A send that waits to be fetched by another process. */
static bool to_fetch(const struct request *head)
{
    const struct p2p_request *r = (const struct p2p_request *)head;
    return head->type == REQ_SEND && head->active && !head->complete && r->peer && head->stage == RTS &&
           r->peer->proc != process_self;
}

struct request *rendezvous_oldest(void)
{
    struct request *r = NULL;
    while ((r = obj_next(OBJ_REQUEST, r)) != NULL && !to_fetch(r))
        ;
    return r;
}

/* Packets that only the other side's request needs. */
static bool control(struct p2p_request *r, uint8_t kind, const void *body, size_t n)
{
    return r->peer->transport->inject(r->peer, kind, 0, 0, body, n);
}

/* Can it be got? In one run, or where the transport gathers. */
static bool offers(const struct p2p_request *r)
{
    return datatype_is_run(r->datatype, r->count) || r->peer->transport->mem_offer;
}

/* Offers it to be got; bytes of the key, or 0. */
static uint8_t offer(struct p2p_request *r, void *key)
{
    const struct transport *t = r->peer->transport;
    void *base = (char *)(uintptr_t)r->sbuf + r->datatype->true_lb;
    size_t n = (size_t)r->head.bytes;
    r->registered =
        datatype_is_run(r->datatype, r->count) ? t->mem_register(base, n, MEM_GET, key, &r->mem) : gather_offer(r, key);
    return r->registered ? (uint8_t)t->key_bytes : 0;
}

/* For tools. */
static void begun(const struct p2p_request *r)
{
    const struct match_key k = r->posted.key;
    tally.p2p_rendezvous_sent++;
    tally.p2p_rendezvous_bytes_sent += (uint64_t)r->head.bytes;
    tally_event(TALLY_EVENT_p2p_rendezvous_begun, (struct tally_event){k.source, k.tag, k.ctx, r->head.bytes});
}

bool rendezvous_push_rts(struct p2p_request *r)
{
    const struct transport *t = r->peer->transport;
    struct match_key key = match_key_of(r->posted.key.ctx, r->head.comm->rank, r->posted.key.tag);
    uint32_t others = (uint32_t)(announced - p2p_peer(r->peer)->announced);
    struct rts body = {.sender = r->head.obj.handle, .bytes = (uint64_t)r->head.bytes, .others = others};
    bool with = (size_t)r->head.bytes <= t->max_payload - sizeof body;
    bool apart = !with && offers(r);
    size_t behind = with ? (size_t)r->head.bytes : apart ? t->key_bytes : 0;
    char *room = t->reserve(r->peer, sizeof body + behind);
    if (!room)
        return false;
    if (apart)
        body.key_bytes = offer(r, room + sizeof body);
    memcpy(room, &body, sizeof body);
    if (with)
        datatype_pack(r->datatype, r->sbuf, r->count, 0, room + sizeof body, (size_t)r->head.bytes);
    t->commit(r->peer, RTS, key, sizeof body + behind);
    announce(r, 1);
    begun(r);
    return true;
}

bool rendezvous_push_cts(struct p2p_request *r)
{
    struct cts body = {r->remote, r->head.obj.handle};
    return control(r, CTS, &body, sizeof body);
}

bool rendezvous_push_fin(struct p2p_request *r)
{
    if (!control(r, FIN, &r->remote, sizeof r->remote))
        return false;
    request_complete(&r->head, r->head.error);
    return true;
}

/* A long message goes in a number of packets, so that both copy at once; a short one in packets that are worth it. */
static size_t data_bytes(const struct p2p_request *r)
{
    enum { PARTS = 16, LEAST = 8192 };
    size_t most = r->peer->transport->max_payload, n = (size_t)r->head.bytes / PARTS / 4096 * 4096;
    n = n < LEAST ? LEAST : n;
    return (n < most ? n : most) - sizeof(struct data);
}

bool rendezvous_push_data(struct p2p_request *r)
{
    const struct transport *t = r->peer->transport;
    size_t most = data_bytes(r);
    while (r->moved < r->head.bytes) {
        size_t n = (size_t)(r->head.bytes - r->moved) < most ? (size_t)(r->head.bytes - r->moved) : most;
        char *room = t->reserve(r->peer, n + sizeof(struct data));
        if (!room)
            return false;
        struct data body = {.receiver = r->remote, .at = (uint64_t)r->moved};
        memcpy(room, &body, sizeof body);
        datatype_pack(r->datatype, r->sbuf, r->count, r->moved, room + sizeof body, n);
        t->commit(r->peer, DATA, (struct match_key){0}, n + sizeof body);
        r->moved += (MPI_Count)n;
    }
    request_complete(&r->head, MPI_SUCCESS);
    return true;
}

/* What the sender offers to be got lies behind the body, if the data do not. */
static const void *key_of(const struct rts *body, const void *payload)
{
    return (const char *)payload + sizeof *body;
}

bool rendezvous_is_valid(const void *payload, size_t n)
{
    struct rts body;
    if (n < sizeof body)
        return false;
    memcpy(&body, payload, sizeof body);
    return body.key_bytes <= MEM_KEY_MAX && body.key_bytes <= n - sizeof body && body.bytes <= PTRDIFF_MAX;
}

void rendezvous_ask(struct p2p_request *r)
{
    copy_busy_begin(&p2p_peer(r->peer)->busy);
    send_queue_push(r, CTS);
}

void rendezvous_receive(struct p2p_request *r, struct peer *from, struct match_key key, const void *payload, size_t n)
{
    struct rts body;
    memcpy(&body, payload, sizeof body);
    p2p_accept(r, key, (MPI_Count)body.bytes);
    r->head.matched = true;
    r->peer = from;
    r->remote = body.sender;
    r->moved = 0;
    r->whole = (MPI_Count)body.bytes;
    r->cost_class = 0;
    r->both = false;
    bool here = body.key_bytes == 0 && n - sizeof body >= body.bytes;
    bool both = announced > 0 || send_queue_streaming() || body.others > 1;
    if (here)
        datatype_unpack(r->datatype, r->rbuf, r->count, 0, (const char *)payload + sizeof body, (size_t)r->head.bytes);
    if (here || r->head.bytes == 0)
        send_queue_push(r, FIN);
    else if (!fetch_begin(r, key_of(&body, payload), body.key_bytes, both))
        rendezvous_ask(r);
}

size_t rendezvous_bytes(const void *payload)
{
    return (size_t)((const struct rts *)payload)->bytes;
}

uint64_t rendezvous_sender(const void *payload)
{
    return ((const struct rts *)payload)->sender;
}

/* The request that a packet names, if it expects one like that from there. */
static struct p2p_request *expecting(uint64_t handle, enum request_type type, uint8_t after, const struct peer *from)
{
    struct request *head = request_of((MPI_Request)handle);
    if (!head || head->type != type || head->stage != after || head->complete)
        return NULL;
    struct p2p_request *r = p2p_request_of(head);
    return r->peer == from ? r : NULL;
}

struct p2p_request *rendezvous_answered(const struct peer *from, uint64_t sender)
{
    struct p2p_request *r = expecting(sender, REQ_SEND, RTS, from);
    if (r) {
        unregister(r);
        announce(r, -1);
    }
    return r;
}

static void cts_arrived(struct peer *from, const void *payload, size_t n)
{
    struct cts body;
    memcpy(&body, payload, sizeof body);
    struct p2p_request *r = rendezvous_answered(from, body.sender);
    if (!r)
        return;
    r->remote = body.receiver;
    r->moved = 0;
    send_queue_push(r, DATA);
}

static void data_arrived(struct peer *from, const void *payload, size_t n)
{
    struct data body;
    memcpy(&body, payload, sizeof body);
    struct p2p_request *r = expecting(body.receiver, REQ_RECV, CTS, from);
    if (!r)
        return;
    n -= sizeof body;
    MPI_Count at = r->moved, left = r->head.bytes - at;
    if (body.at != (uint64_t)at || n > (uint64_t)(r->whole - at))
        return; /* they come in order, so that is no DATA of ours */
    if (left > 0)
        datatype_unpack(r->datatype, r->rbuf, r->count, at, (const char *)payload + sizeof body,
                        (MPI_Count)n < left ? n : (size_t)left);
    copy_busy_came(&p2p_peer(from)->busy, n);
    r->moved += (MPI_Count)n;
    if (r->moved != r->whole)
        return;
    trace_streamed(&tally.p2p_two_copy_bytes_received, (size_t)r->whole);
    copy_busy_end(&p2p_peer(from)->busy, r->cost_class ? fetch_cost(r) : NULL, r->both);
    request_complete(&r->head, r->head.error);
}

static void fin_arrived(struct peer *from, const void *payload, size_t n)
{
    uint64_t sender;
    memcpy(&sender, payload, sizeof sender);
    struct p2p_request *r = rendezvous_answered(from, sender);
    if (r)
        request_complete(&r->head, MPI_SUCCESS);
}

void rendezvous_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    static const struct {
        void (*arrived)(struct peer *, const void *, size_t);
        size_t least;
    } kinds[] = {[CTS] = {cts_arrived, sizeof(struct cts)},        [DATA] = {data_arrived, sizeof(struct data)},
                 [FIN] = {fin_arrived, sizeof(uint64_t)},          [CANCEL] = {cancel_asked, sizeof(uint64_t)},
                 [CANCELLED] = {cancel_granted, sizeof(uint64_t)}, [PACE] = {pace_arrived, sizeof(uint64_t)}};
    if (packet_kind(h) < sizeof kinds / sizeof *kinds && kinds[packet_kind(h)].arrived &&
        n >= kinds[packet_kind(h)].least)
        kinds[packet_kind(h)].arrived(from, payload, n);
}
