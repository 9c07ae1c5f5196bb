/* SPDX-License-Identifier: BSD-3-Clause
 *
 * draw_topo: what the hosts are.
 *
 * The machine of each host, cores in brackets with the kernel's numbers of their hardware threads:
 *     topology of alpha: 2 packages, 2 NUMA nodes, 2 L3 caches, 4 cores, 8 hardware threads, 6 of them usable
 *       package 0
 *         [0,4] [1,5]
 *       package 1
 *         [2,6] [x,x]
 */
#include "launcher/map/draw.h"

#include <string.h>

#define WIDTH 78u
#define LONG 32u  /* cores in one place that are drawn one by one */
#define SHAPES 4u /* different machines that are drawn */

/* Levels that get a line of their own where there is more than one of them. */
static const enum topo_kind levels[] = {TOPO_PACKAGE, TOPO_NUMA, TOPO_L3CACHE};
#define NLEVELS (sizeof levels / sizeof *levels)

static void draw_numbers(struct drawing *d, const struct topo *t)
{
    static const struct {
        enum topo_kind kind;
        const char *name;
    } kinds[] = {{TOPO_PACKAGE, "package"}, {TOPO_NUMA, "NUMA node"}, {TOPO_L3CACHE, "L3 cache"}, {TOPO_CORE, "core"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint32_t n = topo_count(t, kinds[i].kind);
        fprintf(d->out, "%u %s%s, ", n, kinds[i].name, draw_plural(n));
    }
    uint32_t n = topo_nhwthreads(t), usable = topo_capacity(t);
    fprintf(d->out, "%u hardware thread%s", n, draw_plural(n));
    if (usable < n)
        fprintf(d->out, ", %u of them usable (x: not)", usable);
    fputc('\n', d->out);
}

/* One core as text; forbidden hardware threads are crosses. */
static size_t core_text(char *text, size_t size, const struct topo *t, const struct topo_object *core)
{
    size_t len = 0;
    for (uint32_t i = core->first; i < core->first + core->n && len < size; i++) {
        const struct topo_hwthread *h = &topo_hwthreads(t)[i];
        const char *sep = i == core->first ? "[" : ",";
        int n = h->usable ? snprintf(text + len, size - len, "%s%u", sep, h->os)
                          : snprintf(text + len, size - len, "%sx", sep);
        len += (size_t)n;
    }
    return len;
}

static bool within(const struct topo_object *o, const struct topo_object *outer)
{
    return o->first >= outer->first && o->first < outer->first + outer->n;
}

/* Many cores of which none is forbidden: the first and the last tell the rest. */
static bool is_long(const struct topo *t, const struct topo_object *outer)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < topo_count(t, TOPO_CORE); i++)
        n += within(&topo_objects(t, TOPO_CORE)[i], outer);
    for (uint32_t i = outer->first; i < outer->first + outer->n; i++)
        if (!topo_hwthreads(t)[i].usable)
            return false;
    return n > LONG;
}

static void draw_ends(struct drawing *d, const struct topo *t, const struct topo_object *outer, int indent)
{
    uint32_t first = 0, n = 0;
    char a[128], b[128], c[128];
    const struct topo_object *core = topo_objects(t, TOPO_CORE);
    while (!within(&core[first], outer))
        first++;
    while (first + n < topo_count(t, TOPO_CORE) && within(&core[first + n], outer))
        n++;
    core_text(a, sizeof a, t, &core[first]);
    core_text(b, sizeof b, t, &core[first + 1]);
    core_text(c, sizeof c, t, &core[first + n - 1]);
    fprintf(d->out, "%*s%s] %s] ... %s] (%u cores)\n", indent, "", a, b, c, n);
}

static void draw_cores(struct drawing *d, const struct topo *t, const struct topo_object *outer, int indent)
{
    size_t column = 0;
    for (uint32_t i = 0; i < topo_count(t, TOPO_CORE); i++) {
        const struct topo_object *core = &topo_objects(t, TOPO_CORE)[i];
        char text[128];
        if (!within(core, outer))
            continue;
        size_t len = core_text(text, sizeof text, t, core) + 2;
        bool wrap = column && column + len > WIDTH;
        if (wrap || !column) {
            fprintf(d->out, wrap ? "\n%*s%s]" : "%*s%s]", indent, "", text);
            column = (size_t)indent + len;
        } else {
            fprintf(d->out, " %s]", text);
            column += len;
        }
    }
    if (column)
        fputc('\n', d->out);
}

static void draw_level(struct drawing *d, const struct topo *t, size_t level, const struct topo_object *outer,
                       int indent)
{
    while (level < NLEVELS && topo_count(t, levels[level]) == 1)
        level++;
    if (level == NLEVELS) {
        (is_long(t, outer) ? draw_ends : draw_cores)(d, t, outer, indent);
        return;
    }
    for (uint32_t i = 0; i < topo_count(t, levels[level]); i++) {
        const struct topo_object *o = &topo_objects(t, levels[level])[i];
        bool line = o->n != outer->n; /* one that is all of the outer has no line of its own */
        if (!within(o, outer))
            continue;
        if (line)
            fprintf(d->out, "%*s%s %u\n", indent, "", topo_kind_name(levels[level]), i);
        draw_level(d, t, level + 1, o, line ? indent + 2 : indent);
    }
}

static void draw_machine(struct drawing *d, uint32_t first, uint32_t n, const struct topo *t)
{
    fprintf(d->out, "topology of ");
    draw_hosts(d, first, n);
    if (!t) {
        fprintf(d->out, ": %s\n", d->e.text);
        return;
    }
    fprintf(d->out, ": ");
    draw_numbers(d, t);
    draw_level(d, t, 0, &topo_objects(t, TOPO_MACHINE)[0], 2);
}

void draw_topo(struct drawing *d)
{
    uint32_t shapes = 0;
    for (uint32_t i = 0, n; i < d->r->nnodes; i += n) {
        const struct topo *t = draw_topo_of(d, i);
        for (n = 1; i + n < d->r->nnodes && draw_topo_of(d, i + n) == t;)
            n++;
        if (++shapes > SHAPES) {
            fprintf(d->out, "... and %u more hosts\n", d->r->nnodes - i);
            return;
        }
        draw_machine(d, i, n, t);
    }
}
