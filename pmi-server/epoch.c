/* SPDX-License-Identifier: BSD-3-Clause
 *
 * epoch.c: barriers under way, whose contributors are bits.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/epoch.h"

#include "pmi-server/mem.h"

struct pmi_gather *pmi_gather_find(struct pmi_gathers *s, const char *name, size_t len)
{
    struct pmi_gather *g;
    HASH_FIND(hh, s->all, name, len, g);
    return g;
}

struct pmi_gather *pmi_gather_take(struct pmi_gathers *s, struct pmi_group *group, uint32_t contributors, bool *is_new)
{
    struct pmi_gather *g = pmi_gather_find(s, group->name, strlen(group->name));
    *is_new = !g;
    if (g) {
        pmi_group_fini(group);
        return g;
    }
    g = pmi_mem_zero(1, sizeof *g);
    g->group = *group;
    g->contributors = contributors;
    TAILQ_INIT(&g->epochs);
    HASH_ADD_KEYPTR(hh, s->all, g->group.name, strlen(g->group.name), g);
    return g;
}

static unsigned char bit(uint32_t i)
{
    return (unsigned char)(1u << i % 8);
}

bool pmi_epoch_has(const struct pmi_epoch *e, uint32_t contributor)
{
    return e->by[contributor / 8] & bit(contributor);
}

struct pmi_epoch *pmi_gather_join(struct pmi_gather *g, uint32_t contributor)
{
    struct pmi_epoch *e;
    TAILQ_FOREACH(e, &g->epochs, of_gather)
    {
        if (!pmi_epoch_has(e, contributor))
            break;
    }
    if (!e) {
        e = pmi_mem_zero(1, sizeof *e);
        e->low = UINT32_MAX;
        e->by = pmi_mem_zero(g->contributors / 8 + 1, 1);
        LIST_INIT(&e->requests);
        buf_init(&e->data);
        TAILQ_INSERT_TAIL(&g->epochs, e, of_gather);
    }
    e->by[contributor / 8] |= bit(contributor);
    return e;
}

bool pmi_epoch_count(const struct pmi_gather *g, struct pmi_epoch *e, uint32_t arrived, uint32_t low, uint32_t high)
{
    if (arrived > g->expected - e->arrived)
        return false;
    e->arrived += arrived;
    e->low = low < e->low ? low : e->low;
    e->high = high > e->high ? high : e->high;
    return true;
}

static void epoch_free(struct pmi_gather *g, struct pmi_epoch *e)
{
    TAILQ_REMOVE(&g->epochs, e, of_gather);
    free(e->by);
    free(e->fenced);
    buf_fini(&e->data);
    free(e);
}

static void gather_free(struct pmi_gathers *s, struct pmi_gather *g)
{
    while (!TAILQ_EMPTY(&g->epochs))
        epoch_free(g, TAILQ_FIRST(&g->epochs));
    HASH_DEL(s->all, g);
    pmi_group_fini(&g->group);
    free(g);
}

void pmi_gather_drop(struct pmi_gathers *s, struct pmi_gather *g, struct pmi_epoch *e)
{
    epoch_free(g, e);
    if (TAILQ_EMPTY(&g->epochs))
        gather_free(s, g);
}

void pmi_gathers_grow(struct pmi_gathers *s, uint32_t contributors)
{
    struct pmi_gather *g, *next;
    struct pmi_epoch *e;
    HASH_ITER(hh, s->all, g, next)
    {
        TAILQ_FOREACH(e, &g->epochs, of_gather)
        {
            uint32_t from = g->contributors / 8 + 1, to = contributors / 8 + 1;
            e->by = pmi_mem_grow(e->by, to, 1);
            memset(e->by + from, 0, to - from);
        }
        g->contributors = contributors;
    }
}

void pmi_gathers_clear(struct pmi_gathers *s)
{
    struct pmi_gather *g, *next;
    HASH_ITER(hh, s->all, g, next)
    {
        gather_free(s, g);
    }
}
