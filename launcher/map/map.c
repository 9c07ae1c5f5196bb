/* SPDX-License-Identifier: BSD-3-Clause
 *
 * map: the plan, step by step: how many ranks, the node of each, its number among the ranks of its node, its
 * processors.
 */
#include "launcher/map/map.h"

#include "common/xalloc.h"
#include "launcher/map/binding.h"
#include "launcher/map/place.h"
#include "launcher/map/policy.h"
#include "launcher/map/rankfile.h"
#include "launcher/map/rankmap_text.h"
#include "launcher/map/slots.h"

#include <stdlib.h>
#include <string.h>

struct planning {
    struct map_plan *p;
    const struct map_request *r;
    struct policy how;
    struct rankmap_text rankmap;
    struct rankfile rankfile;
    uint32_t *slots, *counts; /* of each node; slots only if needed */
    struct err *e;
};

static bool is_sequence(const struct planning *w)
{
    return w->how.map == POLICY_MAP_SEQ && w->r->nsequence && !w->r->rankmap && !w->how.rankfile;
}

static bool is_explicit(const struct planning *w)
{
    return w->r->rankmap || w->how.rankfile || is_sequence(w);
}

/* One rank each time that a host was named. */
static int place_sequence(struct planning *w)
{
    for (uint32_t i = 0; i < w->r->napps; i++)
        if (w->r->apps[i].nodes)
            return err_set(w->e, "--map-by seq takes the hosts of the whole job in turn; application %u has its own",
                           i + 1);
    if (place_count_ranks(w->p, w->r, w->r->nsequence, w->e))
        return -1;
    for (uint32_t i = 0; i < w->p->nranks; i++)
        w->p->ranks[i].node = w->r->sequence[i % w->r->nsequence];
    return 0;
}

static int read_explicit(struct planning *w)
{
    if (is_sequence(w))
        return 0;
    if (w->r->rankmap)
        return rankmap_text_parse(&w->rankmap, w->r->rankmap, w->r->nnodes, w->e);
    return rankfile_read(&w->rankfile, w->how.rankfile, w->e);
}

static int place_explicit(struct planning *w)
{
    if (is_sequence(w))
        return place_sequence(w);
    uint64_t by_default = w->r->rankmap ? w->rankmap.nranks : w->rankfile.nentries;
    if (place_count_ranks(w->p, w->r, by_default, w->e))
        return -1;
    if (!w->r->rankmap)
        return rankfile_apply(&w->rankfile, w->p, w->r, w->e);
    rankmap_text_apply(&w->rankmap, w->p);
    return 0;
}

static int place_by_slots(struct planning *w)
{
    uint64_t by_default = place_default_ranks(w->r, &w->how, w->slots);
    return place_count_ranks(w->p, w->r, by_default, w->e) || place_ranks(w->p, w->r, &w->how, w->slots, w->e) ? -1 : 0;
}

static void number_locally(struct planning *w)
{
    for (uint32_t i = 0; i < w->p->nranks; i++) {
        struct map_rank *rank = &w->p->ranks[i];
        rank->local_rank = w->counts[rank->node]++;
        rank->binding = -1;
    }
}

/* More ranks than processors, as far as that is known without a topology that nobody needed: else than slots. */
static bool is_oversubscribed(const struct planning *w)
{
    for (uint32_t i = 0; i < w->r->nnodes; i++) {
        const struct map_node *n = &w->r->nodes[i];
        uint32_t room = n->processors ? n->processors : n->topo ? topo_capacity(n->topo) : n->slots;
        if (room && w->counts[i] + n->used > room)
            return true;
    }
    return false;
}

static int bind_ranks(struct planning *w)
{
    if (w->how.rankfile && w->rankfile.binds)
        return rankfile_bind(&w->rankfile, w->p, w->r, w->e);
    return binding_make(w->p, w->r, &w->how, w->counts, w->e);
}

static int plan(struct planning *w)
{
    bool by_slots = !is_explicit(w);
    if (!by_slots && read_explicit(w))
        return -1;
    if ((by_slots || w->how.no_oversubscribe) && slots_find(w->slots, w->p, w->r, &w->how, w->e))
        return -1;
    if (by_slots ? place_by_slots(w) : place_explicit(w))
        return -1;
    number_locally(w);
    if (w->how.no_oversubscribe && slots_check(w->slots, w->counts, w->p, w->r, w->e))
        return -1;
    if (bind_ranks(w))
        return -1;
    w->p->oversubscribed = is_oversubscribed(w);
    return 0;
}

/* Ranks that are neither placed by objects nor bound need to know how many processors there are, and no more. */
static bool needs_topo(const struct policy *how)
{
    return how->map == POLICY_MAP_OBJECT || how->rank == POLICY_RANK_OBJECT || how->bind != POLICY_BIND_NONE ||
           how->rankfile || how->per_object || how->cpus > 1;
}

/* Nodes of one line of a host file are neighbours: most have the words of the one before. */
static bool has_new_words(const struct map_request *r, uint32_t node)
{
    const char *words = r->nodes[node].bind_to, *before = node ? r->nodes[node - 1].bind_to : NULL;
    return words && !(before && strcmp(words, before) == 0);
}

/* What the nodes with words of their own for binding ask for, besides. */
static int add_node_kinds(const struct map_request *r, unsigned *kinds, struct err *e)
{
    int rc = 0;
    for (uint32_t i = 0; i < r->nnodes && rc == 0 && !r->bind_to; i++)
        if (has_new_words(r, i)) {
            struct policy how;
            rc = policy_parse_node(&how, r, &r->nodes[i], e);
            *kinds |= rc == 0 && needs_topo(&how) ? policy_want(&how) : 0;
            policy_fini(&how);
        }
    return rc;
}

int map_kinds(const struct map_request *r, unsigned *kinds, struct err *e)
{
    struct policy how;
    int rc = policy_parse(&how, r, e);
    *kinds = rc == 0 && needs_topo(&how) ? policy_want(&how) : 0;
    policy_fini(&how);
    return rc < 0 ? rc : add_node_kinds(r, kinds, e);
}

int map_make(struct map_plan *p, const struct map_request *r, struct err *e)
{
    struct planning w = {.p = p, .r = r, .e = e};
    *p = (struct map_plan){0};
    if (!r->nnodes || !r->napps)
        return err_set(e, r->napps ? "there is no host to run on" : "there is no program to run");
    w.slots = xcalloc(r->nnodes, sizeof *w.slots);
    w.counts = xcalloc(r->nnodes, sizeof *w.counts);
    int rc = policy_parse(&w.how, r, e) || add_node_kinds(r, &w.how.also, e) || plan(&w) ? -1 : 0;
    rankmap_text_fini(&w.rankmap);
    rankfile_fini(&w.rankfile);
    policy_fini(&w.how);
    free(w.slots);
    free(w.counts);
    if (rc)
        map_fini(p);
    return rc;
}

void map_fini(struct map_plan *p)
{
    for (uint32_t i = 0; i < p->nbindings; i++)
        free(p->bindings[i]);
    free(p->bindings);
    free(p->ranks);
    free(p->warning);
    for (uint32_t i = 0; i < p->nlent; i++)
        if (p->lent[i].topo == p->topo)
            p->lent[i].topo = NULL;
    topo_destroy(p->topo);
    *p = (struct map_plan){0};
}
