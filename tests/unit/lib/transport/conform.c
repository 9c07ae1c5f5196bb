/* SPDX-License-Identifier: BSD-3-Clause
 *
 * conform: the checks of the contract. */
#include "conform.h"
#include <sched.h>
#include <string.h>

int conform_me;
const char *conform_name = "";

enum { SYNC = 200, KEY, SUM, LAST_DATA = 100 };
enum { HALF = CONFORM_REGION / 2, CELLS = 4096 };

static struct peer *partner;
static const struct transport *t;
static bool in_poll, refuses, peeks;
static uint32_t next_in, syncs_in, syncs_out;
static struct {
    unsigned char key[MEM_KEY_MAX];
    size_t bytes;
} theirs;
static uint64_t sum_in;

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static uint32_t chance = 12345;

/* Packets: number i is the same wherever it is made. Odd ones are injected. */
static size_t size_of(uint32_t i)
{
    size_t most = i % 2 && t->inject_max > t->max_payload ? t->inject_max : t->max_payload;
    const size_t edges[] = {0, 1, 7, 8, 15, 16, 17, 39, 40, 41, 63, 64, 65, 127, 4095, 4096, 4097};
    const size_t ends[] = {t->eager_max - 1, t->eager_max, t->eager_max + 1, most - 1, most};
    size_t few = sizeof edges / sizeof *edges, many = few + sizeof ends / sizeof *ends;
    uint32_t r = i * 2654435761u >> 7;
    size_t n = r % 3 == 0 ? r / 3 % (most + 1) : r % many < few ? edges[r % many] : ends[r % many - few];
    return n <= most ? n : most;
}

static uint8_t kind_of(uint32_t i)
{
    return (uint8_t)(1 + i % LAST_DATA);
}

static void fill(char *at, size_t n, uint32_t i)
{
    for (size_t k = 0; k < n; k++)
        at[k] = (char)(i * 31 + k * 7 + (k >> 8));
}

static void data_check(const struct packet *h, const char *at, size_t n)
{
    uint32_t i = next_in++;
    CHECK(packet_kind(h) == kind_of(i) && n == size_of(i));
    CHECK(h->key.ctx == ~(uint64_t)i && h->key.source == (int32_t)i && h->key.tag == -(int32_t)i);
    for (size_t k = 0; k < n; k++)
        CHECK(at[k] == (char)(i * 31 + k * 7 + (k >> 8)));
}

static void packet_take(const struct packet *h, const void *payload, size_t n)
{
    switch (packet_kind(h)) {
    case SYNC:
        syncs_in++;
        break;
    case KEY:
        CHECK(n == t->key_bytes);
        memcpy(theirs.key, payload, n);
        theirs.bytes = n;
        break;
    case SUM:
        CHECK(n == sizeof sum_in);
        memcpy(&sum_in, payload, n);
        break;
    default:
        data_check(h, payload, n);
    }
}

bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n)
{
    CHECK(in_poll && from == partner && n == packet_bytes(h));
    if (refuses && random_next(&chance) % 5 == 0)
        return false;
    packet_take(h, payload, n);
    return true;
}

int conform_poll(void)
{
    CHECK(!in_poll);
    in_poll = true;
    int n = transport_poll();
    in_poll = false;
    if (n == 0)
        sched_yield(); /* the partner may want this processor */
    return n;
}

void conform_retire(struct peer *p, const struct transport *null)
{
    in_poll = true;
    peer_retire(p, null);
    in_poll = false;
}

/* A receiver that knows what it waits for takes it out itself. */
static void look(void)
{
    if (!peeks || !t->peek) {
        conform_poll();
        return;
    }
    struct arrival a = t->peek(partner, 3);
    if (a.head) {
        struct arrival again = t->peek(partner, 1);
        CHECK(again.head == a.head && again.payload == a.payload);
        packet_take(a.head, a.payload, packet_bytes(a.head));
        t->consume(partner);
    } else if (random_next(&chance) % 4 == 0) {
        conform_poll();
    }
}

static void send_now(uint8_t kind, struct match_key key, const void *payload, size_t n)
{
    while (!t->inject(partner, kind, key.ctx, key.pair, payload, n))
        look();
}

static void sync_both(void)
{
    send_now(SYNC, match_key_of(0, 0, 0), NULL, 0);
    for (syncs_out++; syncs_in < syncs_out;)
        look();
}

