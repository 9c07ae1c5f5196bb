/* SPDX-License-Identifier: BSD-3-Clause
 *
 * phase: collectives among ranks that share memory.
 *
 * A communicator whose members are all on this node has an area in the node's segment for its blocking collectives, and
 * another one for those that nobody waits in, since of these several may be under way while a blocking one begins. A
 * collective is a sequence of phases, numbered alike on all members. In a phase a rank may offer data: small ones in
 * its cell, a cache line together with the word that announces it, others in its ring, of which a phase takes as much
 * as it needs. Long data go in pieces, a phase each, so that they are read while the rest is still being written: with
 * two copies in nearby caches and both processors at work that is faster than one copy by the kernel, at any length.
 *
 * Cells are kept for PHASE_DEPTH phases, and rings are long: a rank that need not wait for others runs far ahead of
 * them, and a processor that many ranks share changes between them once in many collectives.
 *
 *     uint32_t k = phase_begin(a, PHASE_ALL);
 *     write n bytes at phase_reserve(a, k, n); phase_publish(a, k, n);
 *     phase_sync(a, k);                          all know that all have posted
 *     read what rank r offered at phase_peer_data(a, k, r)
 *     phase_end(a, k);
 */
#ifndef LIB_COLL_SHM_PHASE_H
#define LIB_COLL_SHM_PHASE_H

#include <stdatomic.h>
#include <string.h>
#include "lib/coll/base/blocks.h"
#include "lib/core/bytes.h"
#include "lib/core/knobs.h"
#include "lib/datatype/datatype.h"
#include "lib/p2p/p2p.h"

enum { PHASE_DEPTH = 128, PHASE_INLINE = 48, PHASE_ALL = -1, PHASE_NONE = -2 };

struct phase_cell {
    _Atomic uint32_t seq; /* the phase it belongs to, from 1 */
    uint32_t where;       /* its data: place in the rings, or PHASE_IN_CELL */
    uint64_t whole;       /* bytes of which this phase brings a piece; above PHASE_WHOLE, which collective */
    char data[PHASE_INLINE];
};
#define PHASE_IN_CELL UINT32_MAX
#define PHASE_BY_MESSAGE (UINT32_MAX - 1)
#define PHASE_BY_ADDRESS (UINT32_MAX - 2) /* see direct_read.h */
/* Which collective a phase belongs to: above the bytes, its call, its root, and a number that grows with each. */
enum { PHASE_CALL_AT = 43, PHASE_ROOT_AT = 50, PHASE_NUMBER_AT = 60 };
#define PHASE_WHOLE ((UINT64_C(1) << PHASE_CALL_AT) - 1)
/* A reduction's call is this and 1 + the operation's place in its table, 0 being a user's. */
enum phase_call {
    PHASE_BARRIER,
    PHASE_BCAST,
    PHASE_GATHER,
    PHASE_SCATTER,
    PHASE_ALLGATHER,
    PHASE_ALLTOALL,
    PHASE_GATHERV,
    PHASE_SCATTERV,
    PHASE_ALLTOALLV,
    PHASE_LATER, /* those that nobody waits in */
    PHASE_REDUCE = 16,
    PHASE_ALLREDUCE = 32,
    PHASE_SCAN = 48,
    PHASE_EXSCAN = 64,
    PHASE_REDUCE_SCATTER = 80
};

struct shm_member {
    _Atomic uint32_t at; /* phases that it has finished */
    char pad[60];
    struct phase_cell cells[PHASE_DEPTH];
};

struct shm_arrivals { /* of one phase */
    _Atomic uint32_t arrived;
    char pad[60];
};

struct shm_area {
    _Atomic uint32_t users, last, wanted; /* members left; phases used so far; somebody waits for slow members */
    _Atomic uint32_t spoiled;             /* members are not in the same phase any more; then wanted stays above 0 */
    char pad[48];
    struct shm_arrivals counts[PHASE_DEPTH];
    struct phase_cell results[PHASE_DEPTH]; /* by whoever came last */
};

