/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rankfile_bind: slots to processors.
 *
 * The slots of a rankfile, "0-1" or "1:0,2": cores of the node, or of one of its packages, counted from 0 in hwloc's
 * order over those that the job may use.
 */
#include "launcher/map/rankfile.h"

#include "common/cpulist.h"
#include "common/xalloc.h"
#include "launcher/map/binding.h"
#include "launcher/map/excerpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct reader {
    const char *start, *p, *end;
    const struct topo *t;
    uint32_t first, n; /* the cores that the numbers count, of the machine or of a package */
    struct cpulist cpus;
    char message[120]; /* of a failure, which is at p */
};

static int fail(struct reader *in, const char *at, const char *message)
{
    in->p = at;
    snprintf(in->message, sizeof in->message, "%s", message);
    return -1;
}

/* NONE: there is no number here. Too large ones stay too large for any machine. */
static uint32_t take_number(struct reader *in)
{
    uint32_t v = NONE;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
        v = (v == NONE ? 0 : v * 10) + (uint32_t)(*in->p - '0');
        if (v >= CPULIST_LIMIT)
            v = CPULIST_LIMIT;
    }
    return v;
}

static bool take(struct reader *in, char c)
{
    if (in->p == in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

/* The cores of package number v become those that are counted. */
static int set_package(struct reader *in, uint32_t v, const char *at)
{
    uint32_t n = topo_count(in->t, TOPO_PACKAGE), ncores = topo_count(in->t, TOPO_CORE);
    if (v >= n) {
        fail(in, at, "");
        snprintf(in->message, sizeof in->message, "the host has %u package%s to use, counted from 0", n,
                 n > 1 ? "s" : "");
        return -1;
    }
    const struct topo_object *package = &topo_objects(in->t, TOPO_PACKAGE)[v], *core = topo_objects(in->t, TOPO_CORE);
    in->first = in->n = 0;
    for (uint32_t i = 0; i < ncores; i++) {
        if (core[i].first < package->first || core[i].first >= package->first + package->n)
            continue;
        if (!in->n++)
            in->first = i;
    }
    return 0;
}

static int add_cores(struct reader *in, uint32_t low, uint32_t high, const char *at)
{
    if (high >= in->n || low > high) {
        fail(in, at, "");
        snprintf(in->message, sizeof in->message, "there are %u cores to use here, counted from 0", in->n);
        return -1;
    }
    for (uint32_t core = low; core <= high; core++) {
        struct topo_object run = topo_objects(in->t, TOPO_CORE)[in->first + core];
        for (uint32_t i = run.first; i < run.first + run.n; i++)
            if (topo_hwthreads(in->t)[i].usable)
                cpulist_add(&in->cpus, topo_hwthreads(in->t)[i].os);
    }
    return 0;
}

/* N, N-M or *, each with "PACKAGE:" before it or not */
static int take_item(struct reader *in)
{
    const char *at = in->p;
    uint32_t low = take_number(in);
    if (low != NONE && take(in, ':')) {
        if (set_package(in, low, at))
            return -1;
        at = in->p;
        low = take_number(in);
    }
    if (low == NONE && take(in, '*'))
        return in->n ? add_cores(in, 0, in->n - 1, at) : fail(in, at, "this package has no cores to use");
    uint32_t high = low;
    if (low != NONE && take(in, '-'))
        high = take_number(in);
    if (low == NONE || high == NONE)
        return fail(in, in->p, "cores are expected here, such as 0-1, 1:0,2 or *");
    return add_cores(in, low, high, at);
}

static int take_list(struct reader *in)
{
    do {
        if (take_item(in))
            return -1;
    } while (take(in, ','));
    return in->p == in->end ? 0 : fail(in, in->p, "a comma is expected here");
}

static int bind_entry(const struct rankfile *f, const struct rankfile_entry *entry, const struct topo *t,
                      struct binding_set *set, int32_t *binding, struct err *e)
{
    const char *slot = f->text + entry->slot;
    struct reader in = {.start = slot, .p = slot, .end = slot + entry->slot_len, .t = t, .n = topo_count(t, TOPO_CORE)};
    cpulist_init(&in.cpus);
    int rc = take_list(&in);
    if (!rc) {
        *binding = binding_set_add(set, cpulist_format(&in.cpus));
    } else {
        char where[200];
        snprintf(where, sizeof where, "%.180s:%u", f->name, entry->line);
        excerpt_err(e, where, f->text + entry->start, entry->len, (size_t)(in.p - (f->text + entry->start)),
                    in.message);
    }
    cpulist_fini(&in.cpus);
    return rc;
}

int rankfile_bind(const struct rankfile *f, struct map_plan *p, const struct map_request *r, struct err *e)
{
    struct binding_set set = {.plan = p};
    int rc = 0;
    for (uint32_t i = 0; i < p->nranks && !rc; i++) {
        p->ranks[i].binding = -1;
        if (!f->entries[i].slot_len)
            continue;
        const struct topo *t = binding_topo(p, r, p->ranks[i].node, POLICY_RANKFILE_WANT | TOPO_WANT(TOPO_CORE), e);
        rc = t ? bind_entry(f, &f->entries[i], t, &set, &p->ranks[i].binding, e) : -1;
    }
    binding_set_fini(&set);
    return rc;
}
