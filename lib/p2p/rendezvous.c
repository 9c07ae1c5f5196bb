/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rendezvous: messages that are too long for one packet, or whose sender wants to know of the receive.
 *
 * The sender announces them with RTS, which carries the data, too, if it can. If not, the receiver, once matched, has
 * two ways. It reads the sender's memory itself and answers FIN: that needs nobody else, but the system call alone
 * takes microseconds. Or it answers CTS, and the sender streams DATA through the transport: two copies, but on two
 * processors at once, each as fast as the cache; so that is only for a sender that waits and does not sleep. Where both
 * ways are open, the one that took less before is taken (ways.h): the receiver times its reading and its copies, and
 * with each DATA the sender says how long its own copy took. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/datatype/layout.h"
#include "lib/p2p/protocol.h"
#include "lib/process/process.h"
#include "lib/transport/ways.h"

struct rts {
    uint64_t sender; /* its request */
    uint64_t bytes;
    uint64_t at;     /* where the data lie in one run; 0: nowhere */
    uint32_t others; /* messages to others that the sender has announced and that were not fetched yet */
};
static_assert(sizeof(struct rts) == RENDEZVOUS_RTS, "told in protocol.h");
struct cts {
    uint64_t sender, receiver;
};
struct data {
    uint64_t receiver, at;
    uint64_t took;    /* ticks, to get here; 0: that says nothing */
    uint64_t room[5]; /* what follows begins with a cache line */
};
static_assert(sizeof(struct data) == 64, "a line");

static int announced; /* messages to all peers that wait to be fetched */

static void announce(struct request *r, int by)
{
    announced += by;
    r->peer->announced += by;
}

void rendezvous_forget(struct peer *p)
{
    announced -= p->announced;
    p->announced = 0;
}

void rendezvous_not_fetched(struct request *r)
{
    announce(r, -1);
}

bool rendezvous_announced(void)
{
    const struct peer *self = peer_table[process_self];
    return announced > (self ? self->announced : 0);
}

struct request *rendezvous_to_fetch(void)
{
    struct request *r = NULL;
    while ((r = obj_next(OBJ_REQUEST, r)) != NULL)
        if (r->type == REQ_SEND && r->active && !r->complete && r->peer && r->packet == RTS &&
            r->peer->proc != process_self)
            break;
    return r;
}

/* Packets that only the other side's request needs. */
static bool control(struct request *r, uint8_t kind, const void *body, size_t n)
{
    return r->peer->transport->inject(r->peer, kind, 0, 0, body, n);
}

bool rendezvous_push_rts(struct request *r)
{
    const struct transport *t = r->peer->transport;
    struct match_key key = match_key_of(r->posted.key.ctx, r->comm->rank, r->posted.key.tag);
    struct rts body = {r->obj.handle, (uint64_t)r->bytes, 0, (uint32_t)(announced - r->peer->announced)};
    size_t with = (size_t)r->bytes <= t->max_payload - sizeof body ? (size_t)r->bytes : 0;
    char *room = t->reserve(r->peer, sizeof body + with);
    if (!room)
        return false;
    if (datatype_is_run(r->datatype, r->count))
        body.at = (uint64_t)(uintptr_t)((const char *)r->sbuf + r->datatype->true_lb);
    memcpy(room, &body, sizeof body);
    datatype_pack(r->datatype, r->sbuf, r->count, 0, room + sizeof body, with);
    t->commit(r->peer, RTS, key, sizeof body + with);
    announce(r, 1);
    return true;
}

bool rendezvous_push_cts(struct request *r)
{
    struct cts body = {r->remote, r->obj.handle};
    return control(r, CTS, &body, sizeof body);
}

bool rendezvous_push_fin(struct request *r)
{
    if (!control(r, FIN, &r->remote, sizeof r->remote))
        return false;
    request_complete(r, r->error);
    return true;
}

/* A long message goes in a number of packets, so that both copy at once; a short one in packets that are worth it. */
static size_t packet_bytes(const struct request *r)
{
    enum { PARTS = 16, LEAST = 8192 };
    size_t most = r->peer->transport->max_payload, n = (size_t)r->bytes / PARTS / 4096 * 4096;
    n = n < LEAST ? LEAST : n;
    return (n < most ? n : most) - sizeof(struct data);
}

