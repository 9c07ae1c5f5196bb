/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shm: packets between ranks of one node, through the channels of channel.h. A rank looks only at the channels whose
 * sender has put itself on its list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/bytes.h"
#include "lib/core/error.h"
#include "lib/transport/direct.h"
#include "lib/transport/peer.h"
#include "lib/transport/shm/abroad.h"

enum { BATCH = 32 };

void cursor_open(struct cursor *c, struct channel *ch, uint32_t slots, size_t ring)
{
    *c = (struct cursor){.ch = ch, .slots = ch->slots, .last = slots - 1, .ring = ring};
    c->bytes = (char *)&c->slots[slots];
}

static struct channel *channel_at(int to, int from)
{
    return (struct channel *)(shm.channels + ((size_t)to * (size_t)nodemem.ranks + (size_t)from) * shm.stride);
}

/* There and back, so that who is spoken to can answer. */
static bool room_both(const struct peer *p)
{
    if (boot_segment_reserve(channel_at(p->local, nodemem.me), shm.stride) &&
        boot_segment_reserve(channel_at(nodemem.me, p->local), shm.stride))
        return true;
    error_detail_set(MPI_ERR_NO_MEM, "no shared memory for messages to rank %d of MPI_COMM_WORLD: %s%s", p->proc,
                     strerror(errno), boot_segment_hint(errno));
    return false;
}

static bool shm_reaches(const struct peer *p)
{
    return p->local >= 0 ? nodemem_active : abroad_reaches(p);
}

/* What has come from a rank of this node stays where it is, for its next receive. */
static void shm_disconnect(struct peer *p)
{
    struct link *l = p->channel;
    if (l && l->abroad)
        abroad_end(l);
}

static bool home_open(struct peer *p, struct link *l)
{
    if (!room_both(p))
        return false;
    cursor_open(&l->out, channel_at(p->local, nodemem.me), shm.slots, shm.bytes);
    l->out.peer = p;
    l->out.doorbell = doorbell_of(p->local);
    l->out.fence = nodemem.fence;
    l->cma = &nodemem.cma[p->local];
    return true;
}

static bool shm_connect(struct peer *p, const void *address)
{
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return false;
    l->out.peer = p;
    if (!(p->local >= 0 ? home_open(p, l) : abroad_open(p, l, address))) {
        free(l);
        return false;
    }
    p->channel = l;
    return true;
}

ALWAYS_INLINE struct cursor *out_of(const struct peer *p)
{
    return &((struct link *)p->channel)->out;
}

ALWAYS_INLINE struct cursor *in_of(const struct peer *p)
{
    return &((struct link *)p->channel)->in;
}

ALWAYS_INLINE struct slot *slot_of(const struct cursor *c, uint32_t seq)
{
    return &c->slots[seq & c->last];
}

/* The other side has written what makes no sense. */
static __attribute__((noinline)) void cursor_break(struct cursor *c)
{
    const struct link *l = c->peer->channel;
    if (c->broken)
        return;
    c->broken = true;
    if (l->abroad)
        abroad_break(l);
    else
        peer_failed(c->peer, SHM_NONSENSE);
}

static void announce(struct peer *p, struct cursor *c)
{
    _Atomic uint64_t *map = shm.senders + ((ptrdiff_t)p->local - nodemem.me) * (ptrdiff_t)shm.words;
    c->announced = true;
    atomic_fetch_or_explicit(&map[nodemem.me / 64], UINT64_C(1) << nodemem.me % 64, memory_order_seq_cst);
}

/* The ring looks full, or nothing has been sent yet. */
static __attribute__((noinline)) bool slots_more(struct peer *p, struct cursor *c)
{
    if (!c->slots) /* it is lost */
        return false;
    if (p->local < 0) {
        if (!c->announced && !abroad_announce(p->channel))
            return false;
    } else if (!c->announced) {
        /* The pages of the channel come only now: whoever sleeps may well wake meanwhile. */
        if (atomic_load_explicit(&c->doorbell->sleeping, memory_order_relaxed))
            doorbell_wake(c->doorbell);
        announce(p, c);
    }
    uint32_t consumed = (uint32_t)atomic_load_explicit(&c->ch->consumed, memory_order_acquire);
    if (c->next - consumed > c->last + 1) /* more than was sent, or than there is room for */
        return cursor_break(c), false;
    c->limit = consumed + c->last + 1;
    return c->next != c->limit;
}

static void *room_for(struct cursor *c, size_t n)
{
    uint64_t off = c->at % c->ring, start = off + n > c->ring ? c->at + c->ring - off : c->at;
    if (UNLIKELY(start + n - c->consumed_bytes > c->ring)) {
        c->consumed_bytes = atomic_load_explicit(&c->ch->consumed_bytes, memory_order_acquire);
        if (c->consumed_bytes > c->at)
            cursor_break(c);
        if (start + n - c->consumed_bytes > c->ring)
            return NULL;
    }
    c->start = start;
    return c->bytes + start % c->ring;
}

