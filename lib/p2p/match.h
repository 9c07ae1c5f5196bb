/* SPDX-License-Identifier: BSD-3-Clause
 *
 * match: receives that wait for messages, and messages that wait for receives.
 *
 * Both wait in hash tables by key, wildcards being values like any other, and those of one key in the order in which
 * they came. A message looks for its key and, if any receive with wildcards is posted, for the three keys with
 * wildcards that would take it; the order of posting decides between what is found. A receive looks for its own key: as
 * soon as one with wildcards has asked while many messages wait, each of them also stands under its keys with
 * wildcards. So nothing is ever searched through, however many wait. */
#ifndef LIB_P2P_MATCH_H
#define LIB_P2P_MATCH_H

#include "lib/p2p/p2p_request.h"

struct match_bin {
    struct match_node *first, *last;
};

struct match_table {
    struct match_bin *bins; /* a power of two of them */
    uint32_t shift;         /* 64 less their logarithm */
    uint32_t count;
    struct match_bin *own; /* where it begins and goes back to when it is empty */
};
enum { MATCH_BITS = 8 };

/* A message that came before its receive. */
struct unexpected {
    struct match_node nodes[4]; /* the exact key, and those with wildcards */
    bool wild;                  /* it stands under those too */
    TAILQ_ENTRY(unexpected) in_all;
    struct peer *from;
    uint8_t kind;
    size_t bytes; /* of the whole message */
    size_t n;     /* of the payload kept here */
    size_t cap;
    _Alignas(16) char payload[];
};

extern struct match_table match_posted, match_unexpected;
/* Posted receives with wildcards; and MATCH_COUNTED while a tool counts what comes, so that then nothing takes the
 * quick path, and the quick path does not ask. */
extern uint32_t match_wild;
#define MATCH_COUNTED (UINT32_C(1) << 31)
extern uint64_t match_seq;

ALWAYS_INLINE struct match_bin *match_bin(const struct match_table *t, struct match_key k)
{
    uint64_t h = (k.pair + k.ctx * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return &t->bins[h >> t->shift];
}

ALWAYS_INLINE bool match_same(struct match_key a, struct match_key b)
{
    return a.ctx == b.ctx && a.pair == b.pair;
}

ALWAYS_INLINE struct match_node *match_first(const struct match_table *t, struct match_key k)
{
    struct match_node *n = match_bin(t, k)->first;
    while (n && !match_same(n->key, k))
        n = n->next;
    return n;
}

void match_grow(struct match_table *t);
void match_shrink(struct match_table *t);

/* Should it grow before one more comes? */
ALWAYS_INLINE bool match_full(const struct match_table *t)
{
    return UNLIKELY((t->count + 1) >> (65 - t->shift));
}

/* Behind all others. */
ALWAYS_INLINE void match_append(struct match_table *t, struct match_node *n)
{
    struct match_bin *b = match_bin(t, n->key);
    n->next = NULL;
    n->prev = b->last;
    if (b->last)
        b->last->next = n;
    else
        b->first = n;
    b->last = n;
    t->count++;
}

ALWAYS_INLINE void match_insert(struct match_table *t, struct match_node *n)
{
    if (match_full(t))
        match_grow(t);
    match_append(t, n);
}

ALWAYS_INLINE void match_remove(struct match_table *t, struct match_node *n)
{
    struct match_bin *b = match_bin(t, n->key);
    if (n->next)
        n->next->prev = n->prev;
    else
        b->last = n->prev;
    if (n->prev)
        n->prev->next = n->next;
    else
        b->first = n->next;
    if (--t->count == 0 && UNLIKELY(t->bins != t->own))
        match_shrink(t);
}

ALWAYS_INLINE bool match_is_wild(struct match_key k)
{
    return k.source == MPI_ANY_SOURCE || k.tag == MPI_ANY_TAG;
}

/* The receive waits under the key in its `posted`; the table is not full. */
ALWAYS_INLINE void match_post_quick(struct p2p_request *r)
{
    r->posted.seq = ++match_seq;
    if (UNLIKELY(match_is_wild(r->posted.key)))
        match_wild++;
    match_append(&match_posted, &r->posted);
}

static inline void match_post(struct p2p_request *r)
{
    if (match_full(&match_posted))
        match_grow(&match_posted);
    match_post_quick(r);
}

ALWAYS_INLINE void match_unpost(struct p2p_request *r)
{
    if (UNLIKELY(match_is_wild(r->posted.key)))
        match_wild--;
    match_remove(&match_posted, &r->posted);
}

/* The oldest receive that takes this message, taken out; NULL: none. */
struct p2p_request *match_arrival(struct match_key k);

/* The bin whose first receive that is, if there is neither another table to shrink to nor a wildcard to look at; NULL:
 * that is not sure. */
ALWAYS_INLINE struct match_bin *match_arrival_quick(struct match_key k)
{
    const struct match_table *t = &match_posted;
    struct match_bin *b = match_bin(t, k);
    bool plain = match_wild == 0 && t->bins == t->own && b->first && match_same(b->first->key, k);
    return LIKELY(plain) ? b : NULL;
}

ALWAYS_INLINE struct p2p_request *match_request(struct match_node *n)
{
    return (struct p2p_request *)((char *)n - offsetof(struct p2p_request, posted));
}

ALWAYS_INLINE void match_pop(struct match_bin *b)
{
    struct match_node *next = b->first->next;
    b->first = next;
    *(next ? &next->prev : &b->last) = NULL;
    match_posted.count--;
}

void match_fini(void);                       /* memory kept for messages */
extern uint32_t unexpected_length;           /* messages in it */
extern size_t unexpected_bytes;              /* that are kept of them */
uint32_t unexpected_length_of(uint64_t ctx); /* messages of one context: all are looked at */
uint32_t match_posted_of(uint64_t ctx);      /* receives, the same */
/* The unexpected queue. Adds a copy of a message; NULL without memory. */
struct unexpected *unexpected_add(struct peer *from, const struct packet *h, const void *payload, size_t n,
                                  size_t bytes);
/* The message that came first, of ranks' own, not of collectives; how many there are of these goes to *n. NULL: none.
 */
const struct unexpected *unexpected_first(uint32_t *n);
struct unexpected *unexpected_find_slow(struct match_key k);
/* The oldest message that a receive would take; it stays. */
ALWAYS_INLINE struct unexpected *unexpected_find(struct match_key k)
{
    return LIKELY(match_unexpected.count == 0) ? NULL : unexpected_find_slow(k);
}
/* The announced message of a peer's request; it stays. NULL: it is not here, or was taken. */
struct unexpected *unexpected_find_rts(const struct peer *from, uint64_t sender);
/* Frees what came from so many processes from first on, which no communicator has any more. */
void unexpected_forget(int first, int count);
void unexpected_remove(struct unexpected *u);
void unexpected_free(struct unexpected *u); /* removed before */

#endif
