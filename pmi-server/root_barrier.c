/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The last step of barriers: each child contributes once for its whole subtree, and is released once.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_barrier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "pmi-server/root_values.h"

static void release(struct pmi_root_space *j, struct pmi_gather *g, struct pmi_epoch *e)
{
    for (uint32_t i = 0; i < j->root->children; i++) {
        if (!pmi_epoch_has(e, i))
            continue;
        struct buf b;
        buf_init(&b);
        pmi_control_head_put(&b, &(struct pmi_control_head){PMI_CONTROL_RELEASE, j->id});
        pmi_control_release_put(&b, &(struct pmi_control_release){
                                        bytes_of(g->group.name), j->stale, {(const char *)e->data.data, e->data.len}});
        pmi_quiet_sent(&j->quiets[i]);
        pmi_root_send(j->root, i, &b);
    }
    /* Who forgets what it has read reads it all again. */
    for (uint32_t i = 0; j->stale && i < j->root->children; i++)
        j->prefetch[i].walk = (struct pmi_kvs_walk){0};
    if (g->group.kind == PMI_GROUP_WORLD)
        j->stale = false;
    pmi_gather_drop(&j->gathers, g, e);
}

/* The lowest rank of the group that ended before init; UINT32_MAX: none. */
static uint32_t find_gone(const struct pmi_root_space *j, const struct pmi_group *g)
{
    for (uint32_t r = 0; j->gone && r < j->size; r++)
        if (j->gone[r / 8] & 1u << r % 8 && pmi_group_has(g, r))
            return r;
    return UINT32_MAX;
}

static void check(struct pmi_root_space *j, const struct pmi_gather *g, const struct pmi_epoch *e)
{
    char who[64], group[80] = "", why[320];
    uint32_t gone = j->stuck ? UINT32_MAX : find_gone(j, &g->group);
    if (gone == UINT32_MAX)
        return;
    if (e->arrived == 1)
        snprintf(who, sizeof who, "rank %u waits", e->low);
    else if (e->high - e->low == e->arrived - 1)
        snprintf(who, sizeof who, "ranks %u-%u wait", e->low, e->high);
    else
        snprintf(who, sizeof who, "%u ranks wait (the lowest: rank %u)", e->arrived, e->low);
    if (g->group.kind != PMI_GROUP_WORLD || g->group.tag)
        snprintf(group, sizeof group, " of the group %s", g->group.name);
    snprintf(why, sizeof why, "exited before it reached the barrier%s that %s in", group, who);
    pmi_root_stuck(j, gone, why);
}

void pmi_root_gone(struct pmi_root *r, uint32_t job, uint32_t rank)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    struct pmi_gather *g, *next;
    if (!j || rank >= j->size)
        return;
    if (!j->gone)
        j->gone = pmi_mem_zero(j->size / 8 + 1, 1);
    j->gone[rank / 8] |= (unsigned char)(1u << rank % 8);
    HASH_ITER(hh, j->gathers.all, g, next)
    {
        check(j, g, TAILQ_FIRST(&g->epochs));
    }
}

static bool parse(struct pmi_group *g, struct bytes name, uint32_t size)
{
    const char *why;
    char *text = pmi_mem_bytes(name.data, name.len);
    int bad = pmi_group_parse(g, text, size, &why);
    free(text);
    if (!bad && g->kind != PMI_GROUP_NODE)
        return true;
    pmi_group_fini(g);
    return false;
}

bool pmi_root_barrier_up(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_control_barrier m;
    struct pmi_group group;
    bool is_new;
    if (!pmi_control_barrier_get(r, &m) || !parse(&group, m.group, j->size))
        return false;
    pmi_root_take_puts(j, &m.puts);
    j->stale |= m.stale;
    struct pmi_gather *g = pmi_gather_take(&j->gathers, &group, j->root->children, &is_new);
    g->expected = g->group.size;
    struct pmi_epoch *e = pmi_gather_join(g, child);
    if (!pmi_epoch_count(g, e, m.arrived, m.low, m.high))
        return false;
    buf_put(&e->data, m.data.data, m.data.len);
    pmi_mem_check(&e->data);
    if (e->arrived == g->expected)
        release(j, g, e);
    else
        check(j, g, e);
    return true;
}

void pmi_root_waits(const struct pmi_root *r, uint32_t job, pmi_root_wait_fn *fn, void *arg)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    struct pmi_gather *g, *next;
    struct pmi_epoch *e;
    if (!j)
        return;
    HASH_ITER(hh, j->gathers.all, g, next)
    {
        TAILQ_FOREACH(e, &g->epochs, of_gather)
        {
            fn(arg, g->group.name, e->arrived, g->expected);
        }
    }
}
