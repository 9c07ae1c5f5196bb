/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shm: packets between ranks of one node, through the node's segment.
 *
 * Each ordered pair of ranks has a channel: a ring of one-line slots and a ring of bytes. A packet of up to 40 bytes
 * lies in its slot, together with the word that announces it, so that it crosses in one transfer of a cache line; a
 * longer one lies in the byte ring. Only the receiver writes the line `taken`, and the sender reads it only when its
 * ring looks full. Channels lie in sparse memory: a pair that does not talk has none. A rank looks only at the channels
 * whose sender has put itself on its list.
 *
 * Sleep. A sender reads the receiver's `sleeping` after it has published the packet; without a fence the read might
 * come first. The fence is on the side that has time: who wants to sleep makes all senders pass a barrier (membarrier)
 * between its own store to `sleeping` and its last look at the channels. With more ranks than processors sleep is
 * frequent, and a fence in each send costs less.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/p2p/p2p.h"
#include "lib/transport/shm/shm.h"

enum { LINE = 64, INLINE = 40, BATCH = 32, PAGE = 4096, AREAS = 128 };

struct slot {
    _Atomic uint32_t seq; /* number of the packet that it holds, from 1 */
    uint8_t kind, flags;
    uint16_t len;
    int32_t source, tag;
    uint64_t ctx;
    char data[INLINE];
};
static_assert(sizeof(struct slot) == LINE, "a slot is a cache line");

struct channel {
    _Atomic uint64_t taken; /* packets that the receiver has taken */
    _Atomic uint64_t freed; /* bytes that it has taken out of the byte ring */
    char pad[LINE - 16];
    struct slot slots[];
};

struct box { /* of one rank */
    _Atomic uint32_t bell;
    _Atomic uint32_t sleeping;
    _Atomic int32_t pid;
    char pad[LINE - 12];
};

/* My end of a channel. */
struct end {
    struct channel *ch;
    char *bytes;
    uint32_t next;      /* packets sent or received */
    uint64_t taken;     /* sender: as last read */
    uint64_t at, freed; /* in the byte ring */
    uint64_t start;     /* of the open reservation */
    bool announced;
    struct peer *peer;
};

static struct {
    int ranks, me;
    uint32_t slots;
    size_t bytes, stride; /* of a byte ring; of a channel */
    struct box *boxes;
    _Atomic uint64_t *senders; /* bitmaps, `words` each, a rank */
    size_t words;
    _Atomic uint64_t *taken_areas; /* bitmap */
    char *areas;
    size_t area_bytes;
    char *channels;
    struct end *in; /* by local rank; ch NULL: has not spoken yet */
    int *active, active_count;
    uint64_t *seen;
    bool all_fence; /* every sender has a fence, so that whoever sleeps needs no membarrier */
    bool fence;     /* this process cannot be reached by membarrier, or all have a fence */
    bool no_sleep;  /* it cannot use it either */
    bool two_copies;
} shm;
bool shm_active;

static void sizes_choose(int ranks)
{
    shm.slots = ranks <= 16 ? 128 : ranks <= 64 ? 64 : 32;
    shm.stride = ranks <= 16 ? 65536 : ranks <= 64 ? 32768 : 16384;
    shm.bytes = shm.stride - sizeof(struct channel) - shm.slots * sizeof(struct slot);
    shm.bytes -= shm.bytes % LINE;
}

static struct channel *channel(int to, int from)
{
    return (struct channel *)(shm.channels + ((size_t)to * (size_t)shm.ranks + (size_t)from) * shm.stride);
}

static void end_open(struct end *e, int to, int from)
{
    e->ch = channel(to, from);
    e->bytes = (char *)&e->ch->slots[shm.slots];
}

static void barriers_init(const struct boot *b)
{
    shm.all_fence = b->local_size > b->local_cpus;
    if (shm.all_fence) {
        shm.fence = true;
        return;
    }
    long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    shm.fence = shm.no_sleep = rc != 0;
}

static size_t areas_plan(int n)
{
    size_t head = SHM_AREA_HEAD + (size_t)n * SHM_AREA_MEMBER;
    shm.area_bytes = (head + PAGE - 1) / PAGE * PAGE + (size_t)(n + 1) * SHM_AREA_DATA;
    return PAGE + AREAS * shm.area_bytes;
}

char *shm_area(int number)
{
    return shm.areas + (size_t)number * shm.area_bytes;
}

int shm_area_take(void)
{
    for (int i = 0; i < AREAS; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        /* Acquire: what those who had it before left in it. */
        if (!(atomic_fetch_or_explicit(&shm.taken_areas[i / 64], bit, memory_order_acquire) & bit))
            return i;
    }
    return -1;
}

void shm_area_give(int number)
{
    atomic_fetch_and_explicit(&shm.taken_areas[number / 64], ~(UINT64_C(1) << number % 64), memory_order_release);
}

