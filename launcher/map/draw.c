/* SPDX-License-Identifier: BSD-3-Clause */
#include "launcher/map/draw.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/options.h"

#include <stdlib.h>
#include <string.h>

#define PIECES 8u /* of a list of ranks, before it is cut */

const char *draw_plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

uint32_t draw_count(const struct drawing *d, uint32_t node)
{
    return d->first[node + 1] - d->first[node];
}

void draw_ranks(struct drawing *d, const uint32_t *ranks, uint32_t n)
{
    uint32_t pieces = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t start = i;
        while (i + 1 < n && ranks[i + 1] == ranks[i] + 1)
            i++;
        if (++pieces > PIECES && i + 1 < n) {
            fprintf(d->out, " ... %u (%u ranks)", ranks[n - 1], n);
            return;
        }
        fprintf(d->out, "%s%u", start ? "," : "", ranks[start]);
        if (i > start)
            fprintf(d->out, i > start + 1 ? "-%u" : ",%u", ranks[i]);
    }
}

void draw_hosts(struct drawing *d, uint32_t first, uint32_t n)
{
    fprintf(d->out, "%s", d->r->nodes[first].name);
    if (n == 2)
        fprintf(d->out, ", %s", d->r->nodes[first + 1].name);
    else if (n > 2)
        fprintf(d->out, " to %s (%u hosts)", d->r->nodes[first + n - 1].name, n);
}

/* Pictures show everything: what was loaded for planning may know cores alone. */
const struct topo *draw_topo_of(struct drawing *d, uint32_t node)
{
    struct map_node *n = &d->r->nodes[node];
    if (n->topo && topo_has_all(n->topo, TOPO_WANT_ALL))
        return n->topo;
    if (d->r->topo_load)
        return d->r->topo_load(d->r->arg, n, TOPO_WANT_ALL, &d->e);
    if (!d->own)
        d->own = topo_load(TOPO_WANT_ALL, &d->e);
    return d->own;
}

static void sort_by_node(struct drawing *d)
{
    uint32_t nnodes = d->r->nnodes;
    d->first = xcalloc((size_t)nnodes + 1, sizeof *d->first);
    d->by_node = xcalloc(d->p->nranks, sizeof *d->by_node);
    uint32_t *next = xcalloc(nnodes, sizeof *next);
    for (uint32_t i = 0; i < d->p->nranks; i++)
        d->first[d->p->ranks[i].node + 1]++;
    for (uint32_t i = 0; i < nnodes; i++) {
        next[i] = d->first[i];
        d->first[i + 1] += d->first[i];
    }
    for (uint32_t i = 0; i < d->p->nranks; i++)
        d->by_node[next[d->p->ranks[i].node]++] = i;
    free(next);
}

char *map_draw(const struct map_plan *p, const struct map_request *r, unsigned what)
{
    static const struct {
        unsigned what;
        void (*draw)(struct drawing *);
    } pictures[] = {{DISPLAY_TOPO, draw_topo}, {DISPLAY_MAP, draw_map}, {DISPLAY_BINDINGS, draw_bindings}};
    struct drawing d = {.p = p, .r = r};
    char *text = NULL;
    size_t len = 0;
    if (!(d.out = open_memstream(&text, &len)))
        log_fatal("out of memory");
    sort_by_node(&d);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        if (what & pictures[i].what)
            pictures[i].draw(&d);
    if (fclose(d.out))
        log_fatal("out of memory");
    free(d.first);
    free(d.by_node);
    topo_destroy(d.own);
    return text;
}
