/* SPDX-License-Identifier: BSD-3-Clause
 *
 * draw_bindings: which rank runs on which processor.
 *
 * Where no two ranks share a hardware thread, the cores with the ranks that run on them:
 *     bindings on alpha: cores with their ranks; . free
 *       package 0  0 0 1 1
 *       package 1  2 2 3 3
 * else the sets of processors and who is bound to each:
 *     bindings on alpha: ranks share processors
 *       processors 0-7 (package 0)  ranks 0,2
 */
#include "launcher/map/draw.h"

#include "common/cpulist.h"
#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 78u
#define SHAPES 4u /* different hosts that are drawn */
#define ROWS 16u  /* sets of processors of one host */
#define FREE UINT32_MAX

static int32_t binding_of(const struct drawing *d, uint32_t node, uint32_t local)
{
    return d->p->ranks[d->by_node[d->first[node] + local]].binding;
}

/* Are the ranks of both nodes bound to the same processors, one by one? */
static bool same(const struct drawing *d, uint32_t a, uint32_t b)
{
    uint32_t n = draw_count(d, a);
    const char *ta = d->r->nodes[a].taken, *tb = d->r->nodes[b].taken;
    if (ta != tb && !(ta && tb && strcmp(ta, tb) == 0))
        return false;
    if (draw_count(d, b) != n || d->r->nodes[a].topo != d->r->nodes[b].topo)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (binding_of(d, a, i) != binding_of(d, b, i))
            return false;
    return true;
}

static uint32_t unbound(const struct drawing *d, uint32_t node)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < draw_count(d, node); i++)
        n += binding_of(d, node, i) < 0;
    return n;
}

/* ---- cores with their ranks ---- */

/* owner[i]: the rank on hardware thread i, or FREE. Returns whether no thread has two. */
static bool find_owners(const struct drawing *d, uint32_t node, const struct topo *t, uint32_t *owner)
{
    bool exclusive = true;
    for (uint32_t i = 0; i < topo_nhwthreads(t); i++)
        owner[i] = FREE;
    for (uint32_t k = 0; k < draw_count(d, node) && exclusive; k++) {
        struct cpulist l;
        int32_t b = binding_of(d, node, k);
        cpulist_init(&l);
        if (b >= 0 && cpulist_parse(&l, d->p->bindings[b], NULL))
            exclusive = false;
        for (uint32_t i = 0; i < topo_nhwthreads(t); i++) {
            if (!cpulist_has(&l, topo_hwthreads(t)[i].os))
                continue;
            exclusive &= owner[i] == FREE;
            owner[i] = d->by_node[d->first[node] + k];
        }
        cpulist_fini(&l);
    }
    return exclusive;
}

/* "3", or "3/4" where the threads of a core have different ranks. */
static void cell_text(char *text, size_t size, const struct topo *t, const uint32_t *owner,
                      const struct topo_object *core)
{
    size_t len = 0;
    uint32_t last = FREE - 1;
    *text = '\0';
    for (uint32_t i = core->first; i < core->first + core->n && len + 1 < size; i++) {
        if (!topo_hwthreads(t)[i].usable || owner[i] == last)
            continue;
        last = owner[i];
        const char *sep = len ? "/" : "";
        int n = last == FREE ? snprintf(text + len, size - len, "%s.", sep)
                             : snprintf(text + len, size - len, "%s%u", sep, last);
        len += (size_t)n;
    }
}

#define CELL 64

static unsigned cell_width(const struct topo *t, const uint32_t *owner)
{
    size_t width = 1;
    char text[CELL];
    for (uint32_t i = 0; i < topo_count(t, TOPO_CORE); i++) {
        cell_text(text, sizeof text, t, owner, &topo_objects(t, TOPO_CORE)[i]);
        width = strlen(text) > width ? strlen(text) : width;
    }
    return (unsigned)width;
}

