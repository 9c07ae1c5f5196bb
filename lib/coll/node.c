/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node: areas, phases, offers. */
#include "lib/coll/node.h"
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/coll/forms.h"
#include "lib/core/state.h"
#include "lib/p2p/reach.h"
#include "lib/transport/shm/shm.h"

static_assert(sizeof(struct node_area) <= SHM_AREA_HEAD && sizeof(struct node_member) == SHM_AREA_MEMBER &&
                  NODE_DEPTH * NODE_SLOT == SHM_AREA_DATA,
              "an area as shm gives it");
static_assert(sizeof(struct node_cell) == 64 && sizeof(struct node_count) == 64, "a cache line each");

static struct node none; /* of communicators without an area */

struct hello {
    int32_t number;
    uint32_t base;
    uint64_t probe;
    uint64_t value;
};

static bool eligible(const struct comm *c)
{
    if (!shm_active || c->inter || c->size < 2 || c->size > boot.local_size)
        return false;
    for (int r = 0; r < c->size; r++)
        if (boot_local_of(comm_proc(c, r)) < 0)
            return false;
    return true;
}

static void node_destroy(struct node *a)
{
    if (!a)
        return;
    free(a->peers);
    free(a->parts);
    free(a);
}

static struct node *node_new(struct comm *c)
{
    struct node *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->peers = calloc((size_t)c->size, sizeof(struct peer *));
    a->parts = calloc((size_t)c->size, sizeof *a->parts);
    a->comm = c;
    a->n = c->size;
    a->me = c->rank;
    bool ok = a->peers && a->parts;
    for (int r = 0; ok && r < a->n; r++)
        ok = (a->peers[r] = peer_get(comm_proc(c, r))) != NULL;
    if (ok)
        return a;
    node_destroy(a);
    return NULL;
}

static struct node_area *area_of(int number)
{
    return (struct node_area *)shm_area(number);
}

static void enter(struct node *a, const struct hello *h)
{
    size_t head = SHM_AREA_HEAD + (size_t)boot.local_size * SHM_AREA_MEMBER;
    a->number = h->number;
    a->area = area_of(h->number);
    a->members = (struct node_member *)(shm_area(h->number) + SHM_AREA_HEAD);
    a->slots = shm_area(h->number) + (head + 4095) / 4096 * 4096;
    a->seq = a->known = h->base;
    a->open = true;
    atomic_store_explicit(&a->members[a->me].at, h->base, memory_order_relaxed);
}

static bool can_read(struct comm *c, const struct hello *h)
{
    uint64_t seen = 0;
    struct iovec to = {&seen, sizeof seen};
    struct peer *root = peer_get(comm_proc(c, 0));
    return c->rank == 0 || (root->transport->read(root, &to, 1, h->probe, sizeof seen) == 0 && seen == h->value);
}

/* Rank 0 names an area, by messages; all say whether they have entered it (bit 0) and can read rank 0 (bit 1), and
 * learn what holds for all. So everybody is in before anybody begins. */
static int agree(struct node *a, struct comm *c, struct hello *h, int *all)
{
    struct sched *s = sched_new(c);
    if (!s)
        return MPI_ERR_NO_MEM;
    coll_bcast(s, h, sizeof *h, &datatype_byte, 0, c);
    int rc = sched_run(s), mine = 0;
    if (rc != MPI_SUCCESS || !(s = sched_new(c)))
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    if (a && h->number >= 0) {
        enter(a, h);
        mine = 1 | (can_read(c, h) ? 2 : 0);
    }
    coll_reduce(s, &mine, all, 1, datatype_of(MPI_INT), op_of(MPI_BAND), 0, c);
    if ((rc = sched_run(s)) != MPI_SUCCESS || !(s = sched_new(c)))
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    coll_bcast(s, all, 1, datatype_of(MPI_INT), 0, c);
    return sched_run(s);
}

