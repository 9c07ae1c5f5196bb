/* SPDX-License-Identifier: BSD-3-Clause
 *
 * draw_map: which rank runs on which host.
 *
 * Hosts and ranks:
 *     map: 5 ranks on 2 hosts
 *       alpha  4 of 4 slots  0 1 2 3
 *       beta   1 of 4 slots  4 . . .
 * A host with more ranks than fit in a line has "0-99"; of many neighbours alike the first two and the last are shown.
 */
#include "launcher/map/draw.h"

#include <string.h>

#define CELLS 24u /* slots of a host that are drawn one by one */
#define RUNS 12u  /* of neighbours alike; more are counted only */
#define NAME 32

static uint32_t slots_of(const struct drawing *d, uint32_t node)
{
    const struct map_node *n = &d->r->nodes[node];
    if (n->slots || n->processors)
        return n->slots ? n->slots : n->processors;
    return n->topo ? topo_capacity(n->topo) : 0;
}

static int name_width(const struct drawing *d)
{
    size_t width = 0;
    for (uint32_t i = 0; i < d->r->nnodes && width < NAME; i++)
        if (strlen(d->r->nodes[i].name) > width)
            width = strlen(d->r->nodes[i].name);
    return width < NAME ? (int)width : NAME;
}

static int digits(uint32_t v)
{
    int n = 1;
    while (v /= 10)
        n++;
    return n;
}

/* Ranks and free slots, one by one. */
static void draw_cells(struct drawing *d, const uint32_t *ranks, uint32_t n, uint32_t slots)
{
    int width = digits(d->p->nranks - 1);
    for (uint32_t i = 0; i < n; i++)
        fprintf(d->out, " %*u", width, ranks[i]);
    for (uint32_t i = n; i < slots; i++)
        fprintf(d->out, " %*s", width, ".");
}

static void draw_row(struct drawing *d, uint32_t node, int width)
{
    uint32_t n = draw_count(d, node), slots = slots_of(d, node);
    const uint32_t *ranks = d->by_node + d->first[node];
    fprintf(d->out, "  %-*s ", width, d->r->nodes[node].name);
    if (slots)
        fprintf(d->out, " %u of %u slot%s%s", n, slots, draw_plural(slots), n > slots ? " (oversubscribed)" : "");
    else
        fprintf(d->out, " %u rank%s", n, draw_plural(n));
    if (n <= CELLS && slots <= CELLS) {
        fputc(' ', d->out);
        draw_cells(d, ranks, n, slots);
    } else if (n) {
        fprintf(d->out, "  ");
        draw_ranks(d, ranks, n);
    }
    fputc('\n', d->out);
}

static uint32_t alike(const struct drawing *d, uint32_t first)
{
    uint32_t i = first + 1;
    while (i < d->r->nnodes && draw_count(d, i) == draw_count(d, first) && slots_of(d, i) == slots_of(d, first))
        i++;
    return i - first;
}

static void draw_run(struct drawing *d, uint32_t first, uint32_t n, int width)
{
    if (n > 1 && !draw_count(d, first)) {
        fprintf(d->out, "  ");
        draw_hosts(d, first, n);
        fprintf(d->out, ": no ranks\n");
        return;
    }
    for (uint32_t i = first; i < first + n; i++) {
        if (n > 4 && i == first + 2) {
            uint32_t each = draw_count(d, first);
            fprintf(d->out, "  ... %u more hosts with %u rank%s each\n", n - 3, each, draw_plural(each));
            i = first + n - 1;
        }
        draw_row(d, i, width);
    }
}

static void draw_apps(struct drawing *d)
{
    for (uint32_t rank = 0; rank < d->p->nranks;) {
        uint32_t first = rank, app = d->p->ranks[rank].app;
        if (app == RUNS) {
            fprintf(d->out, "  ... and %u more applications\n", d->r->napps - app);
            return;
        }
        while (rank < d->p->nranks && d->p->ranks[rank].app == app)
            rank++;
        fprintf(d->out, "  application %u: rank%s %u", app + 1, draw_plural(rank - first), first);
        fprintf(d->out, rank - first > 1 ? "-%u\n" : "\n", rank - 1);
    }
}

void draw_map(struct drawing *d)
{
    uint32_t nnodes = d->r->nnodes, runs = 0;
    int width = name_width(d);
    fprintf(d->out, "map: %u rank%s on %u host%s\n", d->p->nranks, draw_plural(d->p->nranks), nnodes,
            draw_plural(nnodes));
    for (uint32_t i = 0, n; i < nnodes; i += n) {
        n = alike(d, i);
        if (++runs > RUNS) {
            fprintf(d->out, "  ... and %u more hosts with %u ranks together\n", nnodes - i, d->p->nranks - d->first[i]);
            break;
        }
        draw_run(d, i, n, width);
    }
    if (d->r->napps > 1)
        draw_apps(d);
}
