/* SPDX-License-Identifier: BSD-3-Clause
 *
 * draw: lists of ranks and hosts that stay short, and the topologies that pictures show.
 */
#include "launcher/map/draw.h"

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