static void node_free(struct comm *c)
{
    struct node *a = c->coll;
    c->coll = NULL;
    if (!a || a == &none)
        return;
    atomic_store_explicit(&a->area->last, a->seq, memory_order_relaxed);
    /* Release: who takes the area next sees `last`. All members have used the same number of phases. */
    if (atomic_fetch_sub_explicit(&a->area->users, 1, memory_order_acq_rel) == 1)
        shm_area_give(a->number);
    node_destroy(a);
}

static void node_break(struct comm *c)
{
    struct node *a = c->coll;
    if (a != &none)
        a->broken = MPI_ERR_PROC_ABORTED, a->open = false;
}

struct node *node_make(struct comm *c)
{
    static const uint64_t word = UINT64_C(0x6d7573746572);
    comm_coll_free = node_free;
    comm_coll_break = node_break;
    c->coll = &none;
    if (!eligible(c))
        return NULL;
    struct node *a = node_new(c);
    struct hello h = {-1, 0, (uint64_t)(uintptr_t)&word, word};
    int all = 0;
    if (c->rank == 0 && (h.number = shm_area_take()) >= 0) {
        h.base = atomic_load_explicit(&area_of(h.number)->last, memory_order_relaxed);
        atomic_store_explicit(&area_of(h.number)->users, (uint32_t)c->size, memory_order_relaxed);
    }
    if (agree(a, c, &h, &all) != MPI_SUCCESS || !(all & 1)) {
        if (h.number >= 0 && c->rank == 0)
            shm_area_give(h.number);
        node_destroy(a);
        return NULL;
    }
    a->single = all & 2;
    c->coll = a;
    return a;
}

/* Waits: look a while at the one word; then as everywhere. */
#define AWAIT(a, condition, test, object)                                                                              \
    do {                                                                                                               \
        int spins_ = progress_spins();                                                                                 \
        while (!(condition) && --spins_ > 0)                                                                           \
            ;                                                                                                          \
        if (spins_ <= 0) {                                                                                             \
            struct waiter w_ = {.ready = test, .arg = object, .comm = (a)->comm};                                      \
            while (!(condition) && !(a)->broken)                                                                       \
                progress_wait(&w_, NULL);                                                                              \
        }                                                                                                              \
    } while (0)

struct want {
    const _Atomic uint32_t *word;
    uint32_t value;
};

static bool equal(const void *p)
{
    const struct want *w = p;
    /* Acquire: what was written before the word was. */
    return atomic_load_explicit(w->word, memory_order_acquire) == w->value;
}

static void await_equal(struct node *a, const _Atomic uint32_t *word, uint32_t value)
{
    struct want w = {word, value};
    AWAIT(a, atomic_load_explicit(word, memory_order_acquire) == value, equal, &w);
}

static bool reached(const void *p)
{
    const struct want *w = p;
    return (int32_t)(atomic_load_explicit(w->word, memory_order_acquire) - w->value) >= 0;
}

void node_await_end(struct node *a, uint32_t k, int r)
{
    struct want w = {&a->members[r].at, k + 1};
    AWAIT(a, reached(&w), reached, &w);
}

uint32_t node_begin_slow(struct node *a)
{
    uint32_t least = a->seq;
    atomic_fetch_add_explicit(&a->area->wanted, 1, memory_order_seq_cst);
    for (int r = 0; r < a->n; r++) {
        if (r == a->me)
            continue;
        struct want w = {&a->members[r].at, a->seq - NODE_DEPTH + 1};
        AWAIT(a, reached(&w), reached, &w);
        uint32_t at = atomic_load_explicit(w.word, memory_order_acquire);
        if ((int32_t)(at - least) < 0)
            least = at;
    }
    atomic_fetch_sub_explicit(&a->area->wanted, 1, memory_order_relaxed);
    a->known = least;
    return a->seq++;
}

void node_end(struct node *a, uint32_t k)
{
    /* Release: our reads of what others offered come before they may write there again. */
    atomic_store_explicit(&a->members[a->me].at, k + 1, memory_order_release);
    shm_order();
    if (UNLIKELY(atomic_load_explicit(&a->area->wanted, memory_order_relaxed)))
        node_wake(a, -1);
}

