/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node: collectives among ranks that share memory.
 *
 * A communicator whose members are all on this node has an area in the node's segment for its blocking collectives, and
 * another one for those that nobody waits in, since of these several may be under way while a blocking one begins. A
 * collective is a sequence of phases, numbered alike on all members. In a phase a rank may offer data: small ones in
 * its cell, a cache line together with the word that announces it, others in its ring, of which a phase takes as much
 * as it needs. Long data go in pieces, a phase each, so that they are read while the rest is still being written: with
 * two copies in nearby caches and both processors at work that is faster than one copy by the kernel, at any length.
 *
 * Cells are kept for NODE_DEPTH phases, and rings are long: a rank that need not wait for others runs far ahead of
 * them, and a processor that many ranks share changes between them once in many collectives.
 *
 *     uint32_t k = node_begin(a, NODE_ALL);
 *     write n bytes at node_room(a, k, n); node_post(a, k, n);
 *     node_meet(a, k);                          all know that all have posted
 *     read what rank r offered at node_at(a, k, r)
 *     node_end(a, k);
 */
#ifndef LIB_COLL_SHM_NODE_H
#define LIB_COLL_SHM_NODE_H

#include <stdatomic.h>
#include <string.h>
#include "lib/coll/base/blocks.h"
#include "lib/core/bytes.h"
#include "lib/datatype/datatype.h"
#include "lib/p2p/p2p.h"

enum { NODE_DEPTH = 128, NODE_INLINE = 48, NODE_ALL = -1, NODE_NONE = -2 };

struct node_cell {
    _Atomic uint32_t seq; /* the phase it belongs to, from 1 */
    uint32_t where;       /* its data: place in the rings, or NODE_IN_CELL */
    uint64_t whole;       /* bytes of which this phase brings a piece; above NODE_WHOLE, the number of the collective */
    char data[NODE_INLINE];
};
#define NODE_IN_CELL UINT32_MAX
#define NODE_BY_MESSAGE (UINT32_MAX - 1)
#define NODE_BY_ADDRESS (UINT32_MAX - 2) /* see node_direct.h */
#define NODE_WHOLE ((UINT64_C(1) << 48) - 1)

struct node_member {
    _Atomic uint32_t at; /* phases that it has finished */
    char pad[60];
    struct node_cell cells[NODE_DEPTH];
};

struct node_count { /* of one phase */
    _Atomic uint32_t arrived;
    char pad[60];
};

struct node_area {
    _Atomic uint32_t users, last, wanted; /* members left; phases used so far; somebody waits for slow members */
    _Atomic uint32_t spoiled;             /* members are not in the same phase any more; then wanted stays above 0 */
    char pad[48];
    struct node_count counts[NODE_DEPTH];
    struct node_cell results[NODE_DEPTH]; /* by whoever came last */
};

/* Of mine. */
struct node_phase {
    uint64_t start; /* of what it takes of the ring */
    int reader;     /* who reads it: a member, or NODE_ALL, NODE_NONE */
};

struct node {
    bool quick;    /* open, and short collectives need not ask for an algorithm */
    bool open;     /* false: this communicator goes by messages */
    int broken;    /* error class: a member is gone, or it is spoiled */
    bool spoiled;  /* see node_spoil */
    uint64_t mark; /* the number of this collective, in the place that it has in a cell */
    struct node_area *area;
    struct node_member *members;
    struct comm *comm;
    char *rings; /* of the members, one after the other */
    size_t ring; /* bytes of one */
    int n, me;
    uint32_t seq;   /* the next phase */
    uint32_t known; /* what I offered in the phases below is read by those whom it is for */
    uint64_t head;  /* bytes of my ring used so far */
    struct node_phase phases[NODE_DEPTH];
    int cpus;     /* of this node */
    bool crowded; /* more ranks than processors */
    bool fence;   /* see nodemem.h */
    int spins;
    bool far;                /* members read what I write through memory, not out of my cache */
    unsigned writes;         /* long ones */
    bool cma;                /* members can read one another's memory; the same on all */
    struct copy_cost *costs; /* of member 0: what the ways of node_cma took; NULL: nothing yet */
    bool direct;             /* as far as is known here, mine can be read by the others */
    unsigned directs;        /* so many of the next scatters go that way */
    int number;
    _Atomic uint32_t **sleeping; /* of each member */
    int *locals;
    const char **from; /* for what has an operand of each member */
};

