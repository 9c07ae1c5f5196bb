/* SPDX-License-Identifier: BSD-3-Clause
 *
 * match: the tables of posted receives and of unexpected messages. */
#include "lib/p2p/match.h"
#include <stdlib.h>
#include <string.h>
#include "lib/core/tally.h"
#include "lib/p2p/protocol.h"

enum { SMALL = 128, KEPT = 256, FEW = 16 };

TAILQ_HEAD(unexpecteds, unexpected);
static struct match_bin posted_bins[1 << MATCH_BITS], unexpected_bins[1 << MATCH_BITS];
struct match_table match_posted = {posted_bins, 64 - MATCH_BITS, 0, posted_bins};
struct match_table match_unexpected = {unexpected_bins, 64 - MATCH_BITS, 0, unexpected_bins};
uint32_t match_wild;
uint64_t match_seq;
uint32_t unexpected_length;
size_t unexpected_bytes;
static struct unexpecteds all = TAILQ_HEAD_INITIALIZER(all); /* in the order of arrival */
static bool all_wild;                                        /* they stand under keys with wildcards too */
/* Small ones, kept so that a burst costs no malloc. */
static struct unexpecteds spare = TAILQ_HEAD_INITIALIZER(spare);
static int spare_count;

/* Nodes of one key lie in one bin, in their order, and so they move. Without memory the bins stay as they are. */
void match_grow(struct match_table *t)
{
    struct match_table more = {.shift = t->shift - 1, .own = t->own};
    size_t n = (size_t)1 << (64 - t->shift);
    if (!(more.bins = calloc(2 * n, sizeof *more.bins)))
        return;
    for (size_t i = 0; i < n; i++)
        for (struct match_node *at = t->bins[i].first, *next; at; at = next) {
            struct match_bin *b = match_bin(&more, at->key);
            next = at->next;
            at->next = NULL;
            at->prev = b->last;
            *(b->last ? &b->last->next : &b->first) = at;
            b->last = at;
        }
    more.count = t->count;
    if (t->bins != t->own)
        free(t->bins);
    else
        memset(t->own, 0, n * sizeof *t->own);
    *t = more;
}

void match_shrink(struct match_table *t)
{
    free(t->bins);
    t->bins = t->own;
    t->shift = 64 - MATCH_BITS;
}

static struct match_key with(struct match_key k, bool any_source, bool any_tag)
{
    k.source = any_source ? MPI_ANY_SOURCE : k.source;
    k.tag = any_tag ? MPI_ANY_TAG : k.tag;
    return k;
}

struct p2p_request *match_arrival(struct match_key k)
{
    struct match_node *best = NULL;
    for (int i = 0; i < (match_wild & ~MATCH_COUNTED ? 4 : 1); i++) {
        struct match_node *n = match_first(&match_posted, with(k, i & 1, i & 2));
        if (n && (!best || n->seq < best->seq))
            best = n;
    }
    if (!best)
        return NULL;
    struct p2p_request *r = match_request(best);
    match_unpost(r);
    return r;
}

static struct unexpected *room_for(size_t n)
{
    struct unexpected *u = TAILQ_FIRST(&spare);
    if (n <= SMALL && u) {
        TAILQ_REMOVE(&spare, u, in_all);
        spare_count--;
        return u;
    }
    size_t cap = n <= SMALL ? SMALL : n;
    if ((u = malloc(sizeof *u + cap)) != NULL)
        u->cap = cap;
    return u;
}

static void stand_wild(struct unexpected *u)
{
    for (int i = 1; i < 4; i++) {
        u->nodes[i].key = with(u->nodes[0].key, i & 1, i & 2);
        match_insert(&match_unexpected, &u->nodes[i]);
    }
    u->wild = true;
}

/* For tools. */
static void added(const struct unexpected *u)
{
    const struct match_key k = u->nodes[0].key;
    tally.p2p_unexpected++;
    unexpected_length++;
    unexpected_bytes += u->n;
    if (UNLIKELY(tally_on & TALLY_MARK))
        tally_upcalls.level(unexpected_length);
    tally_event(TALLY_EVENT_p2p_message_unexpected, (struct tally_event){k.source, k.tag, k.ctx, (MPI_Count)u->bytes});
}