int shm_init(const struct boot *b)
{
    int n = b->local_size;
    sizes_choose(n);
    shm.ranks = n;
    shm.me = b->local_rank;
    shm.words = ((size_t)n + 511) / 512 * 8;
    size_t boxes = (size_t)n * sizeof(struct box), maps = (size_t)n * shm.words * 8;
    size_t lists = (boxes + maps + 4095) / 4096 * 4096;
    size_t areas = areas_plan(n);
    if (!boot_segment_extend(lists + areas + (size_t)n * (size_t)n * shm.stride))
        return MPI_ERR_NO_MEM;
    char *base = (char *)b->segment + b->segment->lib_at;
    shm.boxes = (struct box *)base;
    shm.senders = (_Atomic uint64_t *)(base + boxes) + (size_t)shm.me * shm.words;
    shm.taken_areas = (_Atomic uint64_t *)(base + lists);
    shm.areas = base + lists + PAGE;
    shm.channels = base + lists + areas;
    shm.in = calloc((size_t)n, sizeof *shm.in);
    shm.active = calloc((size_t)n, sizeof *shm.active);
    shm.seen = calloc(shm.words, sizeof *shm.seen);
    if (!shm.in || !shm.active || !shm.seen)
        return MPI_ERR_NO_MEM;
    barriers_init(b);
    const char *copy = getenv("MUSTER_SHM_COPY");
    shm.two_copies = copy && strcmp(copy, "two") == 0;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    atomic_store_explicit(&shm.boxes[shm.me].pid, (int32_t)getpid(), memory_order_release);
    shm_active = true;
    return MPI_SUCCESS;
}

void shm_fini(void)
{
    if (!shm_active)
        return;
    shm_active = false;
    free(shm.in);
    free(shm.active);
    free(shm.seen);
}

bool shm_connect(struct peer *p)
{
    struct end *e = calloc(1, sizeof *e);
    if (!e)
        return false;
    end_open(e, p->local, shm.me);
    p->channel = e;
    return true;
}

static void *shm_reserve(struct peer *p, size_t n)
{
    struct end *e = p->channel;
    if (UNLIKELY(e->next - (uint32_t)e->taken >= shm.slots)) {
        e->taken = atomic_load_explicit(&e->ch->taken, memory_order_acquire);
        if (e->next - (uint32_t)e->taken >= shm.slots)
            return NULL;
    }
    if (n <= INLINE)
        return e->ch->slots[e->next % shm.slots].data;
    uint64_t off = e->at % shm.bytes, start = off + n > shm.bytes ? e->at + shm.bytes - off : e->at;
    if (UNLIKELY(start + n - e->freed > shm.bytes)) {
        e->freed = atomic_load_explicit(&e->ch->freed, memory_order_acquire);
        if (start + n - e->freed > shm.bytes)
            return NULL;
    }
    e->start = start;
    return e->bytes + start % shm.bytes;
}

static void announce(struct peer *p, struct end *e)
{
    _Atomic uint64_t *map = shm.senders + ((ptrdiff_t)p->local - shm.me) * (ptrdiff_t)shm.words;
    e->announced = true;
    atomic_fetch_or_explicit(&map[shm.me / 64], UINT64_C(1) << shm.me % 64, memory_order_seq_cst);
}

