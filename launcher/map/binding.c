/* SPDX-License-Identifier: BSD-3-Clause
 *
 * binding: the processors of each rank, from those of its node.
 *
 * Nodes with the same topology and the same number of ranks are bound alike, unless other jobs run there: what is
 * worked out for one of them is a table, kept and looked up by the others, so that 10,000 equal nodes cost one.
 */
#include "launcher/map/binding.h"

#include "common/cpulist.h"
#include "common/xalloc.h"
#include "launcher/map/layout.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct binding_text {
    const char *text; /* borrowed from plan->bindings */
    int32_t index;
    UT_hash_handle hh;
};

int32_t binding_set_add(struct binding_set *s, char *text)
{
    struct binding_text *b;
    HASH_FIND_STR(s->by_text, text, b);
    if (b) {
        free(text);
        return b->index;
    }
    struct map_plan *p = s->plan;
    if (!(p->nbindings & (p->nbindings - 1))) /* a power of two, or none: full */
        p->bindings = xreallocarray(p->bindings, p->nbindings ? 2 * (size_t)p->nbindings : 1, sizeof *p->bindings);
    b = xmalloc(sizeof *b);
    *b = (struct binding_text){.text = text, .index = (int32_t)p->nbindings};
    p->bindings[p->nbindings++] = text;
    HASH_ADD_KEYPTR(hh, s->by_text, b->text, strlen(b->text), b);
    return b->index;
}

void binding_set_fini(struct binding_set *s)
{
    struct binding_text *b, *next;
    HASH_ITER(hh, s->by_text, b, next)
    {
        HASH_DEL(s->by_text, b);
        free(b);
    }
}

struct topo *binding_topo(struct map_plan *p, const struct map_request *r, uint32_t node, unsigned want, struct err *e)
{
    struct map_node *n = &r->nodes[node];
    if (n->topo && topo_has_all(n->topo, want))
        return n->topo;
    if (r->topo_load)
        return n->topo = r->topo_load(r->arg, n, want, e);
    if (!p->topo) {
        p->topo = topo_load(want, e);
        p->lent = r->nodes;
        p->nlent = r->nnodes;
    }
    return n->topo = p->topo;
}

char *binding_text_of(const struct topo *t, struct topo_object run)
{
    struct cpulist l;
    cpulist_init(&l);
    for (uint32_t i = run.first; i < run.first + run.n; i++)
        if (topo_hwthreads(t)[i].usable)
            cpulist_add(&l, topo_hwthreads(t)[i].os);
    char *text = cpulist_format(&l);
    cpulist_fini(&l);
    return text;
}

/* ---- tables ---- */

struct table_key {
    const struct topo *topo;
    const struct policy *how;
    const char *taken; /* of the node; NULL: nothing */
    uint64_t nranks;   /* as wide as a pointer: no padding in a key that is hashed as bytes */
};

struct table {
    struct table_key key;
    int32_t *bindings; /* by local rank; NULL: not bound */
    UT_hash_handle hh;
};

/* What nodes say that have words of their own for binding: once for all that have the same. */
struct node_policy {
    const char *bind_to;
    struct policy how;
    UT_hash_handle hh;
};

struct binder {
    struct map_plan *plan;
    const struct map_request *r;
    const struct policy *how; /* of all other nodes */
    struct node_policy *of_nodes;
    struct binding_set set;
    struct table *tables;
};

/* NULL: e is set. What the request says holds for all. */
static const struct policy *policy_of(struct binder *b, uint32_t node, struct err *e)
{
    const struct map_node *n = &b->r->nodes[node];
    struct node_policy *own;
    if (!n->bind_to || b->r->bind_to)
        return b->how;
    HASH_FIND_STR(b->of_nodes, n->bind_to, own);
    if (own)
        return &own->how;
    own = xcalloc(1, sizeof *own);
    own->bind_to = n->bind_to;
    HASH_ADD_KEYPTR(hh, b->of_nodes, own->bind_to, strlen(own->bind_to), own);
    int rc = policy_parse_node(&own->how, b->r, n, e);
    own->how.also = policy_want(b->how);
    return rc < 0 ? NULL : &own->how;
}

/* A processor for each rank in turn, in the kernel's order. */
static void fill_rr(struct binder *b, struct table *t)
{
    char *all = binding_text_of(t->key.topo, (struct topo_object){0, topo_nhwthreads(t->key.topo)});
    struct cpulist l;
    cpulist_init(&l);
    cpulist_parse(&l, all, NULL);
    uint32_t cpu = 0;
    for (uint64_t i = 0; i < t->key.nranks; i++) {
        while (!cpulist_has(&l, cpu))
            cpu = (cpu + 1) % CPULIST_LIMIT;
        t->bindings[i] = binding_set_add(&b->set, xasprintf("%u", cpu++));
    }
    cpulist_fini(&l);
    free(all);
}

static void fill_user(struct binder *b, struct table *t)
{
    for (uint64_t i = 0; i < t->key.nranks; i++)
        t->bindings[i] = binding_set_add(&b->set, xstrdup(t->key.how->user[i % t->key.how->nuser]));
}