struct unexpected *unexpected_add(struct peer *from, const struct packet *h, const void *payload, size_t n,
                                  size_t bytes)
{
    struct unexpected *u = room_for(n);
    if (!u)
        return NULL;
    u->from = from;
    u->kind = packet_kind(h);
    u->bytes = bytes;
    u->n = n;
    u->nodes[0].key = h->key;
    u->wild = false;
    memcpy(u->payload, payload, n);
    match_insert(&match_unexpected, &u->nodes[0]);
    TAILQ_INSERT_TAIL(&all, u, in_all);
    if (all_wild)
        stand_wild(u);
    added(u);
    return u;
}

static bool accepts(struct match_key k, struct match_key message)
{
    return k.ctx == message.ctx && (k.source == message.source || k.source == MPI_ANY_SOURCE) &&
           (k.tag == message.tag || k.tag == MPI_ANY_TAG);
}

const struct unexpected *unexpected_first(uint32_t *n)
{
    const struct unexpected *u, *first = NULL;
    *n = 0;
    TAILQ_FOREACH(u, &all, in_all)
    if (!(u->nodes[0].key.ctx & 1)) {
        first = first ? first : u;
        ++*n;
    }
    return first;
}

struct unexpected *unexpected_find_slow(struct match_key k)
{
    struct unexpected *u;
    if (match_is_wild(k) && !all_wild) {
        int few = FEW;
        TAILQ_FOREACH(u, &all, in_all)
        {
            if (accepts(k, u->nodes[0].key))
                return u;
            if (few-- == 0)
                break;
        }
        if (!u)
            return NULL;
        TAILQ_FOREACH(u, &all, in_all)
        stand_wild(u);
        all_wild = true;
    }
    struct match_node *n = match_first(&match_unexpected, k);
    if (!n)
        return NULL;
    int which = (k.source == MPI_ANY_SOURCE) + 2 * (k.tag == MPI_ANY_TAG);
    return (struct unexpected *)((char *)n - offsetof(struct unexpected, nodes[0]) - (size_t)which * sizeof *n);
}

/* All are looked at: it is for MPI_Cancel of a send only. */
struct unexpected *unexpected_find_rts(const struct peer *from, uint64_t sender)
{
    struct unexpected *u;
    TAILQ_FOREACH(u, &all, in_all)
    if (u->from == from && u->kind == RTS && rendezvous_sender(u->payload) == sender)
        return u;
    return NULL;
}

void unexpected_remove(struct unexpected *u)
{
    for (int i = 0; i < (u->wild ? 4 : 1); i++)
        match_remove(&match_unexpected, &u->nodes[i]);
    TAILQ_REMOVE(&all, u, in_all);
    unexpected_length--;
    unexpected_bytes -= u->n;
    if (match_unexpected.count == 0)
        all_wild = false;
}

uint32_t match_posted_of(uint64_t ctx)
{
    uint32_t n = 0;
    for (size_t i = 0; i < (size_t)1 << (64 - match_posted.shift); i++)
        for (const struct match_node *at = match_posted.bins[i].first; at; at = at->next)
            n += at->key.ctx == ctx;
    return n;
}

uint32_t unexpected_length_of(uint64_t ctx)
{
    const struct unexpected *u;
    uint32_t n = 0;
    TAILQ_FOREACH(u, &all, in_all)
    n += u->nodes[0].key.ctx == ctx;
    return n;
}

void unexpected_free(struct unexpected *u)
{
    if (u->cap == SMALL && spare_count < KEPT) {
        TAILQ_INSERT_HEAD(&spare, u, in_all);
        spare_count++;
    } else {
        free(u);
    }
}

void match_fini(void)
{
    struct unexpected *u;
    while ((u = TAILQ_FIRST(&spare)) != NULL) {
        TAILQ_REMOVE(&spare, u, in_all);
        free(u);
    }
    spare_count = 0;
}

void unexpected_forget(int first, int count)
{
    struct unexpected *u, *next;
    for (u = TAILQ_FIRST(&all); u; u = next) {
        next = TAILQ_NEXT(u, in_all);
        if (u->from->proc < first || u->from->proc >= first + count)
            continue;
        unexpected_remove(u);
        unexpected_free(u);
    }
}
