/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What hwloc knows is copied into arrays at once, and hwloc is left. Loading is made fast, as it stands between the
 * user and the first rank: no plugins (libhwloc opens each of them only to find that it has no use for it, 4 ms), no
 * x86 instructions run on each processor in turn, no distances, memory attributes or kinds.
 */
#include "common/topo/topo.h"

#include "common/topo/hwloc_calls.h"
#include "common/topo/topo_cores.h"
#include "common/xalloc.h"

#include <stdlib.h>

static const hwloc_obj_type_t hwloc_types[TOPO_NKINDS] = {
    [TOPO_HWTHREAD] = HWLOC_OBJ_PU,     [TOPO_CORE] = HWLOC_OBJ_CORE,       [TOPO_L1CACHE] = HWLOC_OBJ_L1CACHE,
    [TOPO_L2CACHE] = HWLOC_OBJ_L2CACHE, [TOPO_L3CACHE] = HWLOC_OBJ_L3CACHE, [TOPO_NUMA] = HWLOC_OBJ_NUMANODE,
    [TOPO_PACKAGE] = HWLOC_OBJ_PACKAGE, [TOPO_MACHINE] = HWLOC_OBJ_MACHINE,
};

/* hwloc reads the environment when it is first initialised. What is set for that moment goes again: ranks inherit
 * our environment. A user's own choice stands. */
static int init_without_plugins(const struct hwloc_calls *hw, hwloc_topology_t *h)
{
    static const char variable[] = "HWLOC_PLUGINS_PATH";
    bool ours = !getenv(variable);
    if (ours)
        setenv(variable, "/nonexistent", 1);
    int rc = hw->topology_init(h);
    if (ours)
        unsetenv(variable);
    return rc;
}

/* What nobody here looks at; hwloc can leave it out since 2.8. */
#if HWLOC_API_VERSION >= 0x20800
#define LEFT_OUT (HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS | HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS)
#else
#define LEFT_OUT 0
#endif