/* Cells of a row: a power of two, so that rows stand for the same parts of a machine. */
static uint32_t row_length(int indent, int width)
{
    uint32_t n = 32;
    while (n > 1 && (uint32_t)indent + n * ((uint32_t)width + 1) > WIDTH)
        n /= 2;
    return n;
}

static void draw_package(struct drawing *d, const struct topo *t, const uint32_t *owner, uint32_t package, int width)
{
    const struct topo_object *outer = &topo_objects(t, TOPO_PACKAGE)[package];
    int indent = topo_count(t, TOPO_PACKAGE) > 1 ? fprintf(d->out, "  package %-2u", package) : fprintf(d->out, " ");
    uint32_t drawn = 0, row = row_length(indent, width);
    for (uint32_t i = 0; i < topo_count(t, TOPO_CORE); i++) {
        char text[CELL];
        const struct topo_object *core = &topo_objects(t, TOPO_CORE)[i];
        if (core->first < outer->first || core->first >= outer->first + outer->n)
            continue;
        if (drawn && drawn % row == 0)
            fprintf(d->out, "\n%*s", indent, "");
        cell_text(text, sizeof text, t, owner, core);
        fprintf(d->out, " %*s", width, text);
        drawn++;
    }
    fputc('\n', d->out);
}

static void draw_cores(struct drawing *d, const struct topo *t, const uint32_t *owner)
{
    int width = (int)cell_width(t, owner);
    fprintf(d->out, "cores with their ranks; . free\n");
    for (uint32_t i = 0; i < topo_count(t, TOPO_PACKAGE); i++)
        draw_package(d, t, owner, i, width);
}

/* ---- sets of processors ---- */

static bool whole(const struct topo *t, const struct topo_object *o, const struct cpulist *l, uint32_t *n)
{
    bool all = true;
    for (uint32_t i = o->first; i < o->first + o->n; i++) {
        const struct topo_hwthread *h = &topo_hwthreads(t)[i];
        *n += h->usable && cpulist_has(l, h->os);
        all &= !h->usable || cpulist_has(l, h->os);
    }
    return all;
}

/* The objects of a kind that make up l exactly, as a list of their indices in *text (caller frees); else false. */
static bool made_of(const struct topo *t, enum topo_kind kind, const struct cpulist *l, char **text)
{
    struct cpulist objects;
    uint32_t covered = 0;
    cpulist_init(&objects);
    for (uint32_t i = 0; i < topo_count(t, kind) && i < CPULIST_LIMIT; i++) {
        uint32_t n = 0;
        if (whole(t, &topo_objects(t, kind)[i], l, &n)) {
            cpulist_add(&objects, i);
            covered += n;
        }
    }
    bool exact = covered && covered == cpulist_count(l);
    *text = exact ? cpulist_format(&objects) : NULL;
    cpulist_fini(&objects);
    return exact;
}

static void draw_objects(struct drawing *d, const struct topo *t, const char *list)
{
    static const enum topo_kind kinds[] = {TOPO_MACHINE, TOPO_PACKAGE, TOPO_NUMA, TOPO_L3CACHE, TOPO_CORE};
    struct cpulist l;
    cpulist_init(&l);
    if (!cpulist_parse(&l, list, NULL))
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            char *objects;
            if (!made_of(t, kinds[i], &l, &objects))
                continue;
            if (kinds[i] == TOPO_MACHINE)
                fprintf(d->out, " (all)");
            else
                fprintf(d->out, " (%s %s)", topo_kind_name(kinds[i]), objects);
            free(objects);
            break;
        }
    cpulist_fini(&l);
}

/* The ranks of a node that have this binding go to ranks. */
static uint32_t ranks_with(const struct drawing *d, uint32_t node, int32_t binding, uint32_t *ranks)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < draw_count(d, node); i++)
        if (binding_of(d, node, i) == binding)
            ranks[n++] = d->by_node[d->first[node] + i];
    return n;
}