static void packet_send(uint32_t i, char *copy)
{
    size_t n = size_of(i);
    struct match_key key = match_key_of(~(uint64_t)i, (int)i, -(int)i);
    if (i % 2) {
        fill(copy, n, i);
        send_now(kind_of(i), key, copy, n);
        memset(copy, 0x55, n); /* it is the sender's again */
        return;
    }
    char *room;
    while (!(room = t->reserve(partner, n)))
        look();
    if (i % 14 == 0) { /* given up: the next one takes its place */
        memset(room, 0x77, n);
        while (!(room = t->reserve(partner, n)))
            look();
    }
    fill(room, n, i);
    t->commit(partner, kind_of(i), key, n);
}

static void packets(uint32_t first, uint32_t count)
{
    char *copy = malloc(t->max_payload > t->inject_max ? t->max_payload : t->inject_max);
    CHECK(copy);
    for (uint32_t i = first; i < first + count; i++)
        packet_send(i, copy);
    sync_both();
    CHECK(next_in >= first + count); /* the next ones may have begun to come */
    free(copy);
}

static void done(struct completion *c, enum remote_state how)
{
    struct op *o = (struct op *)c;
    CHECK(in_poll && o->begun == REMOTE_STARTED && how != REMOTE_STARTED && how != REMOTE_BUSY);
    o->calls++;
    o->how = how;
}

struct op *op_init(struct op *o)
{
    *o = (struct op){.c = {done}, .begun = REMOTE_BUSY};
    return o;
}

enum remote_state op_settle(struct op *o)
{
    while (o->begun == REMOTE_STARTED && o->calls == 0)
        look();
    CHECK(o->begun != REMOTE_BUSY && o->calls == (o->begun == REMOTE_STARTED));
    return o->calls ? o->how : o->begun;
}

static struct remote there(uint64_t offset)
{
    return (struct remote){theirs.key, theirs.bytes, offset};
}

static void get_begin(struct op *o, const struct iovec *to, int pieces, uint64_t offset, size_t n)
{
    op_init(o);
    while ((o->begun = t->get(partner, to, pieces, there(offset), n, &o->c)) == REMOTE_BUSY)
        look();
}

static void put_begin(struct op *o, const struct iovec *from, int pieces, uint64_t offset, size_t n)
{
    op_init(o);
    while ((o->begun = t->put(partner, from, pieces, there(offset), n, &o->c)) == REMOTE_BUSY)
        look();
}

static enum remote_state atomic(uint64_t offset, struct atomic_call call)
{
    struct op o;
    op_init(&o);
    while ((o.begun = t->atomic(partner, there(offset), &call, &o.c)) == REMOTE_BUSY)
        look();
    return op_settle(&o);
}

static void flush_all(void)
{
    struct op o;
    op_init(&o);
    while ((o.begun = t->flush(partner, &o.c)) == REMOTE_BUSY)
        look();
    CHECK(op_settle(&o) == REMOTE_DONE);
}

/* The first half of a region is read; the second one is written by the partner, but for the cells at its end. */
static char content(size_t i)
{
    return (char)(i * 13 + (i >> 7) * 5 + (i >> 15));
}

enum { BATCH = 24, PIECES = 8, GAP = 3, SLOT = 16384 };

/* Cuts n bytes at `at` into pieces, with gaps; how many. */
static int cut(char *at, size_t n, struct iovec *pieces, uint32_t *r)
{
    int most = 1 + (int)(random_next(r) % PIECES), count = 0;
    most = most < t->max_pieces ? most : t->max_pieces;
    for (; n > 0; count++) {
        size_t k = count == most - 1 ? n : 1 + random_next(r) % n;
        pieces[count] = (struct iovec){at, k};
        at += k + GAP;
        n -= k;
    }
    return count;
}

static void gets_checked(uint32_t seed)
{
    static char room[BATCH][SLOT + PIECES * GAP];
    struct iovec pieces[BATCH][PIECES];
    struct op ops[BATCH];
    int counts[BATCH];
    uint64_t at[BATCH];
    memset(room, 0x11, sizeof room);
    for (int i = 0; i < BATCH; i++) {
        size_t n = 1 + random_next(&seed) % SLOT;
        at[i] = random_next(&seed) % (HALF - n);
        counts[i] = cut(room[i], n, pieces[i], &seed);
        get_begin(&ops[i], pieces[i], counts[i], at[i], n);
    }
    for (int i = 0; i < BATCH; i++) {
        CHECK(op_settle(&ops[i]) == REMOTE_DONE);
        for (int p = 0; p < counts[i]; p++) {
            const char *got = pieces[i][p].iov_base;
            for (size_t k = 0; k < pieces[i][p].iov_len; k++)
                CHECK(got[k] == content(at[i]++));
            for (int k = 0; k < GAP; k++)
                CHECK(got[pieces[i][p].iov_len + (size_t)k] == 0x11);
        }
    }
}