static void fill_from(struct binder *b, struct table *t, const struct topo *topo, const struct topo_object *at)
{
    for (uint64_t i = 0; i < t->key.nranks; i++)
        if (i && at[i].first == at[i - 1].first && at[i].n == at[i - 1].n)
            t->bindings[i] = t->bindings[i - 1];
        else
            t->bindings[i] = binding_set_add(&b->set, binding_text_of(topo, at[i]));
}

static void drop(struct table *t)
{
    free(t->bindings);
    t->bindings = NULL;
}

/* The only rank of a node has all of it. */
static bool is_whole(const struct policy *how, uint64_t nranks)
{
    return nranks == 1 && !how->cpus_given && how->map != POLICY_MAP_OBJECT;
}

/* Does every rank get cores of its own: as many as --cpus-per-rank asks for, else an n-th of those that there are? */
static bool own_cores(struct layout *l, const struct topo *topo, const struct policy *how)
{
    bool threads = how->hwthread_cpus || (how->map == POLICY_MAP_OBJECT && how->map_object == TOPO_HWTHREAD);
    l->unit = threads ? TOPO_HWTHREAD : TOPO_CORE;
    l->units = how->cpus;
    if (how->cpus_given && layout_make(l, topo, how))
        return true;
    if (how->cpus_given && !how->cpus_wished)
        return false;
    l->units = 1;
    if (!layout_make(l, topo, how))
        return false;
    l->units = layout_share(l, topo, how);
    return l->units == 1 || layout_make(l, topo, how);
}

/* Of the cores that no other job has bound ranks to, where these suffice. */
static bool fill_free(struct binder *b, struct table *t, struct layout *l)
{
    struct cpulist taken;
    cpulist_init(&taken);
    bool any = t->key.taken && cpulist_parse(&taken, t->key.taken, NULL) == 0;
    struct topo *left = any ? topo_without(t->key.topo, &taken) : NULL;
    bool bound = left && own_cores(l, left, t->key.how);
    if (bound)
        fill_from(b, t, left, l->at);
    topo_destroy(left);
    cpulist_fini(&taken);
    return bound;
}

/* Where cores do not suffice but hardware threads do, ranks that were mapped by socket or the like at least stay
 * there. */
static bool fill_mapped(struct table *t, struct layout *l)
{
    const struct policy *how = t->key.how;
    if (how->map != POLICY_MAP_OBJECT || how->map_object <= TOPO_CORE ||
        t->key.nranks * how->cpus > topo_capacity(t->key.topo))
        return false;
    l->unit = how->map_object;
    l->units = 1;
    layout_make(l, t->key.topo, how);
    return true;
}

static void fill_default(struct binder *b, struct table *t, struct layout *l)
{
    if (fill_free(b, t, l))
        return;
    if (!is_whole(t->key.how, t->key.nranks) && (own_cores(l, t->key.topo, t->key.how) || fill_mapped(t, l)))
        fill_from(b, t, t->key.topo, l->at);
    else
        drop(t);
}

static void fill_object(struct binder *b, struct table *t, struct layout *l)
{
    const struct policy *how = t->key.how;
    bool counted = how->bind_object == TOPO_CORE || how->bind_object == TOPO_HWTHREAD;
    l->unit = how->bind_object;
    l->units = how->bind_count ? how->bind_count : counted ? how->cpus : 1;
    layout_make(l, t->key.topo, how);
    fill_from(b, t, t->key.topo, l->at);
}

static void fill_table(struct binder *b, struct table *t)
{
    struct layout l = {.nranks = (uint32_t)t->key.nranks, .at = xcalloc(t->key.nranks, sizeof *l.at)};
    t->bindings = xcalloc(t->key.nranks, sizeof *t->bindings);
    if (t->key.how->bind == POLICY_BIND_RR)
        fill_rr(b, t);
    else if (t->key.how->bind == POLICY_BIND_USER)
        fill_user(b, t);
    else if (t->key.how->bind == POLICY_BIND_OBJECT)
        fill_object(b, t, &l);
    else
        fill_default(b, t, &l);
    free(l.at);
}

/* ---- what is wrong, or worth a warning ---- */

static int check_user(struct binder *b, const struct policy *how, const struct topo *t, uint32_t node, struct err *e)
{
    char *usable = binding_text_of(t, (struct topo_object){0, topo_nhwthreads(t)});
    struct cpulist all, one;
    cpulist_init(&all);
    cpulist_init(&one);
    int rc = cpulist_parse(&all, usable, e);
    for (uint32_t i = 0; i < how->nuser && !rc; i++) {
        rc = cpulist_parse(&one, how->user[i], e);
        for (uint32_t cpu = 0; cpu < one.size * 8 && !rc; cpu++)
            if (cpulist_has(&one, cpu) && !cpulist_has(&all, cpu))
                rc = err_set(e, "--bind-to user: processor %u may not be used on host %s; it has %.200s", cpu,
                             b->r->nodes[node].name, usable);
    }
    cpulist_fini(&all);
    cpulist_fini(&one);
    free(usable);
    return rc;
}

