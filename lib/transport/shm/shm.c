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
#include "lib/transport/shm/channel.h"

enum { BATCH = 32 };

static void cursor_open(struct cursor *c, int to, int from)
{
    c->ch = (struct channel *)(shm.channels + ((size_t)to * (size_t)nodemem.ranks + (size_t)from) * shm.stride);
    c->slots = c->ch->slots;
    c->bytes = (char *)&c->slots[shm.slots];
}

/* There and back, so that who is spoken to can answer. */
static bool room_both(const struct peer *p, const struct cursor *c)
{
    struct cursor back;
    cursor_open(&back, nodemem.me, p->local);
    if (boot_segment_reserve(c->ch, shm.stride) && boot_segment_reserve(back.ch, shm.stride))
        return true;
    error_detail_set(MPI_ERR_NO_MEM, "no shared memory for messages to rank %d of MPI_COMM_WORLD: %s%s", p->proc,
                     strerror(errno), boot_segment_hint(errno));
    return false;
}

static bool shm_reaches(const struct peer *p)
{
    return p->local >= 0 && nodemem_active;
}

/* What has come from it stays where it is, for its next receive. */
static void shm_disconnect(struct peer *p)
{
}

static bool shm_connect(struct peer *p, const void *address)
{
    struct cursor *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    cursor_open(c, p->local, nodemem.me);
    if (!room_both(p, c)) {
        free(c);
        return false;
    }
    c->doorbell = &nodemem.doorbells[p->local];
    p->channel = c;
    return true;
}

ALWAYS_INLINE struct slot *slot_of(const struct cursor *c, uint32_t seq)
{
    return &c->slots[seq & (shm.slots - 1)];
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
    if (!c->announced) {
        /* The pages of the channel come only now: whoever sleeps may well wake meanwhile. */
        if (atomic_load_explicit(&c->doorbell->sleeping, memory_order_relaxed))
            doorbell_wake(c->doorbell);
        announce(p, c);
    }
    c->limit = (uint32_t)atomic_load_explicit(&c->ch->consumed, memory_order_acquire) + shm.slots;
    return c->next != c->limit;
}

static void *room_for(struct cursor *c, size_t n)
{
    uint64_t off = c->at % shm.bytes, start = off + n > shm.bytes ? c->at + shm.bytes - off : c->at;
    if (UNLIKELY(start + n - c->consumed_bytes > shm.bytes)) {
        c->consumed_bytes = atomic_load_explicit(&c->ch->consumed_bytes, memory_order_acquire);
        if (start + n - c->consumed_bytes > shm.bytes)
            return NULL;
    }
    c->start = start;
    return c->bytes + start % shm.bytes;
}

/* Prefetch the byte ring for a message as long as this one, which the next one often is. A long one has the time to
 * fetch its lines itself. */
static void bytes_prefetch(const struct cursor *c, size_t n)
{
    enum { LONG = 8192 };
    size_t off = c->at % shm.bytes;
    if (n > LONG || off + n > shm.bytes || c->at + n - c->consumed_bytes > shm.bytes)
        return;
    for (const char *line = c->bytes + off, *end = line + n; line < end; line += NODEMEM_LINE)
        bytes_prefetch_for_write(line);
}

static void *shm_reserve(struct peer *p, size_t n)
{
    struct cursor *c = p->channel;
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
    if (UNLIKELY(nodemem.fence))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
    if (UNLIKELY(atomic_load_explicit(&c->doorbell->sleeping, memory_order_relaxed)))
        doorbell_wake(c->doorbell);
}

static void shm_commit(struct peer *p, uint8_t kind, struct match_key key, size_t n)
{
    struct cursor *c = p->channel;
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
    struct cursor *c = p->channel;
    if (UNLIKELY(n > 16 || c->next == c->limit))
        return inject_slow(p, kind, ctx, pair, payload, n);
    struct slot *s = slot_of(c, c->next);
    bytes_copy_16(s->data, payload, n);
    publish(c, s, kind, ctx, pair, n);
    return true;
}

static void admit_one(int from, struct peer *p)
{
    cursor_open(&shm.in[from], nodemem.me, from);
    shm.in[from].peer = p;
    shm.active[shm.active_count++] = from;
}