/* The area of blocking collectives, if they may be done in it without more ado. comm->coll begins with it. */
ALWAYS_INLINE struct node *node_quick(const struct comm *c)
{
    struct node *a = c->coll;
    return LIKELY(a && a->quick) ? a : NULL;
}
/* Waiting ends when a member is gone; nothing that was offered means anything then, and nothing may be offered. So this
 * follows whatever may have waited, in functions that return an error class. */
#define NODE_CHECK(a)                                                                                                  \
    do {                                                                                                               \
        if (UNLIKELY((a)->broken))                                                                                     \
            return (a)->broken;                                                                                        \
    } while (0)
/* What a collective returns that came to rc. */
static inline int node_came_to(const struct node *a, int rc)
{
    return LIKELY(!a->broken) ? rc : a->broken;
}

/* A new collective. What members offer says to which one it belongs, so that those who do not agree on lengths, and so
 * on the number of phases, notice, instead of taking one thing for another. */
ALWAYS_INLINE void node_enter(struct node *a)
{
    a->mark += NODE_WHOLE + 1;
}
/* Is it from this collective? Of so many bytes in all? */
ALWAYS_INLINE bool node_is_ours(const struct node *a, const struct node_cell *c)
{
    return (c->whole ^ a->mark) <= NODE_WHOLE;
}
ALWAYS_INLINE bool node_is_whole(const struct node *a, const struct node_cell *c, uint64_t whole)
{
    return c->whole == (a->mark | whole);
}
ALWAYS_INLINE uint64_t node_whole(const struct node_cell *c)
{
    return c->whole & NODE_WHOLE;
}
/* It is not, of r: this collective and all later ones on this communicator end with an error, on all members, since
 * nobody knows any more who is in which phase. Returns the class; it becomes a->broken. */
int node_spoil(struct node *a, int r, const struct node_cell *c, uint64_t whole) COLD;
/* What later collectives end with: MPI_ERR_OTHER, with a note. */
int node_spoiled(struct node *a) COLD;
/* Has another member said so? Then it becomes a->broken. */
void node_look_for_spoiled(struct node *a) COLD;

void node_begin_slow(struct node *a);
/* A new phase, in which I offer something for a reader: a member, NODE_ALL (also where all meet) or NODE_NONE. Waits
 * until my cell of NODE_DEPTH phases ago may be used again. NODE_CHECK follows. */
ALWAYS_INLINE uint32_t node_begin(struct node *a, int reader)
{
    if (UNLIKELY(a->seq - a->known >= NODE_DEPTH))
        node_begin_slow(a);
    a->phases[a->seq % NODE_DEPTH] = (struct node_phase){a->head, reader};
    return a->seq++;
}
/* Phases in which I neither offer nor read. */
void node_skip(struct node *a, uint32_t phases);

static inline struct node_cell *node_cell(const struct node *a, uint32_t k, int r)
{
    return &a->members[r].cells[k % NODE_DEPTH];
}

/* Orders what was stored before it against the looks of the next two. */
ALWAYS_INLINE void node_order(const struct node *a)
{
    if (UNLIKELY(a->fence))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
}
void node_wake_slow(struct node *a, int r);
/* Wakes one member, or all, if they sleep. */
ALWAYS_INLINE void node_wake(struct node *a, int r)
{
    node_order(a);
    if (UNLIKELY(atomic_load_explicit(a->sleeping[r], memory_order_relaxed)))
        node_wake_slow(a, r);
}
static inline void node_wake_all(struct node *a)
{
    node_order(a);
    for (int r = 0; r < a->n; r++)
        if (UNLIKELY(atomic_load_explicit(a->sleeping[r], memory_order_relaxed)) && r != a->me)
            node_wake_slow(a, r);
}

void node_end_wanted(struct node *a);
/* The phase is over for me: others may write where I have read. */
ALWAYS_INLINE void node_end(struct node *a, uint32_t k)
{
    /* Release: our reads come before. */
    atomic_store_explicit(&a->members[a->me].at, k + 1, memory_order_release);
    node_order(a);
    if (UNLIKELY(atomic_load_explicit(&a->area->wanted, memory_order_relaxed)))
        node_end_wanted(a);
}

/* Would n bytes find room in my ring without waiting? */
bool node_has_room(struct node *a, size_t n);
/* Could a phase begin in which I take room for n bytes, and for so many more, without waiting for anybody? */
bool node_can_begin(struct node *a, size_t n, size_t more);
/* Somebody has finalized: was one of them to be in this? Then it becomes a->broken. */
void node_look_for_left(struct node *a) COLD;
/* Waits until all that I have offered is read. NODE_CHECK follows. */
void node_await_readers(struct node *a);