void node_wake(struct node *a, int only)
{
    shm_order();
    for (int r = only < 0 ? 0 : only; r < (only < 0 ? a->n : only + 1); r++)
        if (r != a->me)
            shm_wake(a->peers[r]->local);
}

char *node_room(struct node *a, uint32_t k, size_t n)
{
    struct node_cell *c = node_cell(a, k, a->me);
    c->how = n <= NODE_INLINE ? NODE_IN_CELL : NODE_IN_SLOT;
    return n <= NODE_INLINE ? c->data : node_slot(a, k, a->me);
}

void node_post(struct node *a, uint32_t k, size_t n)
{
    struct node_cell *c = node_cell(a, k, a->me);
    c->bytes = n;
    /* Release: the data before the word that announces them. */
    atomic_store_explicit(&c->seq, k + 1, memory_order_release);
}

void node_offer_place(struct node *a, uint32_t k, const void *p, size_t n)
{
    struct node_cell *c = node_cell(a, k, a->me);
    c->how = NODE_IN_PLACE;
    c->address = (uint64_t)(uintptr_t)p;
    node_post(a, k, n);
}

void node_offer(struct node *a, uint32_t k, const void *p, size_t n)
{
    if (n > NODE_SLOT) {
        node_offer_place(a, k, p, n);
        return;
    }
    char *room = node_room(a, k, n);
    if (n == 8)
        memcpy(room, p, 8);
    else if (n)
        memcpy(room, p, n);
    node_post(a, k, n);
}

int node_offer_typed(struct node *a, uint32_t k, const void *buf, MPI_Count count, const struct datatype *t,
                     void **temp)
{
    size_t n = (size_t)(count * t->size);
    *temp = NULL;
    if (datatype_is_run(t, count)) {
        node_offer(a, k, (const char *)buf + t->true_lb, n);
    } else if (n <= NODE_SLOT) {
        datatype_pack(t, buf, count, 0, node_room(a, k, n), n);
        node_post(a, k, n);
    } else {
        if (!(*temp = malloc(n)))
            return MPI_ERR_NO_MEM;
        datatype_pack(t, buf, count, 0, *temp, n);
        node_offer_place(a, k, *temp, n);
    }
    return MPI_SUCCESS;
}

static MPI_Count part_bytes(const struct node_part *p)
{
    return p->count * p->t->size;
}

/* Into memory at `to`, whose first byte is known to the readers as `base`; if copy is not set, only what is irregular.
 */
static void parts_pack(struct node *a, struct node_entry *table, char *to, uint64_t base, bool copy)
{
    for (int r = 0; r < a->n; r++) {
        const struct node_part *p = &a->parts[r];
        size_t n = (size_t)part_bytes(p);
        if (!copy && datatype_is_run(p->t, p->count)) {
            table[r] = (struct node_entry){(uint64_t)(uintptr_t)((const char *)p->buf + p->t->true_lb), n};
            continue;
        }
        table[r] = (struct node_entry){base, n};
        datatype_pack(p->t, p->buf, p->count, 0, to, n);
        to += n;
        base += n;
    }
}

int node_offer_table(struct node *a, uint32_t k, bool copy, void **temp)
{
    struct node_cell *c = node_cell(a, k, a->me);
    struct node_entry *table = (struct node_entry *)node_slot(a, k, a->me);
    size_t head = (size_t)a->n * sizeof *table, total = 0, packed = 0;
    for (int r = 0; r < a->n; r++) {
        size_t n = (size_t)part_bytes(&a->parts[r]);
        total += n;
        packed += copy || !datatype_is_run(a->parts[r].t, a->parts[r].count) ? n : 0;
    }
    c->how = NODE_TABLE;
    c->any_in_place = head + total > NODE_SLOT;
    *temp = NULL;
    int rc = MPI_SUCCESS;
    if (!c->any_in_place) {
        parts_pack(a, table, (char *)table + head, head, true);
    } else if (packed > 0 && !(*temp = malloc(packed))) {
        rc = MPI_ERR_NO_MEM;
        memset(table, 0, head);
    } else {
        parts_pack(a, table, *temp, (uint64_t)(uintptr_t)*temp, copy);
    }
    node_post(a, k, total);
    return rc;
}

