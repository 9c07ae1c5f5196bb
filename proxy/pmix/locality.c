/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each kind of object, from the largest to the smallest, with the logical numbers of those that the processors lie in.
 */
#include "proxy/pmix/locality.h"

#include "common/cpulist.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    enum topo_kind kind;
    const char *word;
} kinds[] = {
    {TOPO_NUMA, "NM"},    {TOPO_PACKAGE, "SK"}, {TOPO_L3CACHE, "L3"},  {TOPO_L2CACHE, "L2"},
    {TOPO_L1CACHE, "L1"}, {TOPO_CORE, "CR"},    {TOPO_HWTHREAD, "HT"},
};

static bool holds(const struct topo *t, const struct topo_object *o, const struct cpulist *cpus)
{
    for (uint32_t i = o->first; i < o->first + o->n && i < t->nhwthreads; i++)
        if (cpulist_has(cpus, t->hwthreads[i].os))
            return true;
    return false;
}

/* "0-1,3": those that hold one of the processors. */
static void put_kind(FILE *out, const struct topo *t, const struct topo_objects *objects, const char *word,
                     const struct cpulist *cpus)
{
    bool any = false;
    for (uint32_t i = 0; i < objects->n; i++) {
        uint32_t last = i;
        if (!holds(t, &objects->list[i], cpus))
            continue;
        while (last + 1 < objects->n && holds(t, &objects->list[last + 1], cpus))
            last++;
        fprintf(out, any ? "," : ":%s", word);
        fprintf(out, last > i ? "%u-%u" : "%u", i, last);
        any = true;
        i = last;
    }
}

char *locality_text(const struct topo *t, const char *text)
{
    struct cpulist cpus;
    char *result = NULL;
    size_t n;
    cpulist_init(&cpus);
    FILE *out = cpulist_parse(&cpus, text, NULL) == 0 ? open_memstream(&result, &n) : NULL;
    if (out) {
        fputs("hwloc", out);
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (t->kinds[kinds[i].kind].list)
                put_kind(out, t, &t->kinds[kinds[i].kind], kinds[i].word, &cpus);
        fclose(out);
    }
    cpulist_fini(&cpus);
    return result;
}
