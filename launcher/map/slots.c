/* SPDX-License-Identifier: BSD-3-Clause
 *
 * slots: how many ranks fit, and the message where they do not.
 */
#include "launcher/map/slots.h"

#include "common/xalloc.h"
#include "launcher/map/binding.h"
#include "launcher/map/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 8u /* of the table in a message */

/* Processors of a node, without its topology where the caller knows them. 0: e is set. */
static uint32_t processors(struct map_plan *p, const struct map_request *r, uint32_t node, const struct policy *how,
                           struct err *e)
{
    if (r->nodes[node].processors)
        return r->nodes[node].processors;
    const struct topo *t = binding_topo(p, r, node, policy_want(how), e);
    return t ? topo_capacity(t) : 0;
}

/* Ranks with several processors each: as many as have them. */
static int divide(uint32_t *slots, struct map_plan *p, const struct map_request *r, uint32_t node,
                  const struct policy *how, struct err *e)
{
    uint32_t all = processors(p, r, node, how, e);
    const struct topo *t = r->nodes[node].topo;
    if (!all)
        return -1;
    if (t && !how->hwthread_cpus && topo_count(t, TOPO_CORE) < all)
        all = topo_count(t, TOPO_CORE);
    if (*slots > all / how->cpus)
        *slots = all / how->cpus ? all / how->cpus : 1;
    return 0;
}

static uint32_t limited(uint64_t slots)
{
    return slots < PLACE_RANKS_LIMIT ? (uint32_t)slots : PLACE_RANKS_LIMIT;
}

static int find(uint32_t *slots, struct map_plan *p, const struct map_request *r, uint32_t node,
                const struct policy *how, struct err *e)
{
    if (how->per_object) {
        const struct topo *t = binding_topo(p, r, node, policy_want(how), e);
        if (!t)
            return -1;
        *slots = limited((uint64_t)how->per_object * topo_count(t, how->map_object));
        return 0;
    }
    *slots = limited(r->nodes[node].slots ? r->nodes[node].slots : processors(p, r, node, how, e));
    if (!*slots)
        return -1;
    bool wished_only = how->cpus_wished && r->nodes[node].slots; /* who gave slots has counted them so */
    return how->cpus > 1 && !wished_only ? divide(slots, p, r, node, how, e) : 0;
}

int slots_find(uint32_t *slots, struct map_plan *p, const struct map_request *r, const struct policy *how,
               struct err *e)
{
    for (uint32_t i = 0; i < r->nnodes; i++)
        if (find(&slots[i], p, r, i, how, e))
            return -1;
    return 0;
}

/* ---- the message ---- */

struct text {
    char *p;
    size_t left;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->p, t->left, fmt, ap);
    va_end(ap);
    size_t taken = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left - 1;
    t->p += taken;
    t->left -= taken;
}

/* How many nodes from the first on have its figures. */
static uint32_t equal_run(const uint32_t *slots, const uint32_t *counts, uint32_t first, uint32_t n)
{
    uint32_t i = first + 1;
    while (i < n && slots[i] == slots[first] && counts[i] == counts[first])
        i++;
    return i - first;
}

/* Neighbours with the same figures are one row. */
static void put_table(struct text *t, const uint32_t *slots, const uint32_t *counts, const struct map_request *r)
{
    put(t, "\n  %7s %7s  host", "slots", "ranks");
    for (uint32_t i = 0, row = 0, run; i < r->nnodes; i += run, row++) {
        if (row == ROWS) {
            put(t, "\n  ... and %u more hosts", r->nnodes - i);
            return;
        }
        run = equal_run(slots, counts, i, r->nnodes);
        put(t, "\n  %7u %7u  %.48s", slots[i], counts[i], r->nodes[i].name);
        if (run > 1)
            put(t, " to %.48s, each of %u", r->nodes[i + run - 1].name, run);
    }
}

/* The line that would do, if it is short enough to be typed. */
static void put_hosts(struct text *t, const uint32_t *slots, const uint32_t *counts, const struct map_request *r)
{
    if (r->nnodes > ROWS)
        return;
    put(t, ", or say that more fit: --hosts ");
    for (uint32_t i = 0; i < r->nnodes; i++)
        put(t, "%s%.32s:%u", i ? "," : "", r->nodes[i].name, counts[i] > slots[i] ? counts[i] : slots[i]);
}

static void put_advice(struct text *t, uint32_t ranks, uint64_t room)
{
    if (!room)
        put(t, "\nno slot is left; leave out --no-oversubscribe");
    else if (ranks > room)
        put(t, "\nask for fewer: -n %llu, or leave out --no-oversubscribe", (unsigned long long)room);
    else
        put(t, "\nmap them otherwise: --map-by slot, or leave out --no-oversubscribe");
}

/* Takes counts with the ranks of other jobs. */
static int refuse(const uint32_t *slots, const uint32_t *counts, uint32_t ranks, const struct map_request *r,
                  struct err *e)
{
    char buffer[sizeof e->text];
    struct text t = {buffer, sizeof buffer};
    uint64_t total = 0, used = 0;
    for (uint32_t i = 0; i < r->nnodes; i++) {
        total += slots[i];
        used += r->nodes[i].used;
    }
    put(&t, "%u ranks do not fit in the %llu slots of %u host%s", ranks, (unsigned long long)total, r->nnodes,
        r->nnodes > 1 ? "s" : "");
    if (used)
        put(&t, " beside %llu rank%s of other jobs", (unsigned long long)used, used > 1 ? "s" : "");
    put(&t, " (--no-oversubscribe)");
    put_table(&t, slots, counts, r);
    put_advice(&t, ranks, total > used ? total - used : 0);
    put_hosts(&t, slots, counts, r);
    return err_set(e, "%s", buffer);
}

int slots_check(const uint32_t *slots, const uint32_t *counts, const struct map_plan *p, const struct map_request *r,
                struct err *e)
{
    uint32_t *all = xcalloc(r->nnodes, sizeof *all);
    bool over = false;
    for (uint32_t i = 0; i < r->nnodes; i++) {
        all[i] = counts[i] + r->nodes[i].used;
        over |= counts[i] && all[i] > slots[i];
    }
    int rc = over ? refuse(slots, all, p->nranks, r, e) : 0;
    free(all);
    return rc;
}