static uint64_t sum_of(const char *at, size_t n)
{
    uint64_t h = 1;
    for (size_t i = 0; i < n; i++)
        h = h * 31 + (unsigned char)at[i];
    return h;
}

/* Each of a batch has a slot of its own, since nothing orders them. */
static void puts_batch(char *model, uint32_t *seed)
{
    static char room[BATCH][SLOT + PIECES * GAP];
    struct iovec pieces[PIECES];
    struct op ops[BATCH];
    for (int i = 0; i < BATCH; i++) {
        size_t n = 1 + random_next(seed) % SLOT, at = (size_t)i * SLOT + random_next(seed) % (SLOT + 1 - n), k = 0;
        for (size_t j = 0; j < sizeof room[i]; j++)
            room[i][j] = (char)random_next(seed);
        int count = cut(room[i], n, pieces, seed);
        put_begin(&ops[i], pieces, count, HALF + at, n);
        for (int p = 0; p < count; k += pieces[p++].iov_len)
            memcpy(model + at + k, pieces[p].iov_base, pieces[p].iov_len);
        if (ops[i].begun == REMOTE_DONE) /* it is the caller's again */
            memset(room[i], 0, sizeof room[i]);
    }
    for (int i = 0; i < BATCH; i++)
        CHECK(op_settle(&ops[i]) == REMOTE_DONE);
    flush_all();
}

static void puts_checked(char *mine)
{
    enum { N = BATCH * SLOT };
    char *model = calloc(1, N);
    uint32_t seed = 4711 + (uint32_t)conform_me;
    CHECK(model);
    for (int round = 0; round < 10; round++) {
        puts_batch(model, &seed);
        uint64_t sum = sum_of(model, N);
        send_now(SUM, match_key_of(0, 0, 0), &sum, sizeof sum);
        sync_both();
        CHECK(sum_of(mine + HALF, N) == sum_in);
        sync_both();
    }
    free(model);
}

