/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mock: a transport for tests. */
#include "mock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "lib/process/process.h"
#include "lib/transport/direct.h"
#include "lib/transport/peer.h"

enum { KEY_BYTES = 24, ADDRESS_BYTES = 20, REGIONS = 64, MOST_UNDER_WAY = 12, PIECES = 3 };

struct mock_options mock_options;
int mock_registered, mock_under_way, mock_disconnects;

struct letter {
    TAILQ_ENTRY(letter) next;
    uint64_t due;
    struct packet head;
    char payload[];
};
TAILQ_HEAD(letters, letter);

/* Between two processes: this one's end. */
struct link {
    struct peer *p;
    TAILQ_ENTRY(link) next;
    uint64_t connected_at;
    bool broken, told; /* it has failed, and peer_failed was called; or it was disconnected */
    bool goodbye;      /* the peer's last word is on its way */
    struct letters out, in;
    struct letter *open;
};

struct operation {
    TAILQ_ENTRY(operation) next;
    struct link *link;
    enum { GET, PUT, ATOMIC, FLUSH } what;
    uint64_t due, number;
    struct iovec pieces[PIECES];
    int count;
    void *there;
    struct atomic_call call;
    uint64_t operand, compare;
    struct completion *c;
};

static TAILQ_HEAD(, link) links = TAILQ_HEAD_INITIALIZER(links);
static TAILQ_HEAD(operations, operation) operations = TAILQ_HEAD_INITIALIZER(operations);
static uint64_t now, numbers;
static uint32_t chance = 2463534242u, attention;
static struct region {
    char *base;
    size_t len;
    unsigned access;
    uint64_t nonce;
} regions[REGIONS];

static uint32_t roll(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 17;
    return chance ^= chance << 5;
}

static bool refused(void)
{
    return mock_options.refuse && roll() % mock_options.refuse == 0;
}

static uint64_t due_by(uint64_t least)
{
    uint64_t due = now + (mock_options.delay ? roll() % mock_options.delay : 0);
    return due > least ? due : least;
}

static int mock_init(uint32_t bit)
{
    attention = bit;
    transport_attention |= bit;
    mock_registered = mock_under_way = mock_disconnects = 0;
    return MPI_SUCCESS;
}

static void letters_free(struct letters *l)
{
    struct letter *first;
    while ((first = TAILQ_FIRST(l)) != NULL) {
        TAILQ_REMOVE(l, first, next);
        free(first);
    }
}

static void mock_fini(void)
{
    struct link *l;
    while ((l = TAILQ_FIRST(&links)) != NULL) {
        TAILQ_REMOVE(&links, l, next);
        letters_free(&l->out);
        letters_free(&l->in);
        free(l->open);
    }
}

static void address_of(int rank, char text[ADDRESS_BYTES])
{
    snprintf(text, ADDRESS_BYTES, "mock %d", rank);
}

static int mock_address(void *address)
{
    char text[ADDRESS_BYTES] = {0};
    address_of(process_self, text);
    memcpy(address, text, sizeof text);
    return MPI_SUCCESS;
}

static bool mock_reaches(const struct peer *p)
{
    return mock_options.loop || p->proc != process_self;
}

static bool mock_connect(struct peer *p, const void *address)
{
    char text[ADDRESS_BYTES];
    struct link *l = calloc(1, sizeof *l);
    address_of(p->proc, text);
    if (!l || strcmp(address, text) != 0)
        abort();
    l->p = p;
    l->connected_at = now + mock_options.connect;
    TAILQ_INIT(&l->out);
    TAILQ_INIT(&l->in);
    TAILQ_INSERT_TAIL(&links, l, next);
    p->channel = l;
    return true;
}

static void finish(struct operation *o, enum remote_state how)
{
    struct completion *c = o->c;
    TAILQ_REMOVE(&operations, o, next);
    mock_under_way--;
    free(o);
    c->done(c, how);
}

static void mock_disconnect(struct peer *p)
{
    struct link *l = p->channel;
    struct operation *o, *next;
    mock_disconnects++;
    if (!l)
        return;
    l->broken = l->told = true;
    for (o = TAILQ_FIRST(&operations); o; o = next) {
        next = TAILQ_NEXT(o, next);
        if (o->link == l) {
            finish(o, REMOTE_PEER_FAILED);
            next = TAILQ_FIRST(&operations); /* what was done may have begun or ended others */
        }
    }
}

static struct link *open_link(struct peer *p)
{
    struct link *l = p->channel;
    return l && !l->broken && now >= l->connected_at && !refused() ? l : NULL;
}

static void *mock_reserve(struct peer *p, size_t bytes)
{
    struct link *l = open_link(p);
    if (!l || bytes > transport_mock.max_payload)
        return NULL;
    free(l->open);
    l->open = calloc(1, sizeof *l->open + bytes);
    return l->open ? l->open->payload : NULL;
}

