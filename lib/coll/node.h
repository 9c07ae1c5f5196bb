/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node: blocking collectives among ranks that share memory.
 *
 * A communicator whose members are all on this node has an area in the node's segment. A collective is one or a few
 * phases, numbered alike on all members. In a phase a rank may offer data: in its cell, a cache line together with the
 * word that announces it; in its slot of SLOT bytes; or where they are, for others to read by single copy. Cells and
 * slots are kept for DEPTH phases, so that nobody waits for readers in the common case.
 *
 *     uint32_t k = node_begin(a);
 *     node_offer(a, k, ...); node_meet(a, k);      all offer, all know that all have
 *     node_fetch(a, k, rank, ...);
 *     node_end(a, k);
 *
 * What a rank offered where it lies must stay until the others are through; that is the collective's business.
 */
#ifndef LIB_COLL_NODE_H
#define LIB_COLL_NODE_H

#include <stdatomic.h>
#include "lib/comm/comm.h"
#include "lib/op/op.h"
#include "lib/p2p/p2p.h"

enum { NODE_DEPTH = 4, NODE_INLINE = 48, NODE_SLOT = 32768, NODE_LATER = -1 };
enum node_how { NODE_IN_CELL, NODE_IN_SLOT, NODE_IN_PLACE, NODE_TABLE };

struct node_cell {
    _Atomic uint32_t seq;  /* the phase it belongs to, from 1 */
    uint16_t how;          /* enum node_how */
    uint16_t any_in_place; /* NODE_TABLE: some entries are addresses */
    uint64_t bytes;
    union {
        char data[NODE_INLINE];
        uint64_t address;
    };
};

struct node_member {
    _Atomic uint32_t at; /* phases that it has finished */
    char pad[60];
    struct node_cell cells[NODE_DEPTH];
};

struct node_count { /* of one phase */
    _Atomic uint32_t arrived, met, done;
    char pad[52];
};

struct node_area {
    _Atomic uint32_t users, last, wanted; /* members left; phases used so far; somebody waits for slow members */
    char pad[52];
    struct node_count counts[NODE_DEPTH];
    struct node_cell result[NODE_DEPTH];
};

/* A part of a table, as it lies at the begin of a slot: one for each rank. */
struct node_entry {
    uint64_t where; /* address, or place in the slot */
    uint64_t bytes;
};

struct node {
    bool open;  /* false: this communicator goes by messages */
    int broken; /* error class: a member is gone, what has been offered means nothing */
    struct node_area *area;
    struct node_member *members;
    struct comm *comm;
    char *slots; /* of the members, NODE_DEPTH each, then of the result */
    int n, me;
    int number;
    uint32_t seq;   /* the next phase */
    uint32_t known; /* all members have finished the phases below */
    bool single;    /* members can read one another's memory */
    struct peer **peers;
    struct node_part *parts; /* for node_offer_table */
};

/* What one rank is to get. */
struct node_part {
    const void *buf;
    MPI_Count count;
    struct datatype *t;
};

/* The area of a communicator, made at its first blocking collective (all members are in it); NULL: it has none. */
struct node *node_make(struct comm *c);
static inline struct node *node_of(struct comm *c)
{
    struct node *a = LIKELY(c->coll != NULL) ? c->coll : node_make(c);
    return a && a->open ? a : NULL;
}
/* What a collective returns that came to rc. Waiting ends when a member is gone, so what has been read is no result. */
static inline int node_came_to(const struct node *a, int rc)
{
    return LIKELY(!a->broken) ? rc : a->broken;
}
/* May so many bytes be offered? The same on all members. */
static inline bool node_fits(const struct node *a, MPI_Count bytes)
{
    return bytes <= NODE_SLOT || a->single;
}

uint32_t node_begin_slow(struct node *a);
/* A new phase; waits until the cells of DEPTH phases ago may be used again. */
static inline uint32_t node_begin(struct node *a)
{
    return LIKELY(a->seq - a->known < NODE_DEPTH) ? a->seq++ : node_begin_slow(a);
}
void node_end(struct node *a, uint32_t k);

