/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/p2p/match.h"
#include <stdlib.h>
#include <string.h>

enum { BINS = 1024, SMALL = 128, KEPT = 256 };

TAILQ_HEAD(requests, request);
TAILQ_HEAD(unexpecteds, unexpected);
static struct requests posted[BINS], wild;
static struct unexpecteds bins[BINS], all;
static int wild_count;
int match_posted, match_unexpected;
static uint64_t post_seq;
static struct unexpecteds spare; /* small ones, kept so that a burst costs no malloc */
static int spare_count;

void match_init(void)
{
    for (int i = 0; i < BINS; i++) {
        TAILQ_INIT(&posted[i]);
        TAILQ_INIT(&bins[i]);
    }
    TAILQ_INIT(&wild);
    TAILQ_INIT(&all);
    TAILQ_INIT(&spare);
}

static inline uint32_t bin_of(uint64_t ctx, int source, int tag)
{
    uint64_t k = ctx * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(uint32_t)source * UINT64_C(0xc2b2ae3d27d4eb4f) +
                 (uint64_t)(uint32_t)tag * UINT64_C(0x165667b19e3779f9);
    return (uint32_t)((k ^ k >> 29) >> 7) % BINS;
}

void match_post(struct request *r)
{
    r->seq = ++post_seq;
    match_posted++;
    r->hash_wild = r->peer_rank == MPI_ANY_SOURCE || r->tag == MPI_ANY_TAG;
    if (r->hash_wild) {
        TAILQ_INSERT_TAIL(&wild, r, link);
        wild_count++;
    } else {
        r->bin = bin_of(r->ctx, r->peer_rank, r->tag);
        TAILQ_INSERT_TAIL(&posted[r->bin], r, link);
    }
}

void match_unpost(struct request *r)
{
    match_posted--;
    if (r->hash_wild) {
        TAILQ_REMOVE(&wild, r, link);
        wild_count--;
    } else {
        TAILQ_REMOVE(&posted[r->bin], r, link);
    }
}

static bool accepts(uint64_t ctx, int source, int tag, const struct packet *h)
{
    return ctx == h->ctx && (source == h->source || source == MPI_ANY_SOURCE) && (tag == h->tag || tag == MPI_ANY_TAG);
}

struct request *match_arrival(const struct packet *h)
{
    struct request *r, *w = NULL;
    TAILQ_FOREACH(r, &posted[bin_of(h->ctx, h->source, h->tag)], link)
    if (r->ctx == h->ctx && r->peer_rank == h->source && r->tag == h->tag)
        break;
    if (UNLIKELY(wild_count > 0)) {
        TAILQ_FOREACH(w, &wild, link)
        if (accepts(w->ctx, w->peer_rank, w->tag, h))
            break;
        if (w && (!r || w->seq < r->seq))
            r = w;
    }
    if (r)
        match_unpost(r);
    return r;
}

struct unexpected *match_keep(struct peer *from, const struct packet *h, const void *payload, size_t n, size_t bytes)
{
    struct unexpected *u = NULL;
    if (n <= SMALL && (u = TAILQ_FIRST(&spare)) != NULL) {
        TAILQ_REMOVE(&spare, u, in_all);
        spare_count--;
    } else {
        size_t cap = n <= SMALL ? SMALL : n;
        if (!(u = malloc(sizeof *u + cap)))
            return NULL;
        u->cap = cap;
    }
    u->head = *h;
    u->from = from;
    u->bytes = bytes;
    u->n = n;
    u->bin = bin_of(h->ctx, h->source, h->tag);
    memcpy(u->payload, payload, n);
    TAILQ_INSERT_TAIL(&bins[u->bin], u, in_bin);
    TAILQ_INSERT_TAIL(&all, u, in_all);
    match_unexpected++;
    return u;
}

struct unexpected *match_find(uint64_t ctx, int source, int tag)
{
    struct unexpected *u;
    if (LIKELY(match_unexpected == 0))
        return NULL;
    if (source != MPI_ANY_SOURCE && tag != MPI_ANY_TAG) {
        TAILQ_FOREACH(u, &bins[bin_of(ctx, source, tag)], in_bin)
        if (u->head.ctx == ctx && u->head.source == source && u->head.tag == tag)
            return u;
        return NULL;
    }
    TAILQ_FOREACH(u, &all, in_all)
    if (accepts(ctx, source, tag, &u->head))
        return u;
    return NULL;
}

void match_take(struct unexpected *u)
{
    TAILQ_REMOVE(&bins[u->bin], u, in_bin);
    TAILQ_REMOVE(&all, u, in_all);
    match_unexpected--;
}

void match_drop(struct unexpected *u)
{
    if (u->cap == SMALL && spare_count < KEPT) {
        TAILQ_INSERT_HEAD(&spare, u, in_all);
        spare_count++;
    } else {
        free(u);
    }
}