static void mock_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
    struct link *l = p->channel;
    const struct letter *last = TAILQ_LAST(&l->out, letters);
    l->open->head = (struct packet){.what = packet_what(kind, bytes), .key = key};
    l->open->due = due_by(last ? last->due : 0); /* packets keep their order */
    TAILQ_INSERT_TAIL(&l->out, l->open, next);
    l->open = NULL;
}

static bool mock_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    void *room = mock_reserve(p, bytes);
    if (!room)
        return false;
    if (bytes > 0)
        memcpy(room, payload, bytes);
    mock_commit(p, kind, (struct match_key){.ctx = ctx, .pair = pair}, bytes);
    return true;
}

static void loop_back(struct link *l)
{
    struct letter *first;
    while ((first = TAILQ_FIRST(&l->out)) != NULL && first->due <= now) {
        TAILQ_REMOVE(&l->out, first, next);
        TAILQ_INSERT_TAIL(&l->in, first, next);
    }
}

static int deliver(struct link *l)
{
    struct letter *first;
    int n = 0;
    if (mock_options.loop)
        loop_back(l);
    while ((first = TAILQ_FIRST(&l->in)) != NULL && first->due <= now) {
        if (!p2p_deliver(l->p, &first->head, first->payload, packet_bytes(&first->head)))
            return n;
        TAILQ_REMOVE(&l->in, first, next);
        free(first);
        n++;
    }
    if (l->goodbye && TAILQ_EMPTY(&l->in)) {
        l->goodbye = false;
        peer_finalized(l->p);
        n++;
    }
    if (l->broken && !l->told) {
        l->told = true;
        peer_failed(l->p, "the mock says so");
        n++;
    }
    return n;
}

static void perform(const struct operation *o)
{
    char *at = o->there;
    for (int i = 0; i < o->count && o->what != ATOMIC; at += o->pieces[i++].iov_len)
        memcpy(o->what == GET ? o->pieces[i].iov_base : at, o->what == GET ? at : o->pieces[i].iov_base,
               o->pieces[i].iov_len);
    if (o->what == ATOMIC && direct_atomic(o->there, &o->call) != REMOTE_DONE)
        abort();
}

/* Has all been done that was begun before, so that a flush may be? */
static bool oldest(const struct operation *flush)
{
    const struct operation *o;
    TAILQ_FOREACH(o, &operations, next)
    if (o->link == flush->link && o->number < flush->number && o->what != GET)
        return false;
    return true;
}

static int perform_due(void)
{
    struct operation *o;
    int n = 0;
    if (mock_options.holds)
        return 0;
    for (bool again = true; again;) {
        again = false;
        TAILQ_FOREACH_REVERSE(o, &operations, operations, next)
        if (o->due <= now && !o->link->broken && (o->what != FLUSH || oldest(o))) {
            perform(o);
            finish(o, REMOTE_DONE);
            again = true;
            n++;
            break;
        }
    }
    return n;
}

static int mock_poll(void)
{
    struct link *l;
    int n = 0;
    now++;
    TAILQ_FOREACH(l, &links, next)
    n += deliver(l);
    return n + perform_due();
}

void mock_offer(void *base, size_t len, unsigned access, void *key)
{
    void *handle;
    if (!transport_mock.mem_register(base, len, access, key, &handle))
        abort();
    mock_registered--; /* of this process's */
}

static bool mock_register(void *base, size_t len, unsigned access, void *key, void **handle)
{
    for (uint64_t i = 0; i < REGIONS; i++) {
        struct region *r = &regions[i];
        if (r->base)
            continue;
        *r = (struct region){base, len, access, ++numbers * 0x9e3779b97f4a7c15u};
        uint64_t words[3] = {i, r->nonce, ~r->nonce};
        memcpy(key, words, sizeof words);
        *handle = r;
        mock_registered++;
        return true;
    }
    return false;
}

static void mock_deregister(void *handle)
{
    struct region *r = handle;
    if (!r->base)
        abort();
    *r = (struct region){0};
    mock_registered--;
}

/* The owner's side looks it up. */
static void *region_at(struct remote at, size_t n, unsigned access)
{
    uint64_t words[3];
    if (at.key_bytes != sizeof words)
        return NULL;
    memcpy(words, at.key, sizeof words);
    if (words[0] >= REGIONS || words[1] != ~words[2])
        return NULL;
    const struct region *r = &regions[words[0]];
    bool within = r->base && r->nonce == words[1] && at.offset <= r->len && n <= r->len - at.offset;
    return within && (r->access & access) == access ? r->base + at.offset : NULL;
}

