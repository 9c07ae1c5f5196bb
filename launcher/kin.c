/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kin: edges between jobs, each in the lists of both; a walk colours the jobs that it has been at.
 */
#include "launcher/kin.h"

#include "common/xalloc.h"

#include <stdlib.h>

struct kin_edge {
    int64_t ties;
    struct kin_end {
        LIST_ENTRY(kin_end) link; /* of the other one's edges */
        struct job *to;
        struct kin_edge *edge;
    } end[2];
};

static struct kin_edge *edge_find(const struct job *a, const struct job *b)
{
    const struct kin_end *e;
    LIST_FOREACH(e, &a->kin, link)
    if (e->to == b)
        return e->edge;
    return NULL;
}

static struct kin_edge *edge_new(struct job *a, struct job *b)
{
    struct kin_edge *edge = xcalloc(1, sizeof *edge);
    edge->end[0] = (struct kin_end){.to = b, .edge = edge};
    edge->end[1] = (struct kin_end){.to = a, .edge = edge};
    LIST_INSERT_HEAD(&a->kin, &edge->end[0], link);
    LIST_INSERT_HEAD(&b->kin, &edge->end[1], link);
    return edge;
}

static void edge_free(struct kin_edge *edge)
{
    LIST_REMOVE(&edge->end[0], link);
    LIST_REMOVE(&edge->end[1], link);
    free(edge);
}

/* Ranks may tell any number: one that would not fit leaves the jobs connected. */
void kin_tie(struct job *a, struct job *b, int64_t more)
{
    if (a == b || a->done || b->done || more == 0)
        return;
    struct kin_edge *edge = edge_find(a, b);
    if (!edge)
        edge = edge_new(a, b);
    if (__builtin_add_overflow(edge->ties, more, &edge->ties))
        edge->ties = INT64_MAX;
    if (edge->ties == 0)
        edge_free(edge);
}

void kin_part(struct job *a, struct job *b)
{
    struct kin_edge *edge = edge_find(a, b);
    if (edge)
        edge_free(edge);
}

void kin_leave(struct job *j)
{
    struct kin_end *e;
    while ((e = LIST_FIRST(&j->kin)) != NULL)
        edge_free(e->edge);
}

static void reach(struct job *j, struct job ***last)
{
    if (j->kin_walk == j->run->kin_walks)
        return;
    j->kin_walk = j->run->kin_walks;
    j->kin_next = NULL;
    **last = j;
    *last = &j->kin_next;
}

void kin_each(struct job *j, void (*visit)(struct job *j, void *arg), void *arg)
{
    struct job *first = NULL, **last = &first;
    j->run->kin_walks++;
    reach(j, &last);
    for (struct job *at = first; at; at = at->kin_next) {
        const struct kin_end *e;
        LIST_FOREACH(e, &at->kin, link)
        reach(e->to, &last);
        visit(at, arg);
    }
}
