/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Groups stand in the order of their first line. A rank may join a group only behind the one that it joined last: so
 * its own lines never change places. The hash knows the newest group of each text.
 */
#include "launcher/stdio_collapse.h"

#include "common/xalloc.h"
#include "wire/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <uthash.h>

struct group {
    uint64_t number; /* from 1, in order */
    uint64_t since;  /* ms */
    uint32_t *ranks; /* n of cap, in order of arrival */
    uint32_t n, cap;
    TAILQ_ENTRY(group) link;
    UT_hash_handle hh; /* when it is the newest of its text */
    size_t keylen;
    char key[]; /* the stream's number, the line */
};

struct collapse {
    uint32_t nranks;
    collapse_show *show;
    void *arg;
    uint64_t *last; /* by rank: the group that it joined last */
    uint64_t made;
    size_t memory;
    struct group *by_text;
    TAILQ_HEAD(, group) waiting;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct collapse *collapse_create(uint32_t nranks, collapse_show *show, void *arg)
{
    struct collapse *c = xcalloc(1, sizeof *c);
    *c = (struct collapse){.nranks = nranks, .show = show, .arg = arg};
    c->last = xcalloc(nranks, sizeof *c->last);
    TAILQ_INIT(&c->waiting);
    return c;
}

static size_t group_size(const struct group *g)
{
    return sizeof *g + g->keylen + g->cap * sizeof *g->ranks;
}

static void group_drop(struct collapse *c, struct group *g)
{
    struct group *newest;
    HASH_FIND(hh, c->by_text, g->key, g->keylen, newest);
    if (newest == g)
        HASH_DELETE(hh, c->by_text, g);
    TAILQ_REMOVE(&c->waiting, g, link);
    c->memory -= group_size(g);
    free(g->ranks);
    free(g);
}

void collapse_destroy(struct collapse *c)
{
    struct group *g;
    while (c && (g = TAILQ_FIRST(&c->waiting)))
        group_drop(c, g);
    if (c)
        free(c->last);
    free(c);
}

static int by_rank(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void put_range(struct buf *b, uint32_t first, uint32_t last)
{
    char text[32];
    int n =
        first == last ? snprintf(text, sizeof text, ",%u", first) : snprintf(text, sizeof text, ",%u-%u", first, last);
    buf_put(b, text + (b->len == 0), (size_t)n - (b->len == 0));
}

static void group_show(struct collapse *c, struct group *g)
{
    static struct buf b;
    buf_clear(&b);
    qsort(g->ranks, g->n, sizeof *g->ranks, by_rank);
    for (uint32_t i = 0, k; i < g->n; i = k) {
        for (k = i + 1; k < g->n && g->ranks[k] == g->ranks[k - 1] + 1; k++)
            ;
        put_range(&b, g->ranks[i], g->ranks[k - 1]);
    }
    buf_put_u8(&b, 0);
    c->show(c->arg, (unsigned char)g->key[0], (char *)b.data, g->key + 1, g->keylen - 1);
    group_drop(c, g);
}

static struct group *group_make(struct collapse *c, const char *key, size_t n)
{
    struct group *g = xcalloc(1, sizeof *g + n), *old;
    memcpy(g->key, key, n);
    g->keylen = n;
    g->number = ++c->made;
    g->since = now_ms();
    HASH_FIND(hh, c->by_text, key, n, old);
    if (old)
        HASH_DELETE(hh, c->by_text, old);
    HASH_ADD_KEYPTR(hh, c->by_text, g->key, g->keylen, g);
    TAILQ_INSERT_TAIL(&c->waiting, g, link);
    c->memory += group_size(g);
    return g;
}

static void group_join(struct collapse *c, struct group *g, uint32_t rank)
{
    if (g->n == g->cap) {
        uint32_t more = g->cap ? g->cap : 8;
        g->ranks = xreallocarray(g->ranks, g->cap + more, sizeof *g->ranks);
        g->cap += more;
        c->memory += more * sizeof *g->ranks;
    }
    g->ranks[g->n++] = rank;
    c->last[rank] = g->number;
}

void collapse_add(struct collapse *c, unsigned stream, uint32_t rank, const char *line, size_t n)
{
    static struct buf key;
    struct group *g;
    if (rank >= c->nranks)
        return;
    buf_clear(&key);
    buf_put_u8(&key, (uint8_t)stream);
    buf_put(&key, line, n);
    HASH_FIND(hh, c->by_text, key.data, key.len, g);
    if (!g || c->last[rank] >= g->number)
        g = group_make(c, (char *)key.data, key.len);
    group_join(c, g, rank);
    while ((g = TAILQ_FIRST(&c->waiting)) && (g->n == c->nranks || c->memory > COLLAPSE_MEMORY))
        group_show(c, g);
}

long collapse_due(const struct collapse *c)
{
    const struct group *g = TAILQ_FIRST(&c->waiting);
    uint64_t now = now_ms();
    return !g ? -1 : now >= g->since + COLLAPSE_MS ? 0 : (long)(g->since + COLLAPSE_MS - now);
}

void collapse_show_due(struct collapse *c)
{
    while (collapse_due(c) == 0)
        group_show(c, TAILQ_FIRST(&c->waiting));
}

void collapse_show_all(struct collapse *c)
{
    struct group *g;
    while ((g = TAILQ_FIRST(&c->waiting)))
        group_show(c, g);
}