/* What is streamed first goes through shared memory that nobody has used before, which tells nothing about later. */
static bool is_new(struct peer *p, size_t n)
{
    enum { FIRST = 1 << 20 };
    if (p->streamed >= FIRST)
        return false;
    p->streamed += (uint32_t)n;
    return true;
}

bool rendezvous_push_data(struct request *r)
{
    const struct transport *t = r->peer->transport;
    size_t most = packet_bytes(r);
    uint64_t sending = 0; /* the last packet: part of what one takes, but known afterwards only */
    while (r->moved < r->bytes) {
        size_t n = (size_t)(r->bytes - r->moved) < most ? (size_t)(r->bytes - r->moved) : most;
        char *room = t->reserve(r->peer, n + sizeof(struct data));
        if (!room)
            return false;
        struct data body = {.receiver = r->remote, .at = (uint64_t)r->moved, .took = ways_ticks()};
        datatype_pack(r->datatype, r->sbuf, r->count, r->moved, room + sizeof body, n);
        uint64_t packed = ways_ticks();
        body.took = is_new(r->peer, n) ? 0 : packed - body.took + sending;
        memcpy(room, &body, sizeof body);
        t->commit(r->peer, DATA, (struct match_key){0}, n + sizeof body);
        sending = ways_ticks() - packed;
        r->moved += (MPI_Count)n;
    }
    request_complete(r, MPI_SUCCESS);
    return true;
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

/* Calls that do not return before something has come or gone, and make progress meanwhile. */
static const bool waits[CALL_COUNT] = {
    [CALL_Send] = 1,
    [CALL_Ssend] = 1,
    [CALL_Rsend] = 1,
    [CALL_Recv] = 1,
    [CALL_Mrecv] = 1,
    [CALL_Probe] = 1,
    [CALL_Mprobe] = 1,
    [CALL_Sendrecv] = 1,
    [CALL_Sendrecv_replace] = 1,
    [CALL_Wait] = 1,
    [CALL_Waitall] = 1,
    [CALL_Waitany] = 1,
    [CALL_Waitsome] = 1,
    [CALL_Finalize] = 1,
    [CALL_Barrier] = 1,
    [CALL_Bcast] = 1,
    [CALL_Gather] = 1,
    [CALL_Gatherv] = 1,
    [CALL_Scatter] = 1,
    [CALL_Scatterv] = 1,
    [CALL_Allgather] = 1,
    [CALL_Allgatherv] = 1,
    [CALL_Alltoall] = 1,
    [CALL_Alltoallv] = 1,
    [CALL_Alltoallw] = 1,
    [CALL_Reduce] = 1,
    [CALL_Allreduce] = 1,
    [CALL_Reduce_scatter] = 1,
    [CALL_Reduce_scatter_block] = 1,
    [CALL_Scan] = 1,
    [CALL_Exscan] = 1,
    [CALL_Comm_dup] = 1,
    [CALL_Comm_split] = 1,
};

/* Would the sender stream at once? A glance: it may have changed when CTS gets there, which costs time only. */
static bool attends(const struct peer *p)
{
    if (!p->transport->awake || !p->transport->awake(p))
        return false;
    const struct rank_status *s = node_segment_status((struct node_segment *)boot.segment, (uint32_t)p->local);
    uint64_t call = atomic_load_explicit(&s->call, memory_order_relaxed) & 0xffff;
    return call < CALL_COUNT && waits[call];
}

/* What is known of messages of that length from there, by kind of receive; NULL without memory. */
static struct way *way_of(struct peer *from, const struct request *r)
{
    if (!from->ways)
        from->ways = calloc(2 * WAY_CLASSES, sizeof *from->ways);
    return from->ways ? &from->ways[r->way - 1] : NULL;
}

static bool read_timed(struct request *r, uint64_t at, struct way *w)
{
    uint64_t begin = ways_ticks();
    bool done = read_direct(r, at);
    if (done && w)
        way_was_read(w, ways_ticks() - begin, (size_t)r->bytes);
    else if (w)
        way_unreadable(w);
    return done;
}

/* Reads the message if it can be read, and that is the better way. */
static bool read_rather(struct request *r, struct peer *from, const struct rts *body)
{
    if (!body->at || !from->transport->read)
        return false;
    bool run = datatype_is_run(r->datatype, r->count);
    r->way = (uint8_t)(1 + way_class((size_t)r->bytes) + (run ? 0 : WAY_CLASSES));
    struct way *w = way_of(from, r);
    bool both = announced > 0 || send_queue_streaming() || body->others > 1;
    if (knobs.SHM_COPY != SHM_COPY_ONE && attends(from) && !(w ? way_reads(w, (size_t)r->bytes, both) : both))
        return false;
    return read_timed(r, body->at, w);
}

void rendezvous_receive(struct request *r, struct peer *from, struct match_key key, const void *payload, size_t n)
{
    struct rts body;
    memcpy(&body, payload, sizeof body);
    p2p_accept(r, key, (MPI_Count)body.bytes);
    r->peer = from;
    r->remote = body.sender;
    r->moved = 0;
    r->whole = (MPI_Count)body.bytes;
    r->way = 0;
    bool here = n - sizeof body >= body.bytes;
    if (here)
        datatype_unpack(r->datatype, r->rbuf, r->count, 0, (const char *)payload + sizeof body, (size_t)r->bytes);
    if (here || r->bytes == 0 || read_rather(r, from, &body))
        send_queue_push(r, FIN);
    else
        send_queue_push(r, CTS);
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
static struct request *expecting(uint64_t handle, enum request_type type, uint8_t after, const struct peer *from)
{
    struct request *r = request_of((MPI_Request)handle);
    return r && r->type == type && r->packet == after && !r->complete && r->peer == from ? r : NULL;
}

struct request *rendezvous_answered(const struct peer *from, uint64_t sender)
{
    struct request *r = expecting(sender, REQ_SEND, RTS, from);
    if (r)
        announce(r, -1);
    return r;
}

static void cts_arrived(struct peer *from, const void *payload, size_t n)
{
    struct cts body;
    memcpy(&body, payload, sizeof body);
    struct request *r = rendezvous_answered(from, body.sender);
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
    struct request *r = expecting(body.receiver, REQ_RECV, CTS, from);
    if (!r)
        return;
    n -= sizeof body;
    MPI_Count at = (MPI_Count)body.at, left = r->bytes - at;
    uint64_t begin = ways_ticks();
    if (left > 0)
        datatype_unpack(r->datatype, r->rbuf, r->count, at, (const char *)payload + sizeof body,
                        (MPI_Count)n < left ? n : (size_t)left);
    if (r->way && from->ways && body.took > 0) {
        struct way *w = &from->ways[r->way - 1];
        way_copied(&w->take, ways_ticks() - begin, n);
        way_copied(&w->write, body.took, n);
    }
    r->moved += (MPI_Count)n;
    if (r->moved == r->whole)
        request_complete(r, r->error);
}

static void fin_arrived(struct peer *from, const void *payload, size_t n)
{
    uint64_t sender;
    memcpy(&sender, payload, sizeof sender);
    struct request *r = rendezvous_answered(from, sender);
    if (r)
        request_complete(r, MPI_SUCCESS);
}

void rendezvous_arrived(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    static const struct {
        void (*arrived)(struct peer *, const void *, size_t);
        size_t least;
    } kinds[] = {[CTS] = {cts_arrived, sizeof(struct cts)},
                 [DATA] = {data_arrived, sizeof(struct data)},
                 [FIN] = {fin_arrived, sizeof(uint64_t)},
                 [CANCEL] = {cancel_asked, sizeof(uint64_t)},
                 [CANCELLED] = {cancel_granted, sizeof(uint64_t)}};
    if (h->kind < sizeof kinds / sizeof *kinds && kinds[h->kind].arrived && n >= kinds[h->kind].least)
        kinds[h->kind].arrived(from, payload, n);
}
