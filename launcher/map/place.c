/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: ranks over the nodes.
 *
 * Applications that may use the same nodes are one run: their ranks are placed as if they were one application. For
 * each run, first how many ranks each node gets is found, then in what order they are numbered:
 *   by slot   the nodes are filled in turn; what does not fit is shared out in proportion to the slots. Ranks of one
 *             node are neighbours, also when there are more ranks than slots: neighbours talk most. Nodes whose slots
 *             nobody told are not filled but share all ranks in proportion to their processors: who names two hosts
 *             and two ranks means one on each.
 *   by node   one rank (or N) for each node, round after round, while slots are left; then without regard to slots.
 *   --ppn N   N for each node, round after round.
 */
#include "launcher/map/place.h"

#include "common/xalloc.h"

#include <stdlib.h>

#define ALL UINT32_MAX

struct run {
    const bool *nodes; /* NULL: all */
    uint32_t first, n; /* ranks */
    uint32_t app;      /* the first application of it */
};

struct placing {
    const struct map_request *r;
    const struct policy *how;
    const uint32_t *slots;
    uint32_t *used;   /* ranks on each node so far, of other jobs too */
    uint32_t *counts; /* of this run alone */
    uint32_t *active; /* nodes that take part in the rounds */
};

static bool member(const struct run *run, uint32_t node)
{
    return !run->nodes || run->nodes[node];
}

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t free_slots(const struct placing *w, uint32_t node)
{
    uint32_t taken = w->used[node] + w->counts[node];
    return w->slots[node] > taken ? w->slots[node] - taken : 0;
}

/* Fills the nodes in turn; returns how many ranks did not fit. */
static uint32_t fill(struct placing *w, const struct run *run, uint32_t left)
{
    for (uint32_t i = 0; i < w->r->nnodes && left; i++) {
        if (!member(run, i))
            continue;
        uint32_t n = min32(free_slots(w, i), left);
        w->counts[i] += n;
        left -= n;
    }
    return left;
}

/* Shares ranks out in proportion to the slots: a node's share ends at its part of the slots so far, rounded up. */
static void share(struct placing *w, const struct run *run, uint32_t ranks)
{
    uint64_t total = 0, sum = 0, given = 0;
    for (uint32_t i = 0; i < w->r->nnodes; i++)
        total += member(run, i) ? w->slots[i] : 0;
    for (uint32_t i = 0; i < w->r->nnodes && given < ranks; i++) {
        if (!member(run, i))
            continue;
        sum += w->slots[i];
        uint64_t end = (uint64_t)(((unsigned __int128)ranks * sum + total - 1) / total);
        w->counts[i] += (uint32_t)(end - given);
        given = end;
    }
}

static uint32_t list_members(struct placing *w, const struct run *run)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->r->nnodes; i++)
        if (member(run, i))
            w->active[n++] = i;
    return n;
}

/* Deals width ranks to each node, round after round; with slots_count only while it has slots left. Returns how many
 * ranks were left over. */
static uint32_t deal(struct placing *w, const struct run *run, uint32_t left, uint32_t width, bool slots_count)
{
    uint32_t n = list_members(w, run);
    while (left && n) {
        uint32_t kept = 0;
        for (uint32_t a = 0; a < n && left; a++) {
            uint32_t node = w->active[a];
            uint32_t most = slots_count ? min32(width, free_slots(w, node)) : width;
            uint32_t now = min32(most, left);
            w->counts[node] += now;
            left -= now;
            if (most)
                w->active[kept++] = node;
        }
        n = kept;
    }
    return left;
}

static bool knows_slots(const struct placing *w, const struct run *run)
{
    for (uint32_t i = 0; i < w->r->nnodes; i++)
        if (member(run, i) && !w->r->nodes[i].slots)
            return false;
    return true;
}