char *node_room_slow(struct node *a, struct node_cell *c, size_t n);
/* Where the n bytes offered are to be written before node_post: in cell c or in the ring, at most half of it. Waits
 * until there is room. NODE_CHECK follows. */
ALWAYS_INLINE char *node_room_in(struct node *a, struct node_cell *c, size_t n)
{
    if (n > NODE_INLINE)
        return node_room_slow(a, c, n);
    c->where = NODE_IN_CELL;
    return c->data;
}
ALWAYS_INLINE char *node_room(struct node *a, uint32_t k, size_t n)
{
    return node_room_in(a, node_cell(a, k, a->me), n);
}
/* Announces what was written there, part of so many bytes. Wakes nobody. */
ALWAYS_INLINE void node_post_in(const struct node *a, struct node_cell *c, uint32_t k, uint64_t whole)
{
    c->whole = a->mark | whole;
    /* Release: the data before the word that announces them. */
    atomic_store_explicit(&c->seq, k + 1, memory_order_release);
}
ALWAYS_INLINE void node_post(struct node *a, uint32_t k, uint64_t whole)
{
    node_post_in(a, node_cell(a, k, a->me), k, whole);
}
ALWAYS_INLINE const char *node_look(const struct node *a, const struct node_cell *c)
{
    return c->where == NODE_IN_CELL ? c->data : a->rings + c->where;
}
/* What r has offered. */
ALWAYS_INLINE const char *node_at(const struct node *a, uint32_t k, int r)
{
    return node_look(a, node_cell(a, k, r));
}

void node_write_long(struct node *a, char *to, const void *from, size_t n);
/* Into my cell or ring. */
ALWAYS_INLINE void node_write(struct node *a, char *to, const void *from, size_t n)
{
    enum { LONG = 4096 };
    if (UNLIKELY(n >= LONG))
        node_write_long(a, to, from, n);
    else if (n <= NODE_INLINE)
        bytes_copy(to, from, n);
    else
        memcpy(to, from, n);
}

/* Bytes [from, from + n) of d to my cell or ring, or from a member's. */
static inline void node_pack(struct node *a, const struct node_data *d, size_t from, char *to, size_t n)
{
    if (LIKELY(datatype_is_run(d->t, d->count)))
        node_write(a, to, (const char *)d->buf + d->t->true_lb + from, n);
    else
        datatype_pack(d->t, d->buf, d->count, (MPI_Count)from, to, n);
}
static inline void node_unpack(const struct node_data *d, size_t from, const char *at, size_t n)
{
    char *buf = (char *)(uintptr_t)d->buf;
    if (LIKELY(datatype_is_run(d->t, d->count)))
        bytes_copy_long(buf + d->t->true_lb + from, at, n);
    else
        datatype_unpack(d->t, buf, d->count, (MPI_Count)from, at, n);
}
void node_await_slow(struct node *a, const _Atomic uint32_t *word, uint32_t value);
/* Waits until a cell is posted in phase k; everything in it may then be read. NODE_CHECK follows. */
ALWAYS_INLINE void node_await_cell(struct node *a, const struct node_cell *c, uint32_t k)
{
    /* Acquire: what was written before the word was. */
    for (int i = a->spins; i > 0; i--)
        if (LIKELY(atomic_load_explicit(&c->seq, memory_order_acquire) == k + 1))
            return;
    node_await_slow(a, &c->seq, k + 1);
}
/* Waits until r has offered in phase k. NODE_CHECK follows. */
ALWAYS_INLINE void node_await(struct node *a, uint32_t k, int r)
{
    node_await_cell(a, node_cell(a, k, r), k);
    /* Who has just heard of others is often the next to speak: my next cell is asked for now, and comes while what was
     * heard is worked on. Not sooner: beside a line that is waited for it would come late, and both would. */
    bytes_prefetch_for_write(node_cell(a, a->seq, a->me));
    if (a->n == 2)
        a->known = k; /* who offers in phase k has finished those before */
}

/* All members come here once in the phase. True for the last one, to whom all offers are known, and who lets the others
 * go by node_result_post; they wait by node_result_await, and NODE_CHECK follows. */
bool node_last(struct node *a, uint32_t k);
static inline struct node_cell *node_result(const struct node *a, uint32_t k)
{
    return &a->area->results[k % NODE_DEPTH];
}
void node_result_post(struct node *a, uint32_t k, uint64_t whole);
void node_result_await(struct node *a, uint32_t k);

/* All members have posted, and return when all have. NODE_CHECK follows. */
void node_meet(struct node *a, uint32_t k);

#endif
