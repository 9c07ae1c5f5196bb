/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_collapse: equal lines of several ranks, counted for a while before they are shown once.
 *
 * Groups stand in the order of their first line. A rank joins the first group of its line that stands behind the one
 * it joined last on that stream: so its own lines never change places.
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

#define SEARCH_MAX 64 /* groups of one text that are looked at */

struct group {
    struct text *text;
    uint64_t number; /* from 1, in order */
    uint64_t since;  /* ms */
    uint32_t *ranks; /* n of cap, in order of arrival */
    uint32_t n, cap;
    TAILQ_ENTRY(group) link;
    TAILQ_ENTRY(group) of_text;
};

TAILQ_HEAD(groups, group);

/* A line that waits; a group for each time that one rank has written it. */
struct text {
    struct groups groups;
    UT_hash_handle hh;
    size_t n;
    char key[]; /* the stream's number, the line */
};

struct collapse {
    uint32_t nranks;
    collapse_show *show;
    void *arg;
    uint64_t *last[2]; /* by stream and rank: the group that it joined last */
    uint64_t made;
    size_t memory;
    struct text *texts;
    struct groups waiting;
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
    for (int i = 0; i < 2; i++)
        c->last[i] = xcalloc(nranks, sizeof *c->last[i]);
    TAILQ_INIT(&c->waiting);
    return c;
}

static size_t group_size(const struct group *g)
{
    return sizeof *g + sizeof *g->text + g->text->n + g->cap * sizeof *g->ranks;
}

static void group_drop(struct collapse *c, struct group *g)
{
    struct text *t = g->text;
    c->memory -= group_size(g);
    TAILQ_REMOVE(&t->groups, g, of_text);
    TAILQ_REMOVE(&c->waiting, g, link);
    free(g->ranks);
    free(g);
    if (!TAILQ_EMPTY(&t->groups))
        return;
    HASH_DELETE(hh, c->texts, t);
    free(t);
}

void collapse_destroy(struct collapse *c)
{
    struct group *g;
    while (c && (g = TAILQ_FIRST(&c->waiting)))
        group_drop(c, g);
    for (int i = 0; c && i < 2; i++)
        free(c->last[i]);
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
    c->show(c->arg, (unsigned char)g->text->key[0], (char *)b.data, g->text->key + 1, g->text->n - 1);
    group_drop(c, g);
}

static struct text *text_get(struct collapse *c, const char *key, size_t n)
{
    struct text *t;
    HASH_FIND(hh, c->texts, key, n, t);
    if (t)
        return t;
    t = xcalloc(1, sizeof *t + n);
    memcpy(t->key, key, n);
    t->n = n;
    TAILQ_INIT(&t->groups);
    HASH_ADD_KEYPTR(hh, c->texts, t->key, t->n, t);
    return t;
}

static struct group *group_make(struct collapse *c, struct text *t)
{
    struct group *g = xcalloc(1, sizeof *g);
    *g = (struct group){.text = t, .number = ++c->made, .since = now_ms()};
    TAILQ_INSERT_TAIL(&t->groups, g, of_text);
    TAILQ_INSERT_TAIL(&c->waiting, g, link);
    c->memory += group_size(g);
    return g;
}

/* The first group behind that number; NULL: there is none, or too many stand before it. */
static struct group *group_behind(const struct text *t, uint64_t number)
{
    struct group *g = TAILQ_FIRST(&t->groups);
    for (int i = 0; g && g->number <= number; i++)
        g = i < SEARCH_MAX ? TAILQ_NEXT(g, of_text) : NULL;
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
}

void collapse_add(struct collapse *c, unsigned stream, uint32_t rank, const char *line, size_t n)
{
    static struct buf key;
    if (rank >= c->nranks)
        return;
    buf_clear(&key);
    buf_put_u8(&key, (uint8_t)stream);
    buf_put(&key, line, n);
    struct text *t = text_get(c, (char *)key.data, key.len);
    uint64_t *last = &c->last[stream == 2][rank];
    struct group *g = group_behind(t, *last);
    if (!g)
        g = group_make(c, t);
    *last = g->number;
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