/* Of mine. */
struct phase_own {
    uint64_t start; /* of what it takes of the ring */
    int reader;     /* who reads it: a member, or PHASE_ALL, PHASE_NONE */
};

struct shm_coll {
    bool quick;    /* open, and short collectives need not ask for an algorithm */
    bool open;     /* false: this communicator goes by messages */
    int broken;    /* error class: a member is gone, or it is spoiled */
    bool spoiled;  /* see phase_spoil */
    uint64_t mark; /* the number of this collective, in the place that it has in a cell */
    struct shm_area *area;
    struct shm_member *members;
    struct comm *comm;
    char *rings; /* of the members, one after the other */
    size_t ring; /* bytes of one */
    int n, me;
    uint32_t seq;   /* the next phase */
    uint32_t known; /* what I offered in the phases below is read by those whom it is for */
    uint64_t head;  /* bytes of my ring used so far */
    struct phase_own phases[PHASE_DEPTH];
    int cpus;                /* of this node */
    bool oversubscribed;     /* more ranks than processors */
    bool fence;              /* see nodemem.h */
    bool nontemporal;        /* members read what I write through memory, not out of my cache */
    unsigned writes;         /* long ones */
    bool cma;                /* members can read one another's memory; the same on all */
    struct copy_cost *costs; /* of member 0: what the ways of shm_cma took; NULL: nothing yet */
    bool direct;             /* as far as is known here, mine can be read by the others */
    unsigned directs;        /* so many of the next scatters go that way */
    int number;
    _Atomic uint32_t **sleeping; /* of each member */
    int *locals;
    const char **from; /* for what has an operand of each member */
};

/* The area of blocking collectives, if they may be done in it without more ado. comm->coll begins with it. */
ALWAYS_INLINE struct shm_coll *shm_quick(const struct comm *c)
{
    struct shm_coll *a = c->coll;
    return LIKELY(a && a->quick) ? a : NULL;
}
/* Waiting ends when a member is gone; nothing that was offered means anything then, and nothing may be offered. So this
 * follows whatever may have waited, in functions that return an error class. */
#define PHASE_CHECK(a)                                                                                                 \
    do {                                                                                                               \
        if (UNLIKELY((a)->broken))                                                                                     \
            return (a)->broken;                                                                                        \
    } while (0)
/* What a collective returns that came to rc. */
static inline int shm_came_to(const struct shm_coll *a, int rc)
{
    return LIKELY(!a->broken) ? rc : a->broken;
}

/* A new collective. What members offer says to which one it belongs, so that those who do not agree on the call, its
 * root or operation, or on lengths and so on the number of phases, notice, instead of taking one thing for another. */
ALWAYS_INLINE void phase_enter(struct shm_coll *a, int call, int root)
{
    /* Roots and calls that differ where nobody compares them, as in a barrier, which has no time for it, show in the
     * numbers of the next collective. */
    uint64_t number = (a->mark >> PHASE_NUMBER_AT) + 1 + (uint64_t)(call + call / 16) + (uint64_t)root;
    a->mark = number << PHASE_NUMBER_AT | (uint64_t)root << PHASE_ROOT_AT | (uint64_t)call << PHASE_CALL_AT;
}
/* Is it from this collective? Of so many bytes in all? */
ALWAYS_INLINE bool phase_is_ours(const struct shm_coll *a, const struct phase_cell *c)
{
    return (c->whole ^ a->mark) <= PHASE_WHOLE;
}
ALWAYS_INLINE bool phase_is_whole(const struct shm_coll *a, const struct phase_cell *c, uint64_t whole)
{
    return c->whole == (a->mark | whole);
}
ALWAYS_INLINE uint64_t phase_whole(const struct phase_cell *c)
{
    return c->whole & PHASE_WHOLE;
}
/* It is not, of r: this collective and all later ones on this communicator end with an error, on all members, since
 * nobody knows any more who is in which phase. Returns the class; it becomes a->broken. */
