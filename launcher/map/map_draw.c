/* SPDX-License-Identifier: BSD-3-Clause
 *
 * map_draw: which pictures of a plan are drawn, one below the other.
 */
#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/map/draw.h"
#include "launcher/map/map.h"
#include "launcher/options.h"

#include <stdlib.h>

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
