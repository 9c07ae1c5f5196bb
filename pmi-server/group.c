/* SPDX-License-Identifier: BSD-3-Clause
 *
 * group.c: reads and writes the names of groups.
 */
#include "pmi-server/group.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"

static int fail(const char **why, const char *text)
{
    *why = text;
    return -1;
}

/* A decimal number below `below` at *p, which moves behind it. */
static bool take_number(const char **p, uint64_t below, uint32_t *out)
{
    uint64_t v = 0;
    const char *s = *p;
    for (; *s >= '0' && *s <= '9' && v < below; s++)
        v = v * 10 + (uint64_t)(*s - '0');
    if (s == *p || v >= below)
        return false;
    *p = s;
    *out = (uint32_t)v;
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct pmi_range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int take_list(struct pmi_group *g, const char **p, uint32_t job_size, const char **why)
{
    uint32_t cap = 0;
    do {
        if (g->nranges == cap)
            g->ranges = pmi_mem_grow(g->ranges, cap = cap ? cap * 2 : 8, sizeof *g->ranges);
        struct pmi_range *r = &g->ranges[g->nranges];
        if (!take_number(p, job_size, &r->first))
            return fail(why, "the group names a rank that the job does not have");
        r->last = r->first;
        if (**p == '-' && (++*p, !take_number(p, job_size, &r->last) || r->last < r->first))
            return fail(why, "the group has an invalid range");
        g->nranges++;
    } while (**p == ',' && *(*p)++);
    return 0;
}

static int tidy_list(struct pmi_group *g, const char **why)
{
    uint32_t n = 0;
    qsort(g->ranges, g->nranges, sizeof *g->ranges, by_first);
    for (uint32_t i = 0; i < g->nranges; i++) {
        struct pmi_range r = g->ranges[i], *last = n ? &g->ranges[n - 1] : NULL;
        if (last && r.first <= last->last)
            return fail(why, "the group names a rank twice");
        if (last && r.first == last->last + 1)
            last->last = r.last;
        else
            g->ranges[n++] = r;
        g->size += r.last - r.first + 1;
    }
    g->nranges = n;
    return 0;
}

static bool take_word(const char **p, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*p, word, n))
        return false;
    *p += n;
    return true;
}

/* "WORLD", "NODE" or the whole list, and the tag. */
static char *canonical(const struct pmi_group *g)
{
    size_t cap = 32 + g->nranges * (size_t)24, at = 0;
    char *s = pmi_mem_zero(cap, 1);
    if (g->kind != PMI_GROUP_LIST)
        at = (size_t)sprintf(s, "%s", g->kind == PMI_GROUP_WORLD ? "WORLD" : "NODE");
    for (uint32_t i = 0; i < g->nranges; i++) {
        const struct pmi_range *r = &g->ranges[i];
        at += (size_t)sprintf(s + at, r->first == r->last ? "%s%u" : "%s%u-%u", i ? "," : "", r->first, r->last);
    }
    if (g->tag)
        sprintf(s + at, ":%u", g->tag);
    return s;
}

int pmi_group_parse(struct pmi_group *g, const char *text, uint32_t job_size, const char **why)
{
    const char *p = text ? text : "WORLD";
    *g = (struct pmi_group){0};
    if (take_word(&p, "WORLD"))
        g->size = job_size;
    else if (take_word(&p, "NODE"))
        g->kind = PMI_GROUP_NODE;
    else
        g->kind = PMI_GROUP_LIST;
    if (g->kind == PMI_GROUP_LIST && (take_list(g, &p, job_size, why) || tidy_list(g, why)))
        goto fail;
    if (*p == ':' && (++p, !take_number(&p, INT_MAX, &g->tag))) {
        *why = "the tag of the group is not a number";
        goto fail;
    }
    if (*p) {
        *why = "the group is none of WORLD, NODE, or ranks with commas";
        goto fail;
    }
    g->name = canonical(g);
    return 0;
fail:
    pmi_group_fini(g);
    return -1;
}

void pmi_group_fini(struct pmi_group *g)
{
    free(g->ranges);
    free(g->name);
    *g = (struct pmi_group){0};
}

bool pmi_group_has(const struct pmi_group *g, uint32_t rank)
{
    if (g->kind != PMI_GROUP_LIST)
        return true;
    uint32_t lo = 0, hi = g->nranges;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (g->ranges[mid].last < rank)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < g->nranges && g->ranges[lo].first <= rank;
}

void pmi_group_ranks_text(const struct pmi_range *r, uint32_t n, char *out, size_t size)
{
    size_t at = 0;
    *out = 0;
    for (uint32_t i = 0; i < n; i++) {
        char one[32];
        int len = snprintf(one, sizeof one, r[i].first == r[i].last ? "%s%u" : "%s%u-%u", i ? "," : "", r[i].first,
                           r[i].last);
        if (at + (size_t)len + 5 > size) {
            snprintf(out + at, size - at, ",...");
            return;
        }
        memcpy(out + at, one, (size_t)len + 1);
        at += (size_t)len;
    }
}