/* What the key does not allow. */
static void faults(void)
{
    char byte[16] = {0};
    struct iovec one = {byte, sizeof byte};
    struct op o;
    get_begin(&o, &one, 1, CONFORM_REGION - 8, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    get_begin(&o, &one, 1, UINT64_MAX - 7, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    put_begin(&o, &one, 1, (uint64_t)CONFORM_REGION << 20, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    theirs.bytes--;
    get_begin(&o, &one, 1, 0, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    theirs.bytes++;
}

static void key_exchange(const void *key)
{
    send_now(KEY, match_key_of(0, 0, 0), key, t->key_bytes);
    sync_both();
}

/* Access is what was registered. */
static void accesses(char *mine)
{
    char byte[16] = {0};
    struct iovec one = {byte, sizeof byte};
    unsigned char key[MEM_KEY_MAX];
    void *handle;
    struct op o;
    uint32_t operand = 1;
    struct atomic_call add = {ATOMIC_SUM, ATOMIC_U32, &operand, NULL, NULL};
    CHECK(t->mem_register(mine, CONFORM_REGION, MEM_GET, key, &handle));
    key_exchange(key);
    get_begin(&o, &one, 1, 5, 16);
    CHECK(op_settle(&o) == REMOTE_DONE && byte[3] == content(8));
    put_begin(&o, &one, 1, HALF, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    CHECK(atomic(HALF, add) == REMOTE_FAULT);
    sync_both();
    t->mem_deregister(handle);
}

/* The bytes of what is of, as pieces of a hundred, or copied to a place that the next call takes. */
static int piecemeal(const void *of, uint64_t at, size_t *n, struct iovec *v, int most)
{
    enum { PIECE = 100, PLACE = 3000 };
    static char place[PLACE];
    static uint32_t seed = 5;
    const char *from = (const char *)of + at;
    size_t wanted = *n;
    CHECK(most >= 1 && wanted > 0 && at <= HALF && wanted <= HALF - at);
    if (random_next(&seed) % 2) {
        *n = wanted < PLACE ? wanted : PLACE;
        memcpy(place, from, *n);
        v[0] = (struct iovec){place, *n};
        return 1;
    }
    int count = 0;
    for (*n = 0; count < most && *n < wanted; count++) {
        size_t k = wanted - *n < PIECE ? wanted - *n : PIECE;
        v[count] = (struct iovec){(void *)(uintptr_t)(from + *n), k};
        *n += k;
    }
    return count;
}

/* A stream can be got, within its length, and as long as it is offered. */
static void offered(char *mine)
{
    char byte[16] = {0};
    struct iovec one = {byte, sizeof byte};
    unsigned char key[MEM_KEY_MAX];
    void *handle;
    struct op o;
    CHECK(t->mem_offer(mine, piecemeal, HALF, key, &handle));
    key_exchange(key);
    for (uint32_t round = 1; round <= 10; round++)
        gets_checked(round * 577 + (uint32_t)conform_me);
    get_begin(&o, &one, 1, HALF - 15, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    put_begin(&o, &one, 1, 0, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    sync_both();
    t->mem_deregister(handle);
    sync_both();
    get_begin(&o, &one, 1, 0, 16);
    CHECK(op_settle(&o) == REMOTE_FAULT);
    sync_both();
}

/* Atomics: the model, in other words than the library's. */
static uint64_t low(uint64_t bits, size_t n)
{
    return n == 8 ? bits : bits & ((UINT64_C(1) << 8 * n) - 1);
}

static int64_t signed_of(uint64_t bits, size_t n)
{
    return (int64_t)(bits << (64 - 8 * n)) >> (64 - 8 * n);
}

static double float_of(uint64_t bits, size_t n)
{
    float f;
    double d;
    uint32_t half = (uint32_t)bits;
    memcpy(&f, &half, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return n == 4 ? (double)f : d;
}

static uint64_t bits_of_float(double d, size_t n)
{
    float f = (float)d;
    uint32_t half;
    uint64_t bits;
    memcpy(&half, &f, sizeof half);
    memcpy(&bits, &d, sizeof bits);
    return n == 4 ? half : bits;
}

static uint64_t model_of(enum atomic_op op, enum atomic_type type, uint64_t was, uint64_t with, uint64_t compare)
{
    size_t n = atomic_size(type);
    bool real = type >= ATOMIC_F32, sign = type % 2 == 0;
    bool less = real   ? float_of(with, n) < float_of(was, n)
                : sign ? signed_of(with, n) < signed_of(was, n)
                       : with < was;
    switch (op) {
    case ATOMIC_REPLACE:
        return with;
    case ATOMIC_SWAP_IF:
        return was == compare ? with : was;
    case ATOMIC_SUM:
        return real ? bits_of_float(float_of(was, n) + float_of(with, n), n) : low(was + with, n);
    case ATOMIC_PROD:
        return real ? bits_of_float(float_of(was, n) * float_of(with, n), n) : low(was * with, n);
    case ATOMIC_MIN:
        return less ? with : was;
    case ATOMIC_MAX:
        return less || was == with ? was : with;
    case ATOMIC_AND:
        return was & with;
    case ATOMIC_OR:
        return was | with;
    case ATOMIC_XOR:
        return was ^ with;
    default:
        return was;
    }
}

/* Small numbers, so that those of floating point stay exact. */
static uint64_t element(enum atomic_type type, uint32_t *seed)
{
    uint32_t r = random_next(seed);
    return type >= ATOMIC_F32 ? bits_of_float((double)(r % 4), atomic_size(type))
                              : low(r * UINT64_C(0x100000001), atomic_size(type));
}

/* Whether these can be done at all, it says alike for all operations. */
static bool atomics_of(enum atomic_type type, uint64_t at, uint32_t seed)
{
    size_t n = atomic_size(type);
    uint64_t value = element(type, &seed), with = value, compare, was = 0;
    enum remote_state first = atomic(at, (struct atomic_call){ATOMIC_REPLACE, type, &with, NULL, NULL});
    CHECK(first == REMOTE_DONE || first == REMOTE_NEVER);
    for (int i = 0; i < 120; i++) {
        enum atomic_op op = (enum atomic_op)(random_next(&seed) % ATOMIC_OPS);
        if (type >= ATOMIC_F32 && op >= ATOMIC_AND)
            continue;
        with = element(type, &seed);
        compare = i % 3 ? value : with;
        enum remote_state s = atomic(at, (struct atomic_call){op, type, &with, &compare, i % 5 ? &was : NULL});
        CHECK(s == first);
        if (s != REMOTE_DONE)
            continue;
        CHECK(i % 5 == 0 || low(was, n) == value);
        value = model_of(op, type, value, with, compare);
    }
    uint32_t half = 0;
    if (n > 1)
        CHECK(atomic(at + 1, (struct atomic_call){ATOMIC_SUM, type, &with, NULL, &half}) != REMOTE_DONE);
    return first == REMOTE_DONE;
}

/* Both add to one element, of the lower one's memory, and so does its processor. */
static void contention(char *mine, bool lower)
{
    enum { TIMES = 3000 };
    uint64_t at = CONFORM_REGION - CELLS / 2, one = 1, was;
    _Atomic uint64_t *own = (_Atomic uint64_t *)(void *)(mine + at);
    bool alone = partner->proc == conform_me;
    if (lower)
        atomic_store(own, 0);
    sync_both();
    for (int i = 0; i < TIMES; i++) {
        if (!lower || alone)
            CHECK(atomic(at, (struct atomic_call){ATOMIC_SUM, ATOMIC_U64, &one, NULL, &was}) == REMOTE_DONE);
        if (lower && t->atomics_of_cpu)
            atomic_fetch_add(own, 1);
    }
    flush_all();
    sync_both();
    if (lower)
        CHECK(atomic_load(own) == (t->atomics_of_cpu ? 2 * TIMES : TIMES));
    sync_both();
}

static void atomics(char *mine, bool lower)
{
    bool any = false, all = true;
    for (int type = 0; type < ATOMIC_TYPES; type++) {
        bool can =
            atomics_of((enum atomic_type)type, CONFORM_REGION - CELLS + 64 * (uint64_t)type, 77 + (uint32_t)type);
        any |= can;
        all &= can;
    }
    CHECK(any == all);
    sync_both();
    if (all)
        contention(mine, lower);
}

/* Where memory of that kind cannot be reached, it says so each time. */
static bool reachable(void)
{
    char byte;
    struct iovec one = {&byte, 1};
    enum remote_state first = REMOTE_STARTED;
    for (int i = 0; i < 6; i++) {
        struct op o;
        (i % 2 ? put_begin : get_begin)(&o, &one, 1, CONFORM_REGION - 1, 1);
        enum remote_state s = op_settle(&o);
        CHECK(i == 0 || s == first);
        first = s;
    }
    CHECK(first == REMOTE_DONE || first == REMOTE_NEVER);
    return first == REMOTE_DONE;
}

static void memory(char *mine, bool lower)
{
    unsigned char key[MEM_KEY_MAX];
    void *handle;
    for (size_t i = 0; i < HALF; i++)
        mine[i] = content(i);
    memset(mine + HALF, 0, HALF);
    if (!t->mem_register(mine, CONFORM_REGION, MEM_GET | MEM_PUT | MEM_ATOMIC, key, &handle)) {
        CHECK(t->address_bytes > 0); /* on one node all can be */
        return;
    }
    key_exchange(key);
    bool can = reachable();
    for (uint32_t round = 1; round <= 10 && can; round++)
        gets_checked(round * 991 + (uint32_t)conform_me);
    sync_both();
    if (can) {
        puts_checked(mine);
        faults();
    }
    atomics(mine, lower);
    t->mem_deregister(handle);
    if (can)
        accesses(mine);
    if (can && t->mem_offer)
        offered(mine);
}

void conform_run(struct peer *p, bool lower, char *const *regions, int count)
{
    enum { MANY = 2000 };
    CHECK(p && p->transport);
    partner = p;
    t = p->carrier;
    conform_name = t->name;
    CHECK(t->key_bytes <= MEM_KEY_MAX && t->address_bytes <= TRANSPORT_ADDRESS_MAX);
    CHECK(t->max_payload <= PACKET_PAYLOAD_MAX && t->eager_max <= t->max_payload && t->max_pieces >= 1);
    next_in = syncs_in = syncs_out = 0;
    packets(0, MANY);
    refuses = true;
    packets(MANY, MANY);
    refuses = false;
    peeks = true;
    packets(2 * MANY, MANY);
    peeks = false;
    for (int i = 0; i < count; i++)
        memory(regions[i], lower);
    sync_both();
}