static bool read_from(struct node *a, int r, uint64_t address, void *to, size_t n)
{
    if (r == a->me) {
        memmove(to, (const void *)(uintptr_t)address, n);
        return true;
    }
    struct iovec v = {to, n};
    bool ok = n == 0 || a->peers[r]->transport->read(a->peers[r], &v, 1, address, n) == 0;
    /* If a member is gone, the others may have stopped waiting for us, and what we have read may be something else. */
    reach_look();
    return ok;
}

bool node_fetch(struct node *a, uint32_t k, int r, size_t from, void *to, size_t n)
{
    const struct node_cell *c = node_cell(a, k, r);
    if (c->how == NODE_IN_PLACE)
        return read_from(a, r, c->address + from, to, n);
    memcpy(to, (const char *)node_data(a, k, r) + from, n);
    return true;
}

/* From memory of r, or from a slot (address 0: at `data`), into a place of any type. */
static int land(struct node *a, int r, uint64_t address, const char *data, size_t n, void *buf, MPI_Count count,
                const struct datatype *t)
{
    enum { PIECE = 16384 };
    size_t room = (size_t)(count * t->size);
    int rc = n > room ? MPI_ERR_TRUNCATE : MPI_SUCCESS;
    if (n > room)
        n = room;
    if (data) {
        datatype_unpack(t, buf, count, 0, data, n);
    } else if (datatype_is_run(t, count)) {
        rc = read_from(a, r, address, (char *)buf + t->true_lb, n) ? rc : MPI_ERR_OTHER;
    } else {
        static char piece[PIECE]; /* under the lock, which is not given away here */
        for (size_t at = 0; at < n; at += PIECE) {
            size_t part = n - at < PIECE ? n - at : PIECE;
            if (!read_from(a, r, address + at, piece, part))
                return MPI_ERR_OTHER;
            datatype_unpack(t, buf, count, (MPI_Count)at, piece, part);
        }
    }
    return rc;
}

int node_fetch_typed(struct node *a, uint32_t k, int r, void *buf, MPI_Count count, const struct datatype *t)
{
    const struct node_cell *c = node_cell(a, k, r);
    const char *data = c->how == NODE_IN_PLACE ? NULL : node_data(a, k, r);
    if (data && c->bytes == 8 && t->dense && count * t->size == 8) {
        memcpy((char *)buf + t->true_lb, data, 8);
        return MPI_SUCCESS;
    }
    return land(a, r, c->address, data, c->bytes, buf, count, t);
}

int node_fetch_entry(struct node *a, uint32_t k, int r, int entry, void *buf, MPI_Count count, const struct datatype *t)
{
    if (UNLIKELY(a->broken)) /* the table may be of another phase */
        return a->broken;
    const struct node_cell *c = node_cell(a, k, r);
    const char *slot = node_slot(a, k, r);
    const struct node_entry *e = (const struct node_entry *)slot + entry;
    return land(a, r, e->where, c->any_in_place ? NULL : slot + e->where, e->bytes, buf, count, t);
}

void node_await(struct node *a, uint32_t k, int r)
{
    await_equal(a, &node_cell(a, k, r)->seq, k + 1);
    if (a->n == 2)
        a->known = k; /* who offers in phase k has finished those before */
}

bool node_last(struct node *a, uint32_t k, int expected)
{
    struct node_count *c = &a->area->counts[k % NODE_DEPTH];
    /* Acquire and release: the last one sees what all the others wrote before they came. */
    if (atomic_fetch_add_explicit(&c->arrived, 1, memory_order_acq_rel) + 1 != (uint32_t)expected)
        return false;
    atomic_store_explicit(&c->arrived, 0, memory_order_relaxed); /* seen by the next users through `met` */
    return true;
}

