/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The default plan needs to know no more than which processors share a core. hwloc reads twenty files for each
 * processor and takes a library with it: over 1 ms on two processors, as much as starting ten ranks, and more with
 * each processor. Two short files for each core tell the same. Whatever is out of the ordinary is left to hwloc.
 */
#include "common/topo/topo_cores.h"

#include "common/file.h"
#include "common/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST_MAX 65536u /* bytes of a file */

struct core {
    uint32_t package, cpu; /* the lowest processor of each */
    struct cpulist cpus;
};

struct cores {
    const char *dir;
    const struct cpulist *usable;
    struct core *list;
    uint32_t n;
    struct cpulist seen;  /* processors whose core is known */
    uint32_t *package_of; /* by processor: its package's lowest one, and one; 0: not known */
};

static uint32_t lowest(const struct cpulist *l)
{
    uint32_t cpu = 0;
    while (!cpulist_has(l, cpu))
        cpu++;
    return cpu;
}

static int read_list(const struct cores *c, uint32_t cpu, const char *file, struct cpulist *l)
{
    char *path = xasprintf("%s/cpu%u/topology/%s", c->dir, cpu, file);
    char *text = file_read(path, LIST_MAX, NULL, NULL);
    int rc = text ? cpulist_parse(l, text, NULL) : -1;
    free(text);
    free(path);
    return rc || !cpulist_has(l, cpu) ? -1 : 0;
}

static int find_package(struct cores *c, uint32_t cpu)
{
    struct cpulist l;
    if (c->package_of[cpu])
        return 0;
    cpulist_init(&l);
    int rc = read_list(c, cpu, "core_siblings_list", &l);
    uint32_t first = rc ? 0 : lowest(&l);
    for (uint32_t i = 0; i < l.size * 8 && i < CPULIST_LIMIT; i++)
        if (cpulist_has(&l, i))
            c->package_of[i] = first + 1;
    cpulist_fini(&l);
    return rc;
}

/* A processor in two cores is out of the ordinary. */
static int mark_seen(struct cores *c, const struct cpulist *l)
{
    for (uint32_t i = 0; i < l->size * 8; i++) {
        if (!cpulist_has(l, i))
            continue;
        if (cpulist_has(&c->seen, i))
            return -1;
        cpulist_add(&c->seen, i);
    }
    return 0;
}

static int add_core(struct cores *c, uint32_t cpu)
{
    struct core *core = &c->list[c->n++];
    if (find_package(c, cpu) || read_list(c, cpu, "thread_siblings_list", &core->cpus) || mark_seen(c, &core->cpus))
        return -1;
    core->package = c->package_of[cpu];
    core->cpu = lowest(&core->cpus);
    return 0;
}

static int find_cores(struct cores *c)
{
    for (uint32_t cpu = 0; cpu < c->usable->size * 8; cpu++)
        if (cpulist_has(c->usable, cpu) && !cpulist_has(&c->seen, cpu) && add_core(c, cpu))
            return -1;
    return c->n ? 0 : -1;
}

/* As hwloc does: package by package, by their lowest processors. */
static int core_compare(const void *a, const void *b)
{
    const struct core *x = a, *y = b;
    if (x->package != y->package)
        return x->package < y->package ? -1 : 1;
    return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static void add_object(struct topo_objects *o, uint32_t first, uint32_t n)
{
    o->list[o->n++] = (struct topo_object){first, n};
}

static void add_hwthreads(struct topo *t, const struct cores *c, const struct cpulist *cpus)
{
    uint32_t first = t->nhwthreads;
    for (uint32_t cpu = 0; cpu < cpus->size * 8; cpu++) {
        if (!cpulist_has(cpus, cpu))
            continue;
        bool usable = cpulist_has(c->usable, cpu);
        if (usable)
            add_object(&t->kinds[TOPO_HWTHREAD], t->nhwthreads, 1);
        t->capacity += usable;
        t->hwthreads[t->nhwthreads++] = (struct topo_hwthread){cpu, usable};
    }
    add_object(&t->kinds[TOPO_CORE], first, t->nhwthreads - first);
}

static struct topo *build(struct cores *c)
{
    struct topo *t = xcalloc(1, sizeof *t);
    uint32_t n = cpulist_count(&c->seen);
    t->hwthreads = xcalloc(n, sizeof *t->hwthreads);
    t->kinds[TOPO_HWTHREAD].list = xcalloc(n, sizeof *t->kinds->list);
    t->kinds[TOPO_CORE].list = xcalloc(c->n, sizeof *t->kinds->list);
    t->kinds[TOPO_MACHINE].list = xcalloc(1, sizeof *t->kinds->list);
    qsort(c->list, c->n, sizeof *c->list, core_compare);
    for (uint32_t i = 0; i < c->n; i++)
        add_hwthreads(t, c, &c->list[i].cpus);
    add_object(&t->kinds[TOPO_MACHINE], 0, t->nhwthreads);
    return t;
}

struct topo *topo_cores_load(const char *dir, const struct cpulist *usable)
{
    struct cores c = {.dir = dir,
                      .usable = usable,
                      .list = xcalloc(cpulist_count(usable), sizeof *c.list),
                      .package_of = xcalloc(CPULIST_LIMIT, sizeof *c.package_of)};
    cpulist_init(&c.seen);
    struct topo *t = find_cores(&c) ? NULL : build(&c);
    for (uint32_t i = 0; i < c.n; i++)
        cpulist_fini(&c.list[i].cpus);
    cpulist_fini(&c.seen);
    free(c.list);
    free(c.package_of);
    return t;
}