/* Prefetch the byte ring for a message as long as this one, which the next one often is. A long one has the time to
 * fetch its lines itself. */
static void bytes_prefetch(const struct cursor *c, size_t n)
{
    enum { LONG = 8192 };
    size_t off = c->at % c->ring;
    if (n > LONG || off + n > c->ring || c->at + n - c->consumed_bytes > c->ring)
        return;
    for (const char *line = c->bytes + off, *end = line + n; line < end; line += NODEMEM_LINE)
        bytes_prefetch_for_write(line);
}

static void *shm_reserve(struct peer *p, size_t n)
{
    struct cursor *c = out_of(p);
    if (UNLIKELY(c->next == c->limit) && !slots_more(p, c))
        return NULL;
    return n <= SHM_INLINE ? slot_of(c, c->next)->data : room_for(c, n);
}

ALWAYS_INLINE void publish(struct cursor *c, struct slot *s, uint8_t kind, uint64_t ctx, uint64_t pair, size_t n)
{
    s->head.what = packet_what(kind, n);
    s->head.key.ctx = ctx;
    s->head.key.pair = pair;
    atomic_store_explicit(&s->head.seq, ++c->next, memory_order_release);
    if (UNLIKELY(c->fence))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
    if (UNLIKELY(atomic_load_explicit(&c->doorbell->sleeping, memory_order_relaxed)))
        doorbell_wake(c->doorbell);
}

static void shm_commit(struct peer *p, uint8_t kind, struct match_key key, size_t n)
{
    struct cursor *c = out_of(p);
    if (n > SHM_INLINE)
        c->at = c->start + (n + NODEMEM_LINE - 1) / NODEMEM_LINE * NODEMEM_LINE;
    publish(c, slot_of(c, c->next), kind, key.ctx, key.pair, n);
    if (n > SHM_INLINE)
        bytes_prefetch(c, n);
}

static __attribute__((noinline)) bool inject_slow(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair,
                                                  const void *payload, size_t n)
{
    void *room = shm_reserve(p, n);
    if (!room)
        return false;
    bytes_copy(room, payload, n);
    shm_commit(p, kind, (struct match_key){.ctx = ctx, .pair = pair}, n);
    return true;
}

/* What calls nobody needs no place to keep its arguments. */
static bool shm_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t n)
{
    struct cursor *c = out_of(p);
    if (UNLIKELY(n > 16 || c->next == c->limit))
        return inject_slow(p, kind, ctx, pair, payload, n);
    struct slot *s = slot_of(c, c->next);
    bytes_copy_16(s->data, payload, n);
    publish(c, s, kind, ctx, pair, n);
    return true;
}

void cursor_admit(struct cursor *c, struct peer *p)
{
    c->peer = p;
    TAILQ_INSERT_TAIL(&shm.active, c, more);
}

static void home_admit(struct peer *p)
{
    struct cursor *c = in_of(p);
    cursor_open(c, channel_at(nodemem.me, p->local), shm.slots, shm.bytes);
    cursor_admit(c, p);
}

/* Opens the channel, and touches the slot of its next packet, while there is nothing else to do. */
static void shm_prefault(struct peer *p)
{
    struct cursor *c = in_of(p);
    if (!c->slots && p->local >= 0)
        home_admit(p);
    if (c->slots)
        atomic_load_explicit(&slot_of(c, c->next)->head.seq, memory_order_relaxed); /* the page */
}

/* Senders that have spoken for the first time. */
static void admit(void)
{
    for (size_t w = 0; w < shm.words; w++) {
        uint64_t now = atomic_load_explicit(&shm.senders[w], memory_order_acquire), fresh = now & ~shm.seen[w];
        for (; fresh; fresh &= fresh - 1) {
            int from = (int)w * 64 + __builtin_ctzll(fresh);
            struct peer *p = from < nodemem.ranks ? peer_get((int)node_segment_locals(boot.segment)[from]) : NULL;
            if (!p || !(p->transport || transport_select(p))) /* no memory: again later */
                continue;
            shm.seen[w] |= fresh & -fresh;
            if (p->channel && !in_of(p)->slots)
                home_admit(p);
        }
    }
}

ALWAYS_INLINE bool arrived(const struct cursor *c, const struct slot *s)
{
    /* Acquire: what the sender wrote into the slot, and into the byte ring, before it published the seq. */
    return atomic_load_explicit(&s->head.seq, memory_order_acquire) == c->next + 1;
}