static void draw_set(struct drawing *d, uint32_t node, const struct topo *t, int32_t binding, uint32_t *ranks)
{
    uint32_t n = ranks_with(d, node, binding, ranks);
    if (binding < 0) {
        fprintf(d->out, "  not bound: rank%s ", draw_plural(n));
    } else {
        fprintf(d->out, "  processors %s", d->p->bindings[binding]);
        if (t)
            draw_objects(d, t, d->p->bindings[binding]);
        fprintf(d->out, ": rank%s ", draw_plural(n));
    }
    draw_ranks(d, ranks, n);
    fputc('\n', d->out);
}

static void draw_sets(struct drawing *d, uint32_t node, const struct topo *t)
{
    uint32_t n = draw_count(d, node), rows = 0;
    uint32_t *ranks = xcalloc(n, sizeof *ranks);
    bool *seen = xcalloc((size_t)d->p->nbindings + 1, sizeof *seen);
    fprintf(d->out, "processors with their ranks\n");
    for (uint32_t i = 0; i < n; i++) {
        int32_t b = binding_of(d, node, i);
        if (seen[b + 1])
            continue;
        seen[b + 1] = true;
        if (++rows > ROWS) {
            fprintf(d->out, "  ... and more\n");
            break;
        }
        draw_set(d, node, t, b, ranks);
    }
    free(seen);
    free(ranks);
}

/* ---- the whole ---- */

static void draw_bound(struct drawing *d, uint32_t node)
{
    const struct topo *t = draw_topo_of(d, node);
    uint32_t *owner = xcalloc(t ? topo_nhwthreads(t) : 1, sizeof *owner);
    if (t && !unbound(d, node) && find_owners(d, node, t, owner))
        draw_cores(d, t, owner);
    else
        draw_sets(d, node, t);
    free(owner);
}

/* Does a rank of this node have one of these processors? Who is not bound has all. */
static bool any_on(const struct drawing *d, uint32_t node, const struct cpulist *l)
{
    bool any = unbound(d, node) > 0;
    for (uint32_t i = 0; i < draw_count(d, node) && !any; i++) {
        struct cpulist own;
        cpulist_init(&own);
        any = cpulist_parse(&own, d->p->bindings[binding_of(d, node, i)], NULL) < 0;
        for (uint32_t cpu = 0; cpu < own.size * 8 && !any; cpu++)
            any = cpulist_has(&own, cpu) && cpulist_has(l, cpu);
        cpulist_fini(&own);
    }
    return any;
}

static void draw_taken(struct drawing *d, uint32_t node)
{
    const char *text = d->r->nodes[node].taken;
    struct cpulist taken;
    cpulist_init(&taken);
    if (text && cpulist_parse(&taken, text, NULL) == 0)
        fprintf(d->out, "  %s other jobs: processor%s %s\n", any_on(d, node, &taken) ? "shared with" : "left to",
                cpulist_count(&taken) > 1 ? "s" : "", text);
    cpulist_fini(&taken);
}

static void draw_host(struct drawing *d, uint32_t first, uint32_t n)
{
    uint32_t ranks = draw_count(d, first);
    fprintf(d->out, "bindings on ");
    draw_hosts(d, first, n);
    fprintf(d->out, n > 1 ? ", all alike, here %s: " : ": ", d->r->nodes[first].name);
    if (unbound(d, first) < ranks) {
        draw_bound(d, first);
        return;
    }
    fprintf(d->out, "none, rank%s ", draw_plural(ranks));
    draw_ranks(d, d->by_node + d->first[first], ranks);
    fprintf(d->out, " may run on every processor\n");
}

void draw_bindings(struct drawing *d)
{
    uint32_t shapes = 0;
    for (uint32_t i = 0, n; i < d->r->nnodes; i += n) {
        for (n = 1; i + n < d->r->nnodes && same(d, i, i + n);)
            n++;
        if (!draw_count(d, i))
            continue;
        if (++shapes > SHAPES) {
            fprintf(d->out, "... and %u more hosts\n", d->r->nnodes - i);
            return;
        }
        draw_host(d, i, n);
        draw_taken(d, i);
    }
}