static enum remote_state begin(struct peer *p, struct operation o)
{
    struct link *l = p->channel;
    if (l && l->broken)
        return REMOTE_PEER_FAILED;
    if (o.what != FLUSH && !o.there)
        return REMOTE_FAULT;
    if (!l || now < l->connected_at || refused() || mock_under_way >= MOST_UNDER_WAY)
        return REMOTE_BUSY;
    if (mock_options.delay == 0 && !mock_options.holds && (o.what != FLUSH || mock_under_way == 0)) {
        perform(&o);
        return REMOTE_DONE;
    }
    struct operation *kept = malloc(sizeof *kept);
    if (!kept)
        return REMOTE_BUSY;
    *kept = o;
    kept->link = l;
    kept->due = due_by(now + 1);
    kept->number = ++numbers;
    if (o.what == ATOMIC) {
        kept->call.operand = &kept->operand;
        kept->call.compare = &kept->compare;
    }
    TAILQ_INSERT_TAIL(&operations, kept, next);
    mock_under_way++;
    return REMOTE_STARTED;
}

static enum remote_state copy(struct peer *p, bool get, const struct iovec *pieces, int count, struct remote at,
                              size_t n, struct completion *c)
{
    struct operation o = {.what = get ? GET : PUT, .count = count, .c = c};
    size_t sum = 0;
    if (mock_options.no_gets)
        return REMOTE_NEVER;
    if (count < 1 || count > PIECES)
        abort();
    for (int i = 0; i < count; i++)
        sum += pieces[i].iov_len;
    if (sum != n)
        abort();
    memcpy(o.pieces, pieces, (size_t)count * sizeof *pieces);
    o.there = region_at(at, n, get ? MEM_GET : MEM_PUT);
    return begin(p, o);
}

static enum remote_state mock_get(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                                  struct completion *c)
{
    return copy(p, true, to, pieces, from, n, c);
}

static enum remote_state mock_put(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                                  struct completion *c)
{
    return copy(p, false, from, pieces, to, n, c);
}

static enum remote_state mock_atomic(struct peer *p, struct remote at, const struct atomic_call *call,
                                     struct completion *c)
{
    size_t n = atomic_size(call->type);
    struct operation o = {.what = ATOMIC, .c = c, .call = *call, .there = region_at(at, n, MEM_ATOMIC)};
    if (o.there && (uintptr_t)o.there % n != 0)
        return REMOTE_FAULT;
    if (o.there && mock_options.no_atomics)
        return REMOTE_NEVER;
    if (call->operand)
        memcpy(&o.operand, call->operand, n);
    if (call->op == ATOMIC_SWAP_IF)
        memcpy(&o.compare, call->compare, n);
    o.call.operand = &o.operand;
    o.call.compare = &o.compare;
    return begin(p, o);
}

static enum remote_state mock_flush(struct peer *p, struct completion *c)
{
    return begin(p, (struct operation){.what = FLUSH, .c = c});
}

bool mock_take(struct peer *p, struct mock_packet *out)
{
    struct link *l = p->channel;
    struct letter *first = l ? TAILQ_FIRST(&l->out) : NULL;
    if (!first || first->due > now)
        return false;
    TAILQ_REMOVE(&l->out, first, next);
    *out = (struct mock_packet){packet_kind(&first->head), first->head.key, packet_bytes(&first->head), NULL};
    out->payload = malloc(out->n + 1);
    memcpy(out->payload, first->payload, out->n);
    free(first);
    return true;
}

void mock_arrive(struct peer *p, uint8_t kind, struct match_key key, const void *payload, size_t n)
{
    struct link *l = p->channel;
    struct letter *letter = malloc(sizeof *letter + n);
    const struct letter *last = TAILQ_LAST(&l->in, letters);
    letter->head = (struct packet){.what = packet_what(kind, n), .key = key};
    letter->due = due_by(last ? last->due : now + 1);
    if (n > 0)
        memcpy(letter->payload, payload, n);
    TAILQ_INSERT_TAIL(&l->in, letter, next);
}

void mock_goodbye(struct peer *p)
{
    ((struct link *)p->channel)->goodbye = true;
}

void mock_fail(struct peer *p)
{
    ((struct link *)p->channel)->broken = true;
}

struct transport transport_mock = {.name = "mock",
                                   .atomics_of_cpu = true,
                                   .max_payload = 5000,
                                   .eager_max = 1000,
                                   .key_bytes = KEY_BYTES,
                                   .max_pieces = PIECES,
                                   .address_bytes = ADDRESS_BYTES,
                                   .init = mock_init,
                                   .fini = mock_fini,
                                   .address = mock_address,
                                   .reaches = mock_reaches,
                                   .connect = mock_connect,
                                   .disconnect = mock_disconnect,
                                   .reserve = mock_reserve,
                                   .commit = mock_commit,
                                   .inject = mock_inject,
                                   .poll = mock_poll,
                                   .mem_register = mock_register,
                                   .mem_deregister = mock_deregister,
                                   .get = mock_get,
                                   .put = mock_put,
                                   .atomic = mock_atomic,
                                   .flush = mock_flush};
