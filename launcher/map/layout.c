/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ranks are dealt to groups of objects (--map-by; the whole machine if it names no object), and within a group
 * they are spread evenly over its units (--bind-to): two ranks on eight cores take cores 0 and 4, so that each has
 * the caches and the memory path of its half, and neighbours in rank stay neighbours on the machine.
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

/* Neighbouring objects of the mapped kind, width at a time; the last group takes what is over. */
static struct groups make_groups(const struct layout *l, const struct topo *t, const struct policy *how)
{
    enum topo_kind kind = how->map == POLICY_MAP_OBJECT ? how->map_object : TOPO_MACHINE;
    const struct topo_object *o = topo_objects(t, kind);
    uint32_t n = topo_count(t, kind), width = how->map == POLICY_MAP_OBJECT ? how->width : 1;
    if (kind == l->unit && width < l->units)
        width = l->units;
    struct groups gs = {.n = n / width ? n / width : 1};
    gs.list = xcalloc(gs.n, sizeof *gs.list);
    for (uint32_t i = 0; i < gs.n; i++) {
        uint32_t last = i + 1 == gs.n ? n - 1 : (i + 1) * width - 1;
        find_units(&gs.list[i], t, l->unit, o[i * width].first, o[last].first + o[last].n);
    }
    return gs;
}

static uint32_t group_of(const struct groups *gs, const struct policy *how, uint32_t rank)
{
    return (how->per_object ? rank / how->per_object : rank) % gs->n;
}

/* The units of the group's q-th rank: spread evenly while all ranks have their own; else neighbours share a block. */
static struct topo_object run_of(const struct layout *l, const struct topo *t, const struct group *g, uint32_t q)
{
    const struct topo_object *o = topo_objects(t, l->unit);
    uint32_t all = topo_count(t, l->unit);
    uint32_t units = l->units < all ? l->units : all;
    uint32_t blocks = g->nunits / units ? g->nunits / units : 1;
    uint64_t start =
        g->nranks <= blocks ? (uint64_t)q * g->nunits / g->nranks : (uint64_t)q * blocks / g->nranks * units;
    start += g->unit;
    if (start + units > all)
        start = all - units;
    const struct topo_object *first = &o[start], *last = &o[start + units - 1];
    return (struct topo_object){first->first, last->first + last->n - first->first};
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

bool layout_make(const struct layout *l, const struct topo *t, const struct policy *how)
{
    struct groups gs = make_groups(l, t, how);
    bool own = true;
    for (uint32_t i = 0; i < l->nranks; i++)
        gs.list[group_of(&gs, how, i)].nranks++;
    for (uint32_t i = 0; i < gs.n; i++)
        own &= (uint64_t)gs.list[i].nranks * l->units <= gs.list[i].nunits;
    for (uint32_t i = 0; i < l->nranks; i++) {
        struct group *g = &gs.list[group_of(&gs, how, i)];
        l->at[i] = run_of(l, t, g, g->next++);
    }
    if (how->rank == POLICY_RANK_SLOT || how->rank == POLICY_RANK_OBJECT)
        renumber(l, t, how);
    free(gs.list);
    return own;
}
