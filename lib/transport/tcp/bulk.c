/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bulk: transfers, out and in. */
#include "lib/transport/tcp/bulk.h"
#include <stdlib.h>
#include <string.h>
#include "lib/transport/tcp/memory.h"
#include "lib/transport/tcp/stream.h"

enum { MOST = 64, SINK = 16 << 10 }; /* of each kind under way with one peer, so that a wrong one takes no memory */

enum transfer_kind { ANSWER, REFUSAL, PUT, FLUSH, FLUSHED, GET, REST };

struct transfer {
    STAILQ_ENTRY(transfer) link;
    struct completion *done;
    uint64_t memory, at; /* of the owner: which, and where to go on */
    size_t left;         /* bytes to be written, or to come */
    uint8_t kind;
    bool fault;
    int first, pieces; /* the first one that is not through */
    struct iovec piece[];
};

static struct transfers told = STAILQ_HEAD_INITIALIZER(told); /* puts that are written, and not told of */

static struct transfer *transfer_new(enum transfer_kind kind, struct completion *done, const struct iovec *v,
                                     int pieces)
{
    struct transfer *t = malloc(sizeof *t + (size_t)pieces * sizeof *v);
    if (!t)
        return NULL;
    *t = (struct transfer){.kind = kind, .done = done, .pieces = pieces};
    if (pieces > 0)
        memcpy(t->piece, v, (size_t)pieces * sizeof *v);
    return t;
}

static void transfer_finish(struct transfer *t, enum remote_state how)
{
    struct completion *done = t->done;
    free(t);
    if (done)
        done->done(done, how);
}

/* Its next n bytes; n is at most what is left. */
static int transfer_pieces(const struct transfer *t, size_t n, struct iovec *v)
{
    int count = 0;
    for (int i = t->first; n > 0; i++) {
        size_t k = t->piece[i].iov_len < n ? t->piece[i].iov_len : n;
        if (k > 0)
            v[count++] = (struct iovec){t->piece[i].iov_base, k};
        n -= k;
    }
    return count;
}

static void transfer_advance(struct transfer *t, size_t n)
{
    t->left -= n;
    t->at += n;
    while (t->pieces > 0 && n > 0) {
        struct iovec *v = &t->piece[t->first];
        size_t k = v->iov_len < n ? v->iov_len : n;
        v->iov_base = (char *)v->iov_base + k;
        v->iov_len -= k;
        n -= k;
        t->first += v->iov_len == 0;
    }
}

void bulk_begin(struct conn *c)
{
    c->bulk = (struct bulk){0};
    STAILQ_INIT(&c->bulk.out);
    STAILQ_INIT(&c->bulk.gets);
    STAILQ_INIT(&c->bulk.flushes);
}

int bulk_tell(void)
{
    int n = 0;
    for (struct transfer *t; (t = STAILQ_FIRST(&told)) != NULL; n++) {
        STAILQ_REMOVE_HEAD(&told, link);
        transfer_finish(t, REMOTE_DONE);
    }
    return n;
}

/* Completions may ask for more, and are refused. */
void bulk_end(struct conn *c, enum remote_state how)
{
    struct transfers all = STAILQ_HEAD_INITIALIZER(all);
    STAILQ_CONCAT(&all, &c->bulk.gets);
    STAILQ_CONCAT(&all, &c->bulk.out);
    STAILQ_CONCAT(&all, &c->bulk.flushes);
    bulk_begin(c);
    bulk_tell();
    for (struct transfer *t; (t = STAILQ_FIRST(&all)) != NULL;) {
        STAILQ_REMOVE_HEAD(&all, link);
        transfer_finish(t, how);
    }
}

void bulk_in_flight(const struct bulk *b, uint64_t *outgoing, uint64_t *incoming)
{
    const struct transfer *t;
    *outgoing = *incoming = 0;
    STAILQ_FOREACH(t, &b->out, link)
    *outgoing += t->left;
    STAILQ_FOREACH(t, &b->gets, link)
    *incoming += t->left;
}

/* ---- the verbs ---- */

/* REMOTE_DONE: it can be asked for. */
static enum remote_state ready(const struct conn *c)
{
    if (c->lost || c->shut || c->state == CONN_CLOSED)
        return REMOTE_PEER_FAILED;
    return c->state == CONN_OPEN && c->out ? REMOTE_DONE : REMOTE_BUSY; /* no buffer: it is just being closed */
}

enum remote_state bulk_get(struct conn *c, const struct iovec *to, int pieces, struct remote from, size_t n,
                           struct completion *done)
{
    uint64_t memory, length = n;
    enum remote_state s = ready(c);
    if (s == REMOTE_DONE)
        s = memory_check(from, n, MEM_GET, &memory);
    if (s != REMOTE_DONE || n == 0)
        return s;
    void *room = c->bulk.asked < MOST ? stream_reserve(c, sizeof length) : NULL;
    struct transfer *t = room ? transfer_new(GET, done, to, pieces) : NULL;
    if (!t)
        return REMOTE_BUSY;
    t->left = n;
    STAILQ_INSERT_TAIL(&c->bulk.gets, t, link);
    c->bulk.asked++;
    memcpy(room, &length, sizeof length);
    stream_add(c, FRAME_GET, memory, from.offset, sizeof length);
    return REMOTE_STARTED;
}