int phase_spoil(struct shm_coll *a, int r, const struct phase_cell *c, uint64_t whole) COLD;
/* What later collectives end with: MPI_ERR_OTHER, with a note. */
int phase_spoiled(struct shm_coll *a) COLD;
/* Has another member said so? Then it becomes a->broken. */
void phase_look_for_spoiled(struct shm_coll *a) COLD;

void phase_begin_slow(struct shm_coll *a);
/* A new phase, in which I offer something for a reader: a member, PHASE_ALL (also where all meet) or PHASE_NONE. Waits
 * until my cell of PHASE_DEPTH phases ago may be used again. PHASE_CHECK follows. */
ALWAYS_INLINE uint32_t phase_begin(struct shm_coll *a, int reader)
{
    if (UNLIKELY(a->seq - a->known >= PHASE_DEPTH))
        phase_begin_slow(a);
    a->phases[a->seq % PHASE_DEPTH] = (struct phase_own){a->head, reader};
    return a->seq++;
}
/* Phases in which I neither offer nor read. */
void phase_skip(struct shm_coll *a, uint32_t phases);

static inline struct phase_cell *phase_cell(const struct shm_coll *a, uint32_t k, int r)
{
    return &a->members[r].cells[k % PHASE_DEPTH];
}

/* Orders what was stored before it against the looks of the next two. */
ALWAYS_INLINE void phase_order(const struct shm_coll *a)
{
    if (UNLIKELY(a->fence))
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_signal_fence(memory_order_seq_cst);
}
void phase_wake_slow(struct shm_coll *a, int r);
/* Wakes one member, or all, if they sleep. */
ALWAYS_INLINE void phase_wake(struct shm_coll *a, int r)
{
    phase_order(a);
    if (UNLIKELY(atomic_load_explicit(a->sleeping[r], memory_order_relaxed)))
        phase_wake_slow(a, r);
}
static inline void phase_wake_all(struct shm_coll *a)
{
    phase_order(a);
    for (int r = 0; r < a->n; r++)
        if (UNLIKELY(atomic_load_explicit(a->sleeping[r], memory_order_relaxed)) && r != a->me)
            phase_wake_slow(a, r);
}

void phase_end_wanted(struct shm_coll *a);
/* The phase is over for me: others may write where I have read. */
ALWAYS_INLINE void phase_end(struct shm_coll *a, uint32_t k)
{
    /* Release: our reads come before. */
    atomic_store_explicit(&a->members[a->me].at, k + 1, memory_order_release);
    phase_order(a);
    if (UNLIKELY(atomic_load_explicit(&a->area->wanted, memory_order_relaxed)))
        phase_end_wanted(a);
}

/* Would n bytes find room in my ring without waiting? */
bool phase_has_room(struct shm_coll *a, size_t n);
/* Could a phase begin in which I take room for n bytes, and for so many more, without waiting for anybody? */
bool phase_can_begin(struct shm_coll *a, size_t n, size_t more);
/* Somebody has finalized: was one of them to be in this? Then it becomes a->broken. */
void phase_look_for_left(struct shm_coll *a) COLD;
/* Waits until all that I have offered is read. PHASE_CHECK follows. */
void phase_await_readers(struct shm_coll *a);

char *phase_reserve_slow(struct shm_coll *a, struct phase_cell *c, size_t n);
/* Where the n bytes offered are to be written before phase_publish: in cell c or in the ring, at most half of it. Waits
 * until there is room. PHASE_CHECK follows. */