/* An explicit wish is obeyed; but ranks that wait for one another on one processor are rarely what was meant. */
static void warn_if_crowded(struct binder *b, const struct table *t, uint32_t node)
{
    if (b->plan->warning || !t->bindings || t->key.how->bind == POLICY_BIND_DEFAULT)
        return;
    uint32_t *load = xcalloc(b->plan->nbindings, sizeof *load);
    for (uint64_t i = 0; i < t->key.nranks; i++)
        load[t->bindings[i]]++;
    for (uint32_t i = 0; i < b->plan->nbindings && !b->plan->warning; i++) {
        struct cpulist l;
        cpulist_init(&l);
        if (load[i] > 1 && !cpulist_parse(&l, b->plan->bindings[i], NULL) && load[i] > cpulist_count(&l))
            b->plan->warning =
                xasprintf("%u ranks are bound to processor%s %.64s of host %s; --bind-to none lets them share all",
                          load[i], cpulist_count(&l) > 1 ? "s" : "", b->plan->bindings[i], b->r->nodes[node].name);
        cpulist_fini(&l);
    }
    free(load);
}

/* ---- the whole ---- */

/* Can it be told without a topology that the ranks of this node are not bound? */
static bool unbound(const struct binder *b, const struct policy *how, uint32_t node, uint32_t nranks)
{
    const struct map_node *n = &b->r->nodes[node];
    if (how->bind != POLICY_BIND_DEFAULT)
        return how->bind == POLICY_BIND_NONE;
    if ((b->r->shared && b->r->nnodes > 1) || n->used)
        return true;
    if (is_whole(how, nranks) && !n->taken)
        return true;
    return n->processors && nranks * (uint64_t)(how->cpus_wished ? 1 : how->cpus) > n->processors;
}

/* A quota of processor time is not a set of processors: two containers with a quota of two on one machine would
 * both be bound to its first two cores. */
static bool has_quota(const struct binder *b, const struct policy *how, uint32_t node, const struct topo *t)
{
    uint32_t processors = b->r->nodes[node].processors;
    return how->bind == POLICY_BIND_DEFAULT && processors && processors < topo_capacity(t);
}

static struct table *get_table(struct binder *b, const struct policy *how, uint32_t node, const struct topo *topo,
                               uint32_t nranks)
{
    const char *taken = how->bind == POLICY_BIND_DEFAULT ? b->r->nodes[node].taken : NULL;
    struct table_key key = {topo, how, taken, nranks};
    struct table *t;
    HASH_FIND(hh, b->tables, &key, sizeof key, t);
    if (t)
        return t;
    t = xcalloc(1, sizeof *t);
    t->key = key;
    fill_table(b, t);
    warn_if_crowded(b, t, node);
    HASH_ADD(hh, b->tables, key, sizeof t->key, t);
    return t;
}

/* By default a job runs unbound, with a warning, rather than not at all. */
static int cannot_bind(struct binder *b, const struct policy *how, uint32_t node, const struct err *e)
{
    if (how->bind != POLICY_BIND_DEFAULT)
        return -1;
    if (!b->plan->warning)
        b->plan->warning = xasprintf("ranks on host %s are not bound: %s", b->r->nodes[node].name, e->text);
    return 0;
}

/* The table of one node; *t stays NULL if its ranks are not bound. */
static int bind_node(struct binder *b, uint32_t node, uint32_t nranks, struct table **t, struct err *e)
{
    const struct policy *how = nranks ? policy_of(b, node, e) : b->how;
    if (!how)
        return -1;
    if (!nranks || unbound(b, how, node, nranks))
        return 0;
    struct topo *topo = binding_topo(b->plan, b->r, node, policy_want(how), e);
    if (!topo)
        return cannot_bind(b, how, node, e);
    if (how->bind == POLICY_BIND_USER && check_user(b, how, topo, node, e))
        return -1;
    if (!has_quota(b, how, node, topo))
        *t = get_table(b, how, node, topo, nranks);
    return 0;
}

static void drop_policies(struct binder *b)
{
    struct node_policy *own, *next;
    HASH_ITER(hh, b->of_nodes, own, next)
    {
        HASH_DEL(b->of_nodes, own);
        policy_fini(&own->how);
        free(own);
    }
}

int binding_make(struct map_plan *p, const struct map_request *r, const struct policy *how, const uint32_t *counts,
                 struct err *e)
{
    struct binder b = {.plan = p, .r = r, .how = how, .set = {.plan = p}};
    struct table **of_node = xcalloc(r->nnodes, sizeof *of_node), *t, *next;
    int rc = 0;
    for (uint32_t i = 0; i < r->nnodes && !rc; i++)
        rc = bind_node(&b, i, counts[i], &of_node[i], e);
    for (uint32_t i = 0; i < p->nranks && !rc; i++) {
        t = of_node[p->ranks[i].node];
        p->ranks[i].binding = t && t->bindings ? t->bindings[p->ranks[i].local_rank] : -1;
    }
    HASH_ITER(hh, b.tables, t, next)
    {
        HASH_DEL(b.tables, t);
        free(t->bindings);
        free(t);
    }
    drop_policies(&b);
    binding_set_fini(&b.set);
    free(of_node);
    return rc;
}