static void count_run(struct placing *w, const struct run *run)
{
    const struct policy *how = w->how;
    if (how->ppn)
        deal(w, run, run->n, how->ppn, false);
    else if (how->map == POLICY_MAP_NODE)
        deal(w, run, deal(w, run, run->n, how->width, true), how->width, false);
    else if (how->span || !knows_slots(w, run))
        share(w, run, run->n);
    else
        share(w, run, fill(w, run, run->n));
}

/* How many neighbours in rank stay together on a node before the next node's turn. */
static uint32_t round_width(const struct policy *how)
{
    if (how->rank == POLICY_RANK_NODE)
        return 1;
    if (how->rank != POLICY_RANK_AS_MAPPED)
        return ALL;
    if (how->map == POLICY_MAP_NODE)
        return how->width;
    return how->ppn ? how->ppn : ALL;
}

/* Numbers what was counted, and takes the counts back to zero. */
static void number_run(struct placing *w, const struct run *run, struct map_rank *rank)
{
    uint32_t width = round_width(w->how), n = list_members(w, run);
    while (n) {
        uint32_t kept = 0;
        for (uint32_t a = 0; a < n; a++) {
            uint32_t node = w->active[a], now = min32(width, w->counts[node]);
            for (uint32_t i = 0; i < now; i++)
                rank++->node = node;
            w->used[node] += now;
            w->counts[node] -= now;
            if (w->counts[node])
                w->active[kept++] = node;
        }
        n = kept;
    }
}

static int place_run(struct placing *w, const struct run *run, struct map_rank *ranks, struct err *e)
{
    if (!list_members(w, run))
        return err_set(e, "application %u has no host to run on", run->app + 1);
    count_run(w, run);
    number_run(w, run, ranks + run->first);
    return 0;
}

int place_ranks(struct map_plan *p, const struct map_request *r, const struct policy *how, const uint32_t *slots,
                struct err *e)
{
    struct placing w = {.r = r,
                        .how = how,
                        .slots = slots,
                        .used = xcalloc(r->nnodes, sizeof *w.used),
                        .counts = xcalloc(r->nnodes, sizeof *w.counts),
                        .active = xcalloc(r->nnodes, sizeof *w.active)};
    int rc = 0;
    for (uint32_t i = 0; i < r->nnodes; i++)
        w.used[i] = r->nodes[i].used;
    for (uint32_t first = 0; first < p->nranks && !rc;) {
        uint32_t app = p->ranks[first].app;
        struct run run = {.nodes = r->apps[app].nodes, .first = first, .app = app};
        while (first + run.n < p->nranks && r->apps[p->ranks[first + run.n].app].nodes == run.nodes)
            run.n++;
        rc = place_run(&w, &run, p->ranks, e);
        first += run.n;
    }
    free(w.used);
    free(w.counts);
    free(w.active);
    return rc;
}

uint64_t place_default_ranks(const struct map_request *r, const struct policy *how, const uint32_t *slots)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < r->nnodes; i++)
        if (!r->apps[0].nodes || r->apps[0].nodes[i])
            n += how->ppn ? how->ppn : slots[i];
    return n ? n : 1;
}

int place_count_ranks(struct map_plan *p, const struct map_request *r, uint64_t by_default, struct err *e)
{
    uint64_t total = 0;
    for (uint32_t a = 0; a < r->napps; a++) {
        if (!r->apps[a].np && r->napps > 1)
            return err_set(e, "application %u does not say how many ranks it has; give each of them -n N", a + 1);
        total += r->apps[a].np ? r->apps[a].np : by_default;
    }
    if (total > PLACE_RANKS_LIMIT)
        return err_set(e, "%llu ranks are more than the %u that one job can have", (unsigned long long)total,
                       PLACE_RANKS_LIMIT);
    p->nranks = (uint32_t)total;
    p->ranks = xcalloc(p->nranks, sizeof *p->ranks);
    for (uint32_t a = 0, rank = 0; a < r->napps; a++) {
        uint32_t end = r->napps == 1 ? p->nranks : rank + r->apps[a].np;
        for (; rank < end; rank++)
            p->ranks[rank].app = a;
    }
    return 0;
}