static void ring(struct box *b)
{
    if (atomic_exchange_explicit(&b->sleeping, 0, memory_order_relaxed) == 0)
        return;
    atomic_fetch_add_explicit(&b->bell, 1, memory_order_release);
    syscall(SYS_futex, &b->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void shm_order(void)
{
    if (UNLIKELY(shm.fence))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
}

void shm_wake(int local)
{
    struct box *b = &shm.boxes[local];
    if (UNLIKELY(atomic_load_explicit(&b->sleeping, memory_order_relaxed)))
        ring(b);
}

static void shm_commit(struct peer *p, const struct packet *h, size_t n)
{
    struct end *e = p->channel;
    struct slot *s = &e->ch->slots[e->next % shm.slots];
    s->kind = h->kind;
    s->flags = h->flags;
    s->len = (uint16_t)n;
    s->source = h->source;
    s->tag = h->tag;
    s->ctx = h->ctx;
    if (n > INLINE)
        e->at = e->start + (n + LINE - 1) / LINE * LINE;
    atomic_store_explicit(&s->seq, ++e->next, memory_order_release);
    if (UNLIKELY(!e->announced))
        announce(p, e);
    shm_order();
    shm_wake(p->local);
}

/* Senders that have spoken for the first time. */
static void admit(void)
{
    for (size_t w = 0; w < shm.words; w++) {
        uint64_t now = atomic_load_explicit(&shm.senders[w], memory_order_acquire), fresh = now & ~shm.seen[w];
        shm.seen[w] = now;
        for (; fresh; fresh &= fresh - 1) {
            int from = (int)w * 64 + __builtin_ctzll(fresh);
            struct peer *p = from < shm.ranks ? peer_get((int)node_segment_locals(boot.segment)[from]) : NULL;
            if (!p)
                continue;
            end_open(&shm.in[from], shm.me, from);
            shm.in[from].peer = p;
            shm.active[shm.active_count++] = from;
        }
    }
}

static bool arrived(const struct end *e, const struct slot *s)
{
    /* Acquire: what the sender wrote into the slot, and into the byte ring, before it published the number. */
    return atomic_load_explicit(&s->seq, memory_order_acquire) == e->next + 1;
}

/* Where the payload of a packet lies that has arrived. */
static const char *payload_of(struct end *e, const struct slot *s)
{
    if (s->len <= INLINE)
        return s->data;
    uint64_t off = e->at % shm.bytes;
    if (off + s->len > shm.bytes)
        e->at += shm.bytes - off;
    return e->bytes + e->at % shm.bytes;
}

/* Gives slot and bytes back to the sender. Release: our reads of them come first. */
static void give_back(struct end *e, size_t len)
{
    if (len > INLINE) {
        e->at += (len + LINE - 1) / LINE * LINE;
        atomic_store_explicit(&e->ch->freed, e->at, memory_order_release);
    }
    atomic_store_explicit(&e->ch->taken, ++e->next, memory_order_release);
}

static bool shm_peek(struct peer *p, struct packet *h, const void **payload, size_t *bytes)
{
    struct end *e = &shm.in[p->local];
    if (UNLIKELY(!e->ch))
        return false;
    const struct slot *s = &e->ch->slots[e->next % shm.slots];
    if (!arrived(e, s))
        return false;
    *h = (struct packet){s->kind, s->flags, s->source, s->tag, s->ctx};
    *payload = payload_of(e, s);
    *bytes = s->len;
    return true;
}

static void shm_taken(struct peer *p)
{
    struct end *e = &shm.in[p->local];
    give_back(e, e->ch->slots[e->next % shm.slots].len);
}

static int drain(struct end *e)
{
    int n = 0;
    for (; n < BATCH; n++) {
        struct slot *s = &e->ch->slots[e->next % shm.slots];
        if (!arrived(e, s))
            break;
        const char *data = payload_of(e, s);
        size_t len = s->len;
        if (len > INLINE)
            e->at += (len + LINE - 1) / LINE * LINE;
        const struct packet h = {s->kind, s->flags, s->source, s->tag, s->ctx};
        e->next++;
        p2p_deliver(e->peer, &h, data, len);
        if (len > INLINE)
            atomic_store_explicit(&e->ch->freed, e->at, memory_order_release);
        atomic_store_explicit(&e->ch->taken, e->next, memory_order_release);
    }
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

bool shm_single_copy(void)
{
    return !shm.two_copies;
}

static int shm_read(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    pid_t pid = atomic_load_explicit(&shm.boxes[p->local].pid, memory_order_acquire);
    struct iovec remote = {(void *)(uintptr_t)from, n};
    struct iovec local[64];
    if (shm.two_copies || pid == 0 || pieces > 64)
        return -1;
    memcpy(local, to, (size_t)pieces * sizeof *local);
    for (int first = 0; n > 0;) {
        ssize_t r = process_vm_readv(pid, local + first, (unsigned long)(pieces - first), &remote, 1, 0);
        if (r <= 0) {
            if (errno == EPERM || errno == ENOSYS)
                shm.two_copies = true;
            return -1;
        }
        n -= (size_t)r;
        remote = (struct iovec){(char *)remote.iov_base + r, n};
        for (size_t left = (size_t)r; left > 0;) {
            size_t k = left < local[first].iov_len ? left : local[first].iov_len;
            local[first].iov_base = (char *)local[first].iov_base + k;
            local[first].iov_len -= k;
            left -= k;
            if (local[first].iov_len == 0)
                first++;
        }
    }
    return 0;
}

static _Atomic uint32_t *shm_arm(uint32_t *value)
{
    struct box *b = &shm.boxes[shm.me];
    if (shm.no_sleep)
        return NULL;
    *value = atomic_load_explicit(&b->bell, memory_order_relaxed);
    atomic_store_explicit(&b->sleeping, 1, memory_order_seq_cst);
    if (shm.all_fence)
        atomic_thread_fence(memory_order_seq_cst);
    else if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) != 0)
        shm.no_sleep = true;
    return &b->bell;
}

static void shm_disarm(void)
{
    atomic_store_explicit(&shm.boxes[shm.me].sleeping, 0, memory_order_relaxed);
}

/* The smallest byte ring (16 KiB channels) holds three packets of this size. */
const struct transport transport_shm = {.name = "shm",
                                        .max_payload = 4096,
                                        .eager_max = 4096,
                                        .reserve = shm_reserve,
                                        .commit = shm_commit,
                                        .poll = shm_poll,
                                        .peek = shm_peek,
                                        .taken = shm_taken,
                                        .read = shm_read,
                                        .arm = shm_arm,
                                        .disarm = shm_disarm};