/* Opens the channel, and touches the slot of its next packet, while there is nothing else to do. */
static void shm_prefault(struct peer *p)
{
    struct cursor *c = &shm.in[p->local];
    if (!c->slots)
        admit_one(p->local, p);
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
            if (!shm.in[from].slots)
                admit_one(from, p);
        }
    }
}

ALWAYS_INLINE bool arrived(const struct cursor *c, const struct slot *s)
{
    /* Acquire: what the sender wrote into the slot, and into the byte ring, before it published the seq. */
    return atomic_load_explicit(&s->head.seq, memory_order_acquire) == c->next + 1;
}

/* Where the payload of a packet lies that has arrived. */
ALWAYS_INLINE const char *payload_of(struct cursor *c, const struct slot *s)
{
    if (LIKELY(packet_bytes(&s->head) <= SHM_INLINE))
        return s->data;
    uint64_t off = c->at % shm.bytes;
    if (off + packet_bytes(&s->head) > shm.bytes)
        c->at += shm.bytes - off;
    return c->bytes + c->at % shm.bytes;
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
    struct cursor *c = &shm.in[p->local];
    if (UNLIKELY(!c->slots))
        return (struct arrival){NULL, NULL};
    const struct slot *s = slot_of(c, c->next);
    /* Prefetch my next slot for writing: after receiving I usually send next, and the transfer of the line overlaps
     * with the work on the data. */
    const struct cursor *back = p->channel;
    const struct slot *answer = slot_of(back, back->next);
    while (!arrived(c, s))
        if (--spins <= 0)
            return (struct arrival){NULL, NULL};
    bytes_prefetch_for_write(answer);
    return (struct arrival){&s->head, payload_of(c, s)};
}

static bool shm_is_polling(const struct peer *p)
{
    return nodemem.ranks <= boot.local_cpus &&
           !atomic_load_explicit(&nodemem.doorbells[p->local].sleeping, memory_order_relaxed);
}

static void shm_consume(struct peer *p)
{
    struct cursor *c = &shm.in[p->local];
    bytes_release(c, packet_bytes(&slot_of(c, c->next)->head));
    atomic_store_explicit(&c->ch->consumed, ++c->next, memory_order_release);
}

static int drain(struct cursor *c)
{
    int n = 0;
    for (; n < BATCH; n++) {
        const struct slot *s = slot_of(c, c->next);
        if (!arrived(c, s))
            break;
        const char *data = payload_of(c, s);
        size_t bytes = packet_bytes(&s->head);
        if (UNLIKELY(!p2p_deliver(c->peer, &s->head, data, bytes)))
            break;
        c->next++;
        bytes_release(c, bytes);
    }
    if (n > 0)
        atomic_store_explicit(&c->ch->consumed, c->next, memory_order_release);
    return n;
}

static int shm_poll(void)
{
    int n = 0;
    for (size_t w = 0; w < shm.words; w++)
        if (UNLIKELY(atomic_load_explicit(&shm.senders[w], memory_order_relaxed) != shm.seen[w])) {
            admit();
            break;
        }
    for (int i = 0; i < shm.active_count; i++)
        n += drain(&shm.in[shm.active[i]]);
    return n;
}

struct transport transport_shm = {.name = "shm",
                                  .atomics_of_cpu = true,
                                  .key_bytes = DIRECT_KEY,
                                  .max_pieces = CMA_PIECES,
                                  .init = shm_init,
                                  .fini = shm_fini,
                                  .reaches = shm_reaches,
                                  .connect = shm_connect,
                                  .disconnect = shm_disconnect,
                                  .reserve = shm_reserve,
                                  .commit = shm_commit,
                                  .inject = shm_inject,
                                  .poll = shm_poll,
                                  .peek = shm_peek,
                                  .consume = shm_consume,
                                  .is_polling = shm_is_polling,
                                  .prefault = shm_prefault,
                                  .tune = shm_tune,
                                  .mem_register = shm_register,
                                  .mem_deregister = shm_deregister,
                                  .get = shm_get,
                                  .put = shm_put,
                                  .atomic = shm_atomic,
                                  .flush = shm_flush};