/* Where the payload of n bytes of a packet lies that has arrived. NULL: it is no packet. */
ALWAYS_INLINE const char *payload_of(struct cursor *c, const struct slot *s, size_t n)
{
    if (LIKELY(n <= SHM_INLINE))
        return s->data;
    uint64_t off = c->at % c->ring;
    if (UNLIKELY(n > c->ring))
        return NULL;
    if (off + n > c->ring)
        c->at += c->ring - off;
    return c->bytes + c->at % c->ring;
}

/* Gives the bytes of a packet back to the sender. Release: our reads of them come first. */
ALWAYS_INLINE void bytes_release(struct cursor *c, size_t n)
{
    if (UNLIKELY(n > SHM_INLINE)) {
        c->at += (n + NODEMEM_LINE - 1) / NODEMEM_LINE * NODEMEM_LINE;
        atomic_store_explicit(&c->ch->consumed_bytes, c->at, memory_order_release);
    }
}

static struct arrival shm_peek(struct peer *p, int spins)
{
    struct cursor *c = in_of(p);
    if (UNLIKELY(!c->slots))
        return (struct arrival){NULL, NULL};
    const struct slot *s = slot_of(c, c->next);
    /* Prefetch my next slot for writing: after receiving I usually send next, and the transfer of the line overlaps
     * with the work on the data. */
    const struct cursor *back = out_of(p);
    const struct slot *answer = slot_of(back, back->next);
    while (!arrived(c, s))
        if (--spins <= 0)
            return (struct arrival){NULL, NULL};
    bytes_prefetch_for_write(answer);
    const char *data = payload_of(c, s, packet_bytes(&s->head));
    return (struct arrival){data ? &s->head : NULL, data}; /* what is no packet is told by poll */
}

static bool shm_is_polling(const struct peer *p)
{
    return nodemem.ranks <= boot.local_cpus &&
           !atomic_load_explicit(&out_of(p)->doorbell->sleeping, memory_order_relaxed);
}

static void shm_consume(struct peer *p)
{
    struct cursor *c = in_of(p);
    bytes_release(c, packet_bytes(&slot_of(c, c->next)->head));
    atomic_store_explicit(&c->ch->consumed, ++c->next, memory_order_release);
}

int cursor_drain(struct cursor *c)
{
    int n = 0;
    for (; n < BATCH; n++) {
        const struct slot *s = slot_of(c, c->next);
        if (!arrived(c, s))
            break;
        size_t bytes = packet_bytes(&s->head);
        const char *data = payload_of(c, s, bytes);
        if (UNLIKELY(!data)) {
            cursor_break(c);
            break;
        }
        if (UNLIKELY(!p2p_deliver(c->peer, &s->head, data, bytes)))
            break;
        c->next++;
        bytes_release(c, bytes);
    }
    if (n > 0)
        atomic_store_explicit(&c->ch->consumed, c->next, memory_order_release);
    return n;
}

bool cursor_has(const struct cursor *c)
{
    return arrived(c, slot_of(c, c->next));
}

static int shm_poll(void)
{
    struct cursor *c;
    int n = UNLIKELY(nodemem.met) ? abroad_poll() : 0;
    for (size_t w = 0; w < shm.words; w++)
        if (UNLIKELY(atomic_load_explicit(&shm.senders[w], memory_order_relaxed) != shm.seen[w])) {
            admit();
            break;
        }
    TAILQ_FOREACH(c, &shm.active, more)
    n += cursor_drain(c);
    return n;
}

struct transport transport_shm = {.name = "shm",
                                  .atomics_of_cpu = true,
                                  .key_bytes = DIRECT_KEY,
                                  .max_pieces = CMA_PIECES,
                                  .address_bytes = sizeof(struct porch_address),
                                  .known_at_home = true,
                                  .init = shm_init,
                                  .fini = shm_fini,
                                  .address = abroad_address,
                                  .reaches = shm_reaches,
                                  .connect = shm_connect,
                                  .disconnect = shm_disconnect,
                                  .reserve = shm_reserve,
                                  .commit = shm_commit,
                                  .inject = shm_inject,
                                  .poll = shm_poll,
                                  .unsent = abroad_unsent,
                                  .sleep_fd = abroad_sleep_fd,
                                  .peek = shm_peek,
                                  .consume = shm_consume,
                                  .is_polling = shm_is_polling,
                                  .present_call = shm_present_call,
                                  .prefault = shm_prefault,
                                  .tune = shm_tune,
                                  .mem_register = shm_register,
                                  .mem_deregister = shm_deregister,
                                  .get = shm_get,
                                  .put = shm_put,
                                  .atomic = shm_atomic,
                                  .flush = shm_flush};