static void leave_out(const struct hwloc_calls *hw, hwloc_topology_t h, unsigned want)
{
    hw->topology_set_components(h, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
    hw->topology_set_components(h, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "pci");
    hw->topology_set_all_types_filter(h, HWLOC_TYPE_FILTER_KEEP_NONE);
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        if (want & TOPO_WANT(kind))
            hw->topology_set_type_filter(h, hwloc_types[kind], HWLOC_TYPE_FILTER_KEEP_ALL);
    /* Where no other object has the processors of a NUMA node, a group holds them, or the node would be its parent's.
     */
    if (want & TOPO_WANT(TOPO_NUMA))
        hw->topology_set_type_filter(h, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_STRUCTURE);
    /* A library older than its headers knows less. */
    if (hw->topology_set_flags(h, LEFT_OUT | HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0)
        hw->topology_set_flags(h, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
}

static void take_hwthreads(struct topo *t, const struct hwloc_calls *hw, hwloc_topology_t h,
                           const struct cpulist *usable)
{
    int depth = hw->get_type_depth(h, HWLOC_OBJ_PU);
    t->nhwthreads = hw->get_nbobjs_by_depth(h, depth);
    t->hwthreads = xcalloc(t->nhwthreads, sizeof *t->hwthreads);
    for (uint32_t i = 0; i < t->nhwthreads; i++) {
        struct topo_hwthread *p = &t->hwthreads[i];
        p->os = hw->get_obj_by_depth(h, depth, i)->os_index;
        p->usable = !usable || cpulist_has(usable, p->os);
        t->capacity += p->usable;
    }
}

static void add_object(struct topo *t, struct topo_objects *o, struct topo_object run)
{
    for (uint32_t i = run.first; i < run.first + run.n; i++) {
        if (!t->hwthreads[i].usable)
            continue;
        o->list[o->n++] = run;
        return;
    }
}

/* The first hardware thread from position pu on that obj holds; nhwthreads: none. */
static uint32_t first_in(const struct topo *t, const struct hwloc_calls *hw, hwloc_obj_t obj, uint32_t pu)
{
    while (pu < t->nhwthreads && !hw->bitmap_isset(obj->cpuset, t->hwthreads[pu].os))
        pu++;
    return pu;
}

/* The objects of one kind are in hwloc's logical order, as are the hardware threads: one walk over both finds each
 * object's run. Objects without processors of their own (memory only, or a second memory beside the same ones) are
 * passed over. */
static void take_objects(struct topo *t, enum topo_kind kind, const struct hwloc_calls *hw, hwloc_topology_t h)
{
    struct topo_objects *o = &t->kinds[kind];
    int depth = hw->get_type_depth(h, hwloc_types[kind]);
    unsigned n = 0;
    if (depth != HWLOC_TYPE_DEPTH_UNKNOWN && depth != HWLOC_TYPE_DEPTH_MULTIPLE)
        n = hw->get_nbobjs_by_depth(h, depth);
    o->list = xcalloc((size_t)n + 1, sizeof *o->list);
    uint32_t pu = 0;
    for (unsigned i = 0; i < n; i++) {
        hwloc_obj_t obj = hw->get_obj_by_depth(h, depth, i);
        uint32_t first = first_in(t, hw, obj, pu);
        if (first == t->nhwthreads)
            continue;
        for (pu = first; pu < t->nhwthreads && hw->bitmap_isset(obj->cpuset, t->hwthreads[pu].os);)
            pu++;
        add_object(t, o, (struct topo_object){first, pu - first});
    }
    if (!o->n)
        o->list[o->n++] = (struct topo_object){0, t->nhwthreads};
}

static struct topo *flatten(const struct hwloc_calls *hw, hwloc_topology_t h, unsigned want,
                            const struct cpulist *usable, struct err *e)
{
    struct topo *t = xcalloc(1, sizeof *t);
    take_hwthreads(t, hw, h, usable);
    if (!t->capacity) {
        err_set(e, "none of this machine's %u processors may be used (affinity mask)", t->nhwthreads);
        topo_destroy(t);
        return NULL;
    }
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        if (want & TOPO_WANT(kind))
            take_objects(t, kind, hw, h);
    return t;
}

/* desc: NULL for this machine. */
static struct topo *load(const char *desc, unsigned want, const struct cpulist *usable, struct err *e)
{
    struct topo *t = NULL;
    hwloc_topology_t h;
    const struct hwloc_calls *hw = hwloc_calls_get(e);
    if (!hw)
        return NULL;
    if (init_without_plugins(hw, &h)) {
        err_set(e, "unable to initialise hwloc: %m");
        return NULL;
    }
    leave_out(hw, h, want);
    if (desc && hw->topology_set_synthetic(h, desc))
        err_set(e, "\"%s\" is not a synthetic topology of hwloc", desc);
    else if (hw->topology_load(h))
        err_set(e, "unable to find out the processors of this machine (hwloc): %m");
    else
        t = flatten(hw, h, want, usable, e);
    hw->topology_destroy(h);
    return t;
}

struct topo *topo_load(unsigned want, struct err *e)
{
    struct cpulist usable;
    struct topo *t = NULL;
    cpulist_init(&usable);
    if (!cpulist_affinity(&usable, 0, e)) {
        if (!(want & ~TOPO_ALWAYS))
            t = topo_cores_load("/sys/devices/system/cpu", &usable);
        if (!t)
            t = load(NULL, want | TOPO_ALWAYS, &usable, e);
    }
    cpulist_fini(&usable);
    return t;
}

struct topo *topo_synthetic(const char *desc, const char *cpus, struct err *e)
{
    struct cpulist usable;
    struct topo *t = NULL;
    cpulist_init(&usable);
    if (!cpus || !cpulist_parse(&usable, cpus, e))
        t = load(desc, TOPO_WANT_ALL, cpus ? &usable : NULL, e);
    cpulist_fini(&usable);
    return t;
}