enum remote_state bulk_put(struct conn *c, const struct iovec *from, int pieces, struct remote to, size_t n,
                           struct completion *done)
{
    uint64_t memory;
    enum remote_state s = ready(c);
    if (s == REMOTE_DONE)
        s = memory_check(to, n, MEM_PUT, &memory);
    if (s != REMOTE_DONE || n == 0)
        return s;
    struct transfer *t = transfer_new(PUT, done, from, pieces);
    if (!t)
        return REMOTE_BUSY;
    t->memory = memory;
    t->at = to.offset;
    t->left = n;
    STAILQ_INSERT_TAIL(&c->bulk.out, t, link);
    stream_write(c);
    return REMOTE_STARTED;
}

enum remote_state bulk_flush(struct conn *c, struct completion *done)
{
    enum remote_state s = ready(c);
    struct transfer *t = s == REMOTE_DONE && c->bulk.asked < MOST ? transfer_new(FLUSH, done, NULL, 0) : NULL;
    if (!t)
        return s == REMOTE_DONE ? REMOTE_BUSY : s;
    c->bulk.asked++;
    STAILQ_INSERT_TAIL(&c->bulk.out, t, link);
    stream_write(c);
    return REMOTE_STARTED;
}

bool bulk_rest(struct conn *c, const struct iovec *v, int count, size_t n)
{
    struct transfer *t = malloc(sizeof *t + sizeof *v + n);
    if (!t)
        return false;
    char *at = (char *)(t->piece + 1);
    *t = (struct transfer){.kind = REST, .left = n, .pieces = 1};
    t->piece[0] = (struct iovec){at, n};
    for (int i = 0; i < count; at += v[i++].iov_len)
        memcpy(at, v[i].iov_base, v[i].iov_len);
    STAILQ_INSERT_HEAD(&c->bulk.out, t, link);
    c->bulk.mark = c->out_at;
    c->bulk.chunk = (uint32_t)n;
    return true;
}

/* ---- out ---- */

static void chunk_begin(struct conn *c, const struct transfer *t, size_t n)
{
    bool put = t->kind == PUT;
    stream_add_head(c, put ? FRAME_PUT : FRAME_DATA, put ? t->memory : 0, put ? t->at : 0, n);
    c->bulk.chunk = (uint32_t)n;
    c->bulk.chunk_pad = stream_pad(n);
    c->bulk.mark = c->out_end;
}

/* One that is no more than a head. */
static void head_send(struct conn *c, struct transfer *t)
{
    enum frame frame = t->kind == FLUSH ? FRAME_FLUSH : t->kind == FLUSHED ? FRAME_FLUSHED : FRAME_REFUSED;
    STAILQ_REMOVE_HEAD(&c->bulk.out, link);
    stream_add_head(c, frame, t->fault, 0, 0);
    if (t->kind == FLUSH) {
        STAILQ_INSERT_TAIL(&c->bulk.flushes, t, link);
    } else {
        c->bulk.answers--;
        free(t);
    }
}

void bulk_next(struct conn *c)
{
    struct transfer *t;
    while (c->bulk.chunk + c->bulk.chunk_pad == 0 && (t = STAILQ_FIRST(&c->bulk.out)) && stream_reserve(c, 0)) {
        size_t n = t->left < STREAM_CHUNK ? t->left : STREAM_CHUNK;
        if (t->kind == PUT || (t->kind == ANSWER && memory_holds(t->memory, t->at, n, MEM_GET)))
            chunk_begin(c, t, n);
        else
            head_send(c, t);
    }
}

bool bulk_pieces(struct conn *c, struct iovec *v, int *count, bool *whole)
{
    static char zeros[8];
    const struct transfer *t = STAILQ_FIRST(&c->bulk.out);
    size_t n = c->bulk.chunk;
    *whole = true;
    if (c->bulk.chunk > 0 && t->kind == ANSWER) {
        int pieces = memory_where(t->memory, t->at, &n, v + *count, BULK_PIECES);
        if (pieces == 0)
            return false;
        *count += pieces;
        *whole = n == c->bulk.chunk;
    } else if (c->bulk.chunk > 0) {
        *count += transfer_pieces(t, c->bulk.chunk, v + *count);
    }
    if (c->bulk.chunk_pad > 0 && *whole)
        v[(*count)++] = (struct iovec){zeros, c->bulk.chunk_pad};
    return true;
}

void bulk_wrote(struct conn *c, size_t n)
{
    struct transfer *t = STAILQ_FIRST(&c->bulk.out);
    size_t k = n < c->bulk.chunk ? n : c->bulk.chunk;
    if (n == 0)
        return;
    transfer_advance(t, k);
    c->bulk.chunk -= (uint32_t)k;
    c->bulk.chunk_pad -= (uint32_t)(n - k);
    if (c->bulk.chunk + c->bulk.chunk_pad > 0 || t->left > 0)
        return;
    STAILQ_REMOVE_HEAD(&c->bulk.out, link);
    if (t->kind == PUT) {
        STAILQ_INSERT_TAIL(&told, t, link);
    } else {
        c->bulk.answers -= t->kind == ANSWER;
        free(t);
    }
}

