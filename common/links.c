/* SPDX-License-Identifier: BSD-3-Clause
 *
 * links: all links of one process: who serves which node, and what goes to all.
 */
#include "common/link_inner.h"

#include "common/beat.h"
#include "common/xalloc.h"

#include <stdlib.h>

uint32_t link_split(uint32_t n, uint32_t radix, uint32_t *part)
{
    uint32_t children = n < radix ? n : radix;
    for (uint32_t i = 0; i < children; i++)
        part[i] = n / children + (i < n % children);
    return children;
}

void links_init(struct links *set)
{
    set->route = xcalloc(set->nnodes ? set->nnodes : 1, sizeof *set->route);
    for (uint32_t i = 0; i < set->nnodes; i++)
        set->route[i] = LINK_NONE;
}

void links_fini(struct links *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        link_destroy(set->v[i]);
    free(set->v);
    free(set->route);
    set->v = NULL;
    set->route = NULL;
    set->n = set->left = set->pending = 0;
}

static void add_link(struct links *set, uint32_t first, uint32_t count, bool aside)
{
    struct link *l = link_create(set, first, count);
    l->aside = aside;
    uint32_t before = set->route[first - set->first];
    if (before != LINK_NONE)
        link_queue_move(set->v[before], l);
    for (uint32_t i = 0; i < count; i++)
        set->route[first + i - set->first] = set->n;
    set->v[set->n++] = l;
    set->left++;
    set->pending++;
}

static void start_links(struct links *set, uint32_t first, uint32_t count, uint32_t width, bool aside)
{
    uint32_t *part = xcalloc(count < width ? count + 1 : width, sizeof *part);
    uint32_t from = set->n, n = link_split(count, width, part);
    set->v = xreallocarray(set->v, set->n + n + 1, sizeof *set->v);
    for (uint32_t i = 0; i < n; first += part[i++])
        add_link(set, first, part[i], aside);
    struct start **starts = xcalloc(n + 1, sizeof *starts);
    for (uint32_t i = 0; i < n; i++)
        starts[i] = &set->v[from + i]->start;
    start_begin(set->starter, starts, n);
    free(starts);
    free(part);
}

void links_start(struct links *set, uint32_t first, uint32_t count, uint32_t width)
{
    start_links(set, first, count, width, false);
}

void links_start_aside(struct links *set, uint32_t node)
{
    start_links(set, node, 1, 1, true);
}

void links_grow(struct links *set, uint32_t nnodes, char *const *names)
{
    set->route = xreallocarray(set->route, nnodes, sizeof *set->route);
    for (uint32_t i = set->nnodes; i < nnodes; i++)
        set->route[i] = LINK_NONE;
    set->nnodes = nnodes;
    set->names = names;
}

void links_sendv(struct links *set, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    if (node != FRAME_ALL_NODES) {
        uint32_t at = node - set->first < set->nnodes ? set->route[node - set->first] : LINK_NONE;
        if (at != LINK_NONE)
            link_sendv(set->v[at], type, job, node, iov, n);
        return;
    }
    for (uint32_t i = 0; i < set->n; i++)
        if (!set->v[i]->aside)
            link_sendv(set->v[i], type, job, node, iov, n);
}

void links_release(struct links *set)
{
    set->hold = false;
    for (uint32_t i = 0; i < set->n; i++)
        link_queue_send(set->v[i]);
}

void links_pause(struct links *set)
{
    if (set->paused++)
        return;
    for (uint32_t i = 0; i < set->n; i++)
        if (set->v[i]->peer)
            peer_pause(set->v[i]->peer);
}

void links_resume(struct links *set)
{
    if (--set->paused)
        return;
    for (uint32_t i = 0; i < set->n; i++)
        if (set->v[i]->peer)
            peer_resume(set->v[i]->peer);
}

void links_rest(struct links *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        beat_rest(set->v[i]->beat);
}

void links_flush(struct links *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        if (set->v[i]->peer) {
            peer_flush(set->v[i]->peer);
            start_flush(&set->v[i]->start);
        }
}

void links_finish(struct links *set)
{
    for (uint32_t i = 0; i < set->n; i++)
        if (set->v[i]->peer)
            peer_finish(set->v[i]->peer);
}

void link_drop(struct link *l, const char *cause)
{
    link_event(l, LINK_EV_DROP, &(struct link_input){.why = cause});
}