static inline struct node_cell *node_cell(const struct node *a, uint32_t k, int r)
{
    return &a->members[r].cells[k % NODE_DEPTH];
}
static inline char *node_slot(const struct node *a, uint32_t k, int r) /* r == n: the result */
{
    return a->slots + ((size_t)r * NODE_DEPTH + k % NODE_DEPTH) * NODE_SLOT;
}
static inline struct node_cell *node_result(const struct node *a, uint32_t k)
{
    return &a->area->result[k % NODE_DEPTH];
}

/* Where n offered bytes are to be written before node_post: cell or slot. n <= NODE_SLOT. */
char *node_room(struct node *a, uint32_t k, size_t n);
/* Announces what was written there. Wakes nobody. */
void node_post(struct node *a, uint32_t k, size_t n);
/* Offers n bytes at p, copied if they fit into the slot. */
void node_offer(struct node *a, uint32_t k, const void *p, size_t n);
/* Offers n bytes where they lie. */
void node_offer_place(struct node *a, uint32_t k, const void *p, size_t n);
/* Offers (buf, count, t). *temp: memory to be freed when the phase is over for all, or NULL. An error class. */
int node_offer_typed(struct node *a, uint32_t k, const void *buf, MPI_Count count, const struct datatype *t,
                     void **temp);

/* Offers a->parts, one for each rank, in the slot or where they lie; copied in any case if `copy`. As above. */
int node_offer_table(struct node *a, uint32_t k, bool copy, void **temp);
/* May a table with parts of at most so many bytes be offered? */
static inline bool node_table_fits(const struct node *a, MPI_Count each)
{
    MPI_Count head = a->n * (MPI_Count)sizeof(struct node_entry);
    return head <= NODE_SLOT && (a->single || (each <= NODE_SLOT && head + a->n * each <= NODE_SLOT));
}

/* What an offer in cell or slot holds. */
static inline const void *node_data(const struct node *a, uint32_t k, int r)
{
    const struct node_cell *c = node_cell(a, k, r);
    return c->how == NODE_IN_CELL ? c->data : node_slot(a, k, r);
}
/* Bytes [from, from + n) of an offer that has been seen. False: the memory cannot be read. */
bool node_fetch(struct node *a, uint32_t k, int r, size_t from, void *to, size_t n);
/* The first n bytes of it into (buf, count, t), or entry `mine` of its table. An error class: MPI_ERR_TRUNCATE. */
int node_fetch_typed(struct node *a, uint32_t k, int r, void *buf, MPI_Count count, const struct datatype *t);
int node_fetch_entry(struct node *a, uint32_t k, int r, int entry, void *buf, MPI_Count count,
                     const struct datatype *t);

/* Waits until r has offered in phase k. */
void node_await(struct node *a, uint32_t k, int r);
/* All members meet: each has posted (or nothing), and returns when all have. */
void node_meet(struct node *a, uint32_t k);
/* All have offered: the root knows, the others do not wait. */
void node_gathered(struct node *a, uint32_t k, int root);
/* A phase of its own in which all meet. */
void node_barrier_all(struct node *a);
/* The same in two halves: the last one to arrive (true) does something for all, then lets them go. */
bool node_last(struct node *a, uint32_t k, int expected);
void node_release(struct node *a, uint32_t k, int only); /* only: whom to wake, or -1: all */
void node_await_release(struct node *a, uint32_t k);
/* Waits until r has finished phase k. */
void node_await_end(struct node *a, uint32_t k, int r);
/* Readers of what the root offers in place say so; the root waits for all of them. */
void node_done(struct node *a, uint32_t k, int root);
void node_await_done(struct node *a, uint32_t k);
void node_wake(struct node *a, int only); /* -1: all others */

/* to = combination of n elements from byte `from` of the offers of all members, in the order of ranks. An error class.
 */
int node_combine(struct node *a, uint32_t k, size_t from, void *to, MPI_Count count, struct datatype *t, struct op *op);

#endif
