/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout: ranks over the objects of one machine.
 *
 * Where --map-by names an object, the ranks are dealt to groups of them in turn. Else they are spread evenly over the
 * machine: two ranks on eight cores take cores 0 and 4, so that each has the caches and the memory path of its half,
 * and neighbours in rank stay neighbours on the machine; a rank with several cores has them in one cache or package.
 * Within a group each rank then gets its units (--bind-to) in the same manner.
 */
#include "launcher/map/layout.h"

#include "common/xalloc.h"

#include <stdlib.h>

struct group {
    uint32_t unit, nunits; /* its units: unit .. unit + nunits - 1 */
    uint32_t nranks, next; /* how many it gets, and how many it has */
};

struct groups {
    struct group *list;
    uint32_t n;
    uint32_t each; /* neighbours in rank that one group gets before the next one's turn; 0: all that it will get */
};

/* The first object that ends behind position pu. */
static uint32_t object_behind(const struct topo_object *o, uint32_t n, uint32_t pu)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (o[mid].first + o[mid].n > pu)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* The units that share a hardware thread with positions first .. end - 1; where there is none, the nearest. */
static void find_units(struct group *g, const struct topo *t, enum topo_kind unit, uint32_t first, uint32_t end)
{
    const struct topo_object *o = topo_objects(t, unit);
    uint32_t n = topo_count(t, unit);
    g->unit = object_behind(o, n, first);
    if (g->unit == n)
        g->unit--;
    g->nunits = 1;
    while (g->unit + g->nunits < n && o[g->unit + g->nunits].first < end)
        g->nunits++;
}

/* Neighbouring objects of a kind, width at a time; the last group takes what is over. */
static struct groups group_objects(const struct layout *l, const struct topo *t, enum topo_kind kind, uint32_t width)
{
    const struct topo_object *o = topo_objects(t, kind);
    uint32_t n = topo_count(t, kind);
    struct groups gs = {.n = n / width ? n / width : 1};
    gs.list = xcalloc(gs.n, sizeof *gs.list);
    for (uint32_t i = 0; i < gs.n; i++) {
        uint32_t last = i + 1 == gs.n ? n - 1 : (i + 1) * width - 1;
        find_units(&gs.list[i], t, l->unit, o[i * width].first, o[last].first + o[last].n);
    }
    return gs;
}

/* --map-by OBJECT deals the ranks in turn, ppr:N:OBJECT N at a time. */
static struct groups deal(const struct layout *l, const struct topo *t, const struct policy *how)
{
    uint32_t width = how->width;
    if (how->map_object == l->unit && width < l->units)
        width = l->units;
    struct groups gs = group_objects(l, t, how->map_object, width);
    gs.each = how->per_object ? how->per_object : 1;
    for (uint32_t i = 0; i < l->nranks; i++)
        gs.list[i / gs.each % gs.n].nranks++;
    return gs;
}

/* Shares the ranks out in proportion to how many find their units in each group; false if not all do. */
static bool share(const struct layout *l, struct groups *gs)
{
    uint64_t room = 0, sum = 0, given = 0;
    for (uint32_t i = 0; i < gs->n; i++)
        room += gs->list[i].nunits / l->units;
    if (room < l->nranks)
        return false;
    for (uint32_t i = 0; i < gs->n; i++) {
        sum += gs->list[i].nunits / l->units;
        uint64_t end = (l->nranks * sum + room - 1) / room;
        gs->list[i].nranks = (uint32_t)(end - given);
        given = end;
    }
    return true;
}

/* Ranks with several units each get them in one cache, memory or package: the smallest in which all find room. Not
 * where the caches and so on were not asked for: a plan must not depend on what is drawn of it. */
static struct groups spread(const struct layout *l, const struct topo *t, const struct policy *how)
{
    static const enum topo_kind kinds[] = {TOPO_L3CACHE, TOPO_NUMA, TOPO_PACKAGE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && l->units > 1; i++) {
        if (kinds[i] <= l->unit || !(policy_want(how) & TOPO_WANT(kinds[i])) || topo_count(t, kinds[i]) == 1)
            continue;
        struct groups gs = group_objects(l, t, kinds[i], 1);
        if (share(l, &gs))
            return gs;
        free(gs.list);
    }
    struct groups gs = group_objects(l, t, TOPO_MACHINE, 1);
    gs.list[0].nranks = l->nranks;
    return gs;
}