ALWAYS_INLINE char *phase_reserve_in(struct shm_coll *a, struct phase_cell *c, size_t n)
{
    if (n > PHASE_INLINE)
        return phase_reserve_slow(a, c, n);
    c->where = PHASE_IN_CELL;
    return c->data;
}
ALWAYS_INLINE char *phase_reserve(struct shm_coll *a, uint32_t k, size_t n)
{
    return phase_reserve_in(a, phase_cell(a, k, a->me), n);
}
/* Announces what was written there, part of so many bytes. Wakes nobody. */
ALWAYS_INLINE void phase_publish_in(const struct shm_coll *a, struct phase_cell *c, uint32_t k, uint64_t whole)
{
    c->whole = a->mark | whole;
    /* Release: the data before the word that announces them. */
    atomic_store_explicit(&c->seq, k + 1, memory_order_release);
}
ALWAYS_INLINE void phase_publish(struct shm_coll *a, uint32_t k, uint64_t whole)
{
    phase_publish_in(a, phase_cell(a, k, a->me), k, whole);
}
ALWAYS_INLINE const char *phase_cell_data(const struct shm_coll *a, const struct phase_cell *c)
{
    return c->where == PHASE_IN_CELL ? c->data : a->rings + c->where;
}
/* What r has offered. */
ALWAYS_INLINE const char *phase_peer_data(const struct shm_coll *a, uint32_t k, int r)
{
    return phase_cell_data(a, phase_cell(a, k, r));
}

void phase_write_long(struct shm_coll *a, char *to, const void *from, size_t n);
/* Into my cell or ring. */
ALWAYS_INLINE void phase_write(struct shm_coll *a, char *to, const void *from, size_t n)
{
    enum { LONG = 4096 };
    if (UNLIKELY(n >= LONG))
        phase_write_long(a, to, from, n);
    else if (n <= PHASE_INLINE)
        bytes_copy(to, from, n);
    else
        memcpy(to, from, n);
}

/* Bytes [from, from + n) of d to my cell or ring, or from a member's. */
static inline void phase_pack(struct shm_coll *a, const struct coll_data *d, size_t from, char *to, size_t n)
{
    if (LIKELY(datatype_is_run(d->t, d->count)))
        phase_write(a, to, (const char *)d->buf + d->t->true_lb + from, n);
    else
        datatype_pack(d->t, d->buf, d->count, (MPI_Count)from, to, n);
}
static inline void phase_unpack(const struct coll_data *d, size_t from, const char *at, size_t n)
{
    char *buf = (char *)(uintptr_t)d->buf;
    if (LIKELY(datatype_is_run(d->t, d->count)))
        bytes_copy_long(buf + d->t->true_lb + from, at, n);
    else
        datatype_unpack(d->t, buf, d->count, (MPI_Count)from, at, n);
}
void phase_await_slow(struct shm_coll *a, const _Atomic uint32_t *word, uint32_t value);
/* Waits until a cell is posted in phase k; everything in it may then be read. PHASE_CHECK follows. */
ALWAYS_INLINE void phase_await_cell(struct shm_coll *a, const struct phase_cell *c, uint32_t k)
{
    /* Acquire: what was written before the word was. */
    for (int i = (int)knobs.COLL_SPINS; i > 0; i--)
        if (LIKELY(atomic_load_explicit(&c->seq, memory_order_acquire) == k + 1))
            return;
    phase_await_slow(a, &c->seq, k + 1);
}
/* Waits until r has offered in phase k. PHASE_CHECK follows. */
ALWAYS_INLINE void phase_await(struct shm_coll *a, uint32_t k, int r)
{
    phase_await_cell(a, phase_cell(a, k, r), k);
    /* Who has just heard of others is often the next to speak: my next cell is asked for now, and comes while what was
     * heard is worked on. Not sooner: beside a line that is waited for it would come late, and both would. */
    bytes_prefetch_for_write(phase_cell(a, a->seq, a->me));
    if (a->n == 2)
        a->known = k; /* who offers in phase k has finished those before */
}

/* All members come here once in the phase. True for the last one, to whom all offers are known, and who lets the others
 * go by phase_result_publish; they wait by phase_result_await, and PHASE_CHECK follows. */
bool phase_last(struct shm_coll *a, uint32_t k);
static inline struct phase_cell *phase_result(const struct shm_coll *a, uint32_t k)
{
    return &a->area->results[k % PHASE_DEPTH];
}
void phase_result_publish(struct shm_coll *a, uint32_t k, uint64_t whole);
void phase_result_await(struct shm_coll *a, uint32_t k);

/* All members have posted, and return when all have. PHASE_CHECK follows. */
void phase_sync(struct shm_coll *a, uint32_t k);

#endif