void node_release(struct node *a, uint32_t k, int only)
{
    atomic_store_explicit(&a->area->counts[k % NODE_DEPTH].met, k + 1, memory_order_release);
    node_wake(a, only);
}

void node_await_release(struct node *a, uint32_t k)
{
    await_equal(a, &a->area->counts[k % NODE_DEPTH].met, k + 1);
}

void node_meet(struct node *a, uint32_t k)
{
    if (a->n == 2) {
        node_wake(a, !a->me);
        node_await(a, k, !a->me);
    } else if (node_last(a, k, a->n)) {
        node_release(a, k, -1);
    } else {
        node_await_release(a, k);
    }
    a->known = k; /* who has come to phase k has finished those before */
}

void node_gathered(struct node *a, uint32_t k, int root)
{
    if (a->n == 2) {
        if (a->me == root)
            node_await(a, k, !root);
        else
            node_wake(a, root);
    } else if (a->me == root) {
        node_await_release(a, k);
        a->known = k;
    } else if (node_last(a, k, a->n - 1)) {
        node_release(a, k, root);
    }
}

void node_barrier_all(struct node *a)
{
    uint32_t k = node_begin(a);
    node_post(a, k, 0);
    node_meet(a, k);
    node_end(a, k);
}

void node_done(struct node *a, uint32_t k, int root)
{
    struct node_count *c = &a->area->counts[k % NODE_DEPTH];
    if (atomic_fetch_add_explicit(&c->done, 1, memory_order_acq_rel) + 2 == (uint32_t)a->n)
        node_wake(a, root);
}

void node_await_done(struct node *a, uint32_t k)
{
    struct node_count *c = &a->area->counts[k % NODE_DEPTH];
    await_equal(a, &c->done, (uint32_t)a->n - 1);
    atomic_store_explicit(&c->done, 0, memory_order_relaxed);
}

/* What rank r offered at byte `at`, readable here: where it lies, or read into `piece`; NULL: it cannot be. */
static const char *operand(struct node *a, uint32_t k, int r, size_t at, char *piece, size_t bytes)
{
    const struct node_cell *c = node_cell(a, k, r);
    if (c->how != NODE_IN_PLACE)
        return (const char *)node_data(a, k, r) + at;
    if (r == a->me)
        return (const char *)(uintptr_t)c->address + at;
    return node_fetch(a, k, r, at, piece, bytes) ? piece : NULL;
}

int node_combine(struct node *a, uint32_t k, size_t from, void *to, MPI_Count count, struct datatype *t, struct op *op)
{
    enum { PIECE = 16384 };
    static _Alignas(64) char piece[PIECE], saved[PIECE]; /* under the lock, which is not given away here */
    MPI_Count most = PIECE / t->extent;
    if (UNLIKELY(a->broken))
        return a->broken;
    for (MPI_Count i = 0; i < count; i += most) {
        MPI_Count m = count - i < most ? count - i : most;
        size_t at = from + (size_t)(i * t->extent), bytes = (size_t)(m * t->extent);
        char *out = (char *)to + i * t->extent;
        const char *own = operand(a, k, a->me, at, NULL, bytes);
        if (own == out) /* in place: our operand lies where the result grows */
            own = memcpy(saved, own, bytes);
        if (a->me == a->n - 1)
            memcpy(out, own, bytes);
        else if (!node_fetch(a, k, a->n - 1, at, out, bytes))
            return MPI_ERR_OTHER;
        for (int r = a->n - 2; r >= 0; r--) {
            const char *in = r == a->me ? own : operand(a, k, r, at, piece, bytes);
            if (!in)
                return MPI_ERR_OTHER;
            op_apply(op, in, out, m, t);
        }
    }
    return MPI_SUCCESS;
}
