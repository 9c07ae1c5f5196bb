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

static void end_open(struct end *e, int to, int from)
{
    e->ch = (struct channel *)(shm.channels + ((size_t)to * (size_t)nodemem.ranks + (size_t)from) * shm.stride);
    e->slots = e->ch->slots;
    e->bytes = (char *)&e->slots[shm.slots];
}

/* There and back, so that who is spoken to can answer. */
static bool room_both(const struct peer *p, const struct end *e)
{
    struct end back;
    end_open(&back, nodemem.me, p->local);
    if (boot_segment_reserve(e->ch, shm.stride) && boot_segment_reserve(back.ch, shm.stride))
        return true;
    error_note(MPI_ERR_NO_MEM, "no shared memory for messages to rank %d of MPI_COMM_WORLD: %s%s", p->proc,
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
    struct end *e = calloc(1, sizeof *e);
    if (!e)
        return false;
    end_open(e, p->local, nodemem.me);
    if (!room_both(p, e)) {
        free(e);
        return false;
    }
    e->doorbell = &nodemem.doorbells[p->local];
    p->channel = e;
    return true;
}

ALWAYS_INLINE struct slot *slot_of(const struct end *e, uint32_t number)
{
    return &e->slots[number & (shm.slots - 1)];
}

static void announce(struct peer *p, struct end *e)
{
    _Atomic uint64_t *map = shm.senders + ((ptrdiff_t)p->local - nodemem.me) * (ptrdiff_t)shm.words;
    e->announced = true;
    atomic_fetch_or_explicit(&map[nodemem.me / 64], UINT64_C(1) << nodemem.me % 64, memory_order_seq_cst);
}

/* The ring looks full, or nothing has been sent yet. */
static __attribute__((noinline)) bool slots_more(struct peer *p, struct end *e)
{
    if (!e->announced) {
        /* The pages of the channel come only now: whoever sleeps may well wake meanwhile. */
        if (atomic_load_explicit(&e->doorbell->sleeping, memory_order_relaxed))
            doorbell_wake(e->doorbell);
        announce(p, e);
    }
    e->limit = (uint32_t)atomic_load_explicit(&e->ch->taken, memory_order_acquire) + shm.slots;
    return e->next != e->limit;
}

static void *room_for(struct end *e, size_t n)
{
    uint64_t off = e->at % shm.bytes, start = off + n > shm.bytes ? e->at + shm.bytes - off : e->at;
    if (UNLIKELY(start + n - e->freed > shm.bytes)) {
        e->freed = atomic_load_explicit(&e->ch->freed, memory_order_acquire);
        if (start + n - e->freed > shm.bytes)
            return NULL;
    }
    e->start = start;
    return e->bytes + start % shm.bytes;
}

/* The next message is often as long as this one. A long one has time to ask for itself. */
static void own_bytes(const struct end *e, size_t n)
{
    enum { LONG = 8192 };
    size_t off = e->at % shm.bytes;
    if (n > LONG || off + n > shm.bytes || e->at + n - e->freed > shm.bytes)
        return;
    for (const char *line = e->bytes + off, *end = line + n; line < end; line += NODEMEM_LINE)
        bytes_own_soon(line);
}

static void *shm_reserve(struct peer *p, size_t n)
{
    struct end *e = p->channel;
    if (UNLIKELY(e->next == e->limit) && !slots_more(p, e))
        return NULL;
    return n <= SHM_INLINE ? slot_of(e, e->next)->data : room_for(e, n);
}

ALWAYS_INLINE void publish(struct end *e, struct slot *s, uint8_t kind, uint64_t ctx, uint64_t pair, size_t n)
{
    s->head.what = packet_what(kind, n);
    s->head.key.ctx = ctx;
    s->head.key.pair = pair;
    atomic_store_explicit(&s->head.seq, ++e->next, memory_order_release);
    if (UNLIKELY(nodemem.fence))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
    if (UNLIKELY(atomic_load_explicit(&e->doorbell->sleeping, memory_order_relaxed)))
        doorbell_wake(e->doorbell);
}

static void shm_commit(struct peer *p, uint8_t kind, struct match_key key, size_t n)
{
    struct end *e = p->channel;
    if (n > SHM_INLINE)
        e->at = e->start + (n + NODEMEM_LINE - 1) / NODEMEM_LINE * NODEMEM_LINE;
    publish(e, slot_of(e, e->next), kind, key.ctx, key.pair, n);
    if (n > SHM_INLINE)
        own_bytes(e, n);
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
    struct end *e = p->channel;
    if (UNLIKELY(n > 16 || e->next == e->limit))
        return inject_slow(p, kind, ctx, pair, payload, n);
    struct slot *s = slot_of(e, e->next);
    bytes_copy_16(s->data, payload, n);
    publish(e, s, kind, ctx, pair, n);
    return true;
}

static void admit_one(int from, struct peer *p)
{
    end_open(&shm.in[from], nodemem.me, from);
    shm.in[from].peer = p;
    shm.active[shm.active_count++] = from;
}

/* What is done now is not done when it has come. */
static void shm_prefault(struct peer *p)
{
    struct end *e = &shm.in[p->local];
    if (!e->slots)
        admit_one(p->local, p);
    atomic_load_explicit(&slot_of(e, e->next)->head.seq, memory_order_relaxed); /* the page */
}

/* Senders that have spoken for the first time. */
static void admit(void)
{
    for (size_t w = 0; w < shm.words; w++) {
        uint64_t now = atomic_load_explicit(&shm.senders[w], memory_order_acquire), fresh = now & ~shm.seen[w];
        for (; fresh; fresh &= fresh - 1) {
            int from = (int)w * 64 + __builtin_ctzll(fresh);
            struct peer *p = from < nodemem.ranks ? peer_get((int)node_segment_locals(boot.segment)[from]) : NULL;
            if (!p || !p->transport) /* no memory: again later */
                continue;
            shm.seen[w] |= fresh & -fresh;
            if (!shm.in[from].slots)
                admit_one(from, p);
        }
    }
}

ALWAYS_INLINE bool arrived(const struct end *e, const struct slot *s)
{
    /* Acquire: what the sender wrote into the slot, and into the byte ring, before it published the number. */
    return atomic_load_explicit(&s->head.seq, memory_order_acquire) == e->next + 1;
}

/* Where the payload of a packet lies that has arrived. */
ALWAYS_INLINE const char *payload_of(struct end *e, const struct slot *s)
{
    if (LIKELY(packet_bytes(&s->head) <= SHM_INLINE))
        return s->data;
    uint64_t off = e->at % shm.bytes;
    if (off + packet_bytes(&s->head) > shm.bytes)
        e->at += shm.bytes - off;
    return e->bytes + e->at % shm.bytes;
}

/* Gives the bytes of a packet back to the sender. Release: our reads of them come first. */
ALWAYS_INLINE void free_bytes(struct end *e, size_t n)
{
    if (UNLIKELY(n > SHM_INLINE)) {
        e->at += (n + NODEMEM_LINE - 1) / NODEMEM_LINE * NODEMEM_LINE;
        atomic_store_explicit(&e->ch->freed, e->at, memory_order_release);
    }
}

static struct arrival shm_peek(struct peer *p, int spins)
{
    struct end *e = &shm.in[p->local];
    if (UNLIKELY(!e->slots))
        return (struct arrival){NULL, NULL};
    const struct slot *s = slot_of(e, e->next);
    /* Who was waited for is often answered at once: have the line by then. */
    const struct end *back = p->channel;
    const struct slot *answer = slot_of(back, back->next);
    while (!arrived(e, s))
        if (--spins <= 0)
            return (struct arrival){NULL, NULL};
    bytes_own_soon(answer);
    return (struct arrival){&s->head, payload_of(e, s)};
}

static bool shm_is_polling(const struct peer *p)
{
    return nodemem.ranks <= boot.local_cpus &&
           !atomic_load_explicit(&nodemem.doorbells[p->local].sleeping, memory_order_relaxed);
}

static void shm_consume(struct peer *p)
{
    struct end *e = &shm.in[p->local];
    free_bytes(e, packet_bytes(&slot_of(e, e->next)->head));
    atomic_store_explicit(&e->ch->taken, ++e->next, memory_order_release);
}

static int drain(struct end *e)
{
    int n = 0;
    for (; n < BATCH; n++) {
        const struct slot *s = slot_of(e, e->next);
        if (!arrived(e, s))
            break;
        const char *data = payload_of(e, s);
        size_t bytes = packet_bytes(&s->head);
        if (UNLIKELY(!p2p_deliver(e->peer, &s->head, data, bytes)))
            break;
        e->next++;
        free_bytes(e, bytes);
    }
    if (n > 0)
        atomic_store_explicit(&e->ch->taken, e->next, memory_order_release);
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
                                  .mem_register = shm_register,
                                  .mem_deregister = shm_deregister,
                                  .get = shm_get,
                                  .put = shm_put,
                                  .atomic = shm_atomic,
                                  .flush = shm_flush};
