/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout_order: how the runs of a layout follow one another in memory, without a walk over all that loops stand for. */
#include "lib/datatype/layout.h"

static struct layout_order run(MPI_Count size)
{
    return (struct layout_order){.end = size, .rises = true, .disjoint = true};
}

/* `next` lies `disp` behind the origin, and follows in the stream. */
static void follow(struct layout_order *o, const struct layout_order *next, MPI_Count disp)
{
    o->rises = o->rises && next->rises && disp + next->first >= o->last;
    o->disjoint = o->disjoint && next->disjoint && o->rises && disp + next->first >= o->end;
    o->last = disp + next->last;
    if (disp + next->end > o->end)
        o->end = disp + next->end;
}

static struct layout_order loop(const struct layout *l)
{
    struct layout_order child = layout_order(l->child, l->each), o = child;
    if (l->count < 2)
        return o;
    follow(&o, &child, l->stride);
    o.last = child.last + (l->count - 1) * l->stride; /* of the others, each lies to the one before it as the second */
    if (l->stride > 0)
        o.end = child.end + (l->count - 1) * l->stride;
    return o;
}

struct layout_order layout_order(const struct layout *l, MPI_Count size)
{
    if (!l)
        return run(size);
    if (l->kind == LAYOUT_LOOP)
        return loop(l);
    const struct layout *seen = NULL;
    struct layout_order o = {0}, part = {0};
    for (MPI_Count i = 0; i < l->count; i++) {
        struct layout_part p = layout_part(l, i);
        if (!p.child || p.child != seen)
            part = layout_order(p.child, p.size);
        seen = p.child;
        if (i > 0) {
            follow(&o, &part, p.disp);
            continue;
        }
        o = part;
        o.first += p.disp;
        o.last += p.disp;
        o.end += p.disp;
    }
    return o;
}