/* The units of the group's q-th rank, in whole blocks of them. Neighbours share one where there are too few. */
static struct topo_object run_of(const struct layout *l, const struct topo *t, const struct group *g, uint32_t q)
{
    const struct topo_object *o = topo_objects(t, l->unit);
    uint32_t all = topo_count(t, l->unit), units = l->units < all ? l->units : all;
    uint32_t blocks = g->nunits / units ? g->nunits / units : 1;
    uint64_t start = g->unit + (uint64_t)q * blocks / g->nranks * units;
    if (start + units > all)
        start = all - units;
    const struct topo_object *first = &o[start], *last = &o[start + units - 1];
    return (struct topo_object){first->first, last->first + last->n - first->first};
}

static void place(const struct layout *l, const struct topo *t, struct groups *gs)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < l->nranks; i++) {
        struct group *g = &gs->list[gs->each ? i / gs->each % gs->n : at];
        while (g->next == g->nranks) /* only where each group gets all of its ranks at once */
            g = &gs->list[++at];
        l->at[i] = run_of(l, t, g, g->next++);
    }
}

/* ---- numbering within the machine (--rank-by) ---- */

struct key {
    uint32_t major, minor, rank;
};

static int key_compare(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->major != y->major)
        return x->major < y->major ? -1 : 1;
    if (x->minor != y->minor)
        return x->minor < y->minor ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* By slot: in the order of the machine. By object: one on each object, then the second on each, and so on. */
static void set_keys(struct key *keys, const struct layout *l, const struct topo *t, const struct policy *how)
{
    uint32_t n = how->rank == POLICY_RANK_OBJECT ? topo_count(t, how->rank_object) : 0;
    uint32_t *seen = xcalloc((size_t)n + 1, sizeof *seen);
    for (uint32_t i = 0; i < l->nranks; i++) {
        keys[i] = (struct key){.major = 0, .minor = l->at[i].first, .rank = i};
        if (!n)
            continue;
        uint32_t object = object_behind(topo_objects(t, how->rank_object), n, l->at[i].first);
        keys[i].major = seen[object]++;
        keys[i].minor = object;
    }
    free(seen);
}

static void renumber(const struct layout *l, const struct topo *t, const struct policy *how)
{
    struct key *keys = xcalloc(l->nranks, sizeof *keys);
    struct topo_object *old = xcalloc(l->nranks, sizeof *old);
    set_keys(keys, l, t, how);
    qsort(keys, l->nranks, sizeof *keys, key_compare);
    for (uint32_t i = 0; i < l->nranks; i++)
        old[i] = l->at[i];
    for (uint32_t i = 0; i < l->nranks; i++)
        l->at[i] = old[keys[i].rank];
    free(keys);
    free(old);
}

static struct groups find_groups(const struct layout *l, const struct topo *t, const struct policy *how)
{
    return how->map == POLICY_MAP_OBJECT ? deal(l, t, how) : spread(l, t, how);
}

uint32_t layout_share(const struct layout *l, const struct topo *t, const struct policy *how)
{
    struct groups gs = find_groups(l, t, how);
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < gs.n; i++)
        if (gs.list[i].nranks && gs.list[i].nunits / gs.list[i].nranks < least)
            least = gs.list[i].nunits / gs.list[i].nranks;
    free(gs.list);
    return least ? least : 1;
}

bool layout_make(const struct layout *l, const struct topo *t, const struct policy *how)
{
    struct groups gs = find_groups(l, t, how);
    bool own = true;
    for (uint32_t i = 0; i < gs.n; i++)
        own &= (uint64_t)gs.list[i].nranks * l->units <= gs.list[i].nunits;
    place(l, t, &gs);
    if (how->rank == POLICY_RANK_SLOT || how->rank == POLICY_RANK_OBJECT)
        renumber(l, t, how);
    free(gs.list);
    return own;
}
