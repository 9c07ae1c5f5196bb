/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topo_without: a machine of which some cores are not to be used. Positions of hardware threads stay as they are.
 */
#include "common/topo/topo.h"

#include "common/xalloc.h"

#include <string.h>

static bool any_in(const struct topo *t, const struct topo_object *o, const struct cpulist *cpus)
{
    for (uint32_t i = o->first; i < o->first + o->n; i++)
        if (cpulist_has(cpus, t->hwthreads[i].os))
            return true;
    return false;
}

static bool is_usable(const struct topo *t, const struct topo_object *o)
{
    for (uint32_t i = o->first; i < o->first + o->n; i++)
        if (t->hwthreads[i].usable)
            return true;
    return false;
}

/* Those that are left of a kind. */
static void copy_objects(struct topo *to, const struct topo *t, int kind)
{
    const struct topo_objects *o = &t->kinds[kind];
    struct topo_objects *left = &to->kinds[kind];
    left->list = o->list ? xcalloc(o->n, sizeof *left->list) : NULL;
    for (uint32_t i = 0; i < o->n; i++)
        if (is_usable(to, &o->list[i]))
            left->list[left->n++] = o->list[i];
}

struct topo *topo_without(const struct topo *t, const struct cpulist *taken)
{
    const struct topo_objects *cores = &t->kinds[TOPO_CORE];
    struct topo *left = xcalloc(1, sizeof *left);
    left->nhwthreads = t->nhwthreads;
    left->hwthreads = xcalloc(t->nhwthreads, sizeof *left->hwthreads);
    memcpy(left->hwthreads, t->hwthreads, t->nhwthreads * sizeof *left->hwthreads);
    for (uint32_t i = 0; i < cores->n; i++)
        for (uint32_t k = 0; any_in(t, &cores->list[i], taken) && k < cores->list[i].n; k++)
            left->hwthreads[cores->list[i].first + k].usable = false;
    for (uint32_t i = 0; i < left->nhwthreads; i++)
        left->capacity += left->hwthreads[i].usable;
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        copy_objects(left, t, kind);
    if (left->capacity)
        return left;
    topo_destroy(left);
    return NULL;
}