/* ---- in ---- */

int bulk_landing(struct conn *c, struct iovec *v, bool *whole)
{
    static char sink[SINK], pad[8];
    struct bulk *b = &c->bulk;
    int count = 0;
    *whole = true;
    if (b->land > 0 && b->land_put) {
        char *at = memory_at(b->land_memory, b->land_at, b->land, MEM_PUT);
        b->refused |= !at;
        *whole = at || b->land <= sizeof sink;
        v[count++] = (struct iovec){at ? at : sink, *whole ? b->land : sizeof sink};
    } else if (b->land > 0) {
        count = transfer_pieces(STAILQ_FIRST(&b->gets), b->land, v);
    }
    if (b->land_pad > 0 && *whole)
        v[count++] = (struct iovec){pad, b->land_pad};
    return count;
}

static void get_finish(struct conn *c, enum remote_state how)
{
    struct transfer *t = STAILQ_FIRST(&c->bulk.gets);
    STAILQ_REMOVE_HEAD(&c->bulk.gets, link);
    c->bulk.asked--;
    transfer_finish(t, how);
}

/* From a buffer, instead of from the socket. */
static void land_copy(struct conn *c, const char *from, size_t n)
{
    struct iovec v[BULK_IOV];
    bool whole;
    int count = bulk_landing(c, v, &whole);
    for (int i = 0; i < count && n > 0; i++) {
        size_t k = v[i].iov_len < n ? v[i].iov_len : n;
        memcpy(v[i].iov_base, from, k);
        from += k;
        n -= k;
    }
}

size_t bulk_landed(struct conn *c, const char *from, size_t n)
{
    struct bulk *b = &c->bulk;
    size_t k = n < b->land ? n : b->land, pad = n - k < b->land_pad ? n - k : b->land_pad;
    if (from)
        land_copy(c, from, k);
    b->land -= (uint32_t)k;
    b->land_at += k;
    b->land_pad -= (uint32_t)pad;
    if (!b->land_put && k > 0) {
        struct transfer *t = STAILQ_FIRST(&b->gets);
        transfer_advance(t, k);
        if (t->left == 0)
            get_finish(c, REMOTE_DONE);
    }
    return k + pad;
}

static bool land_begin(struct conn *c, bool put, const struct packet *h)
{
    size_t n = packet_bytes(h);
    const struct transfer *get = STAILQ_FIRST(&c->bulk.gets);
    if (n == 0 || n > STREAM_CHUNK || (!put && (!get || n > get->left)))
        return false;
    c->bulk.land = (uint32_t)n;
    c->bulk.land_pad = stream_pad(n);
    c->bulk.land_put = put;
    c->bulk.land_memory = h->key.ctx;
    c->bulk.land_at = h->key.pair;
    return true;
}

static enum bulk_arrival answer_add(struct conn *c, enum transfer_kind kind, const struct packet *h)
{
    if (c->bulk.answers >= MOST)
        return BULK_BAD;
    struct transfer *t = transfer_new(kind, NULL, NULL, 0);
    if (!t)
        return BULK_LATER;
    if (kind == ANSWER) {
        uint64_t n;
        memcpy(&n, h + 1, sizeof n);
        t->memory = h->key.ctx;
        t->at = h->key.pair;
        t->left = (size_t)n;
        t->kind = n > 0 && n <= SIZE_MAX && memory_holds(t->memory, t->at, t->left, MEM_GET) ? ANSWER : REFUSAL;
    } else {
        t->fault = c->bulk.refused;
        c->bulk.refused = false;
    }
    STAILQ_INSERT_TAIL(&c->bulk.out, t, link);
    c->bulk.answers++;
    return BULK_TAKEN;
}

static bool flushed(struct conn *c, const struct packet *h)
{
    struct transfer *t = STAILQ_FIRST(&c->bulk.flushes);
    if (!t)
        return false;
    STAILQ_REMOVE_HEAD(&c->bulk.flushes, link);
    c->bulk.asked--;
    transfer_finish(t, h->key.ctx ? REMOTE_FAULT : REMOTE_DONE);
    return true;
}

enum bulk_arrival bulk_arrived(struct conn *c, uint32_t frame, const struct packet *h)
{
    switch (frame) {
    case FRAME_GET:
        return answer_add(c, ANSWER, h);
    case FRAME_FLUSH:
        return answer_add(c, FLUSHED, h);
    case FRAME_DATA:
    case FRAME_PUT:
        return land_begin(c, frame == FRAME_PUT, h) ? BULK_TAKEN : BULK_BAD;
    case FRAME_REFUSED:
        if (STAILQ_EMPTY(&c->bulk.gets))
            return BULK_BAD;
        get_finish(c, REMOTE_FAULT);
        return BULK_TAKEN;
    default:
        return flushed(c, h) ? BULK_TAKEN : BULK_BAD;
    }
}
