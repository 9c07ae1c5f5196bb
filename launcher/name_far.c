/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_far: muster-names says who is first among all; what it has taken goes into the store in memory, from which
 * owners take their names with them. A lookup that waits does so in both, since names that are for our own jobs alone
 * are in the store only.
 */
#include "launcher/name_far.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/name_registry.h"
#include "pmi-server/name_store.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* An operation that muster-names is asked for. */
struct held {
    UT_hash_handle hh;
    struct pmi_name_op op; /* its bytes are owned */
    enum { PUBLISH, LOOKUP, UNPUBLISH } what;
};

struct name_far {
    struct pmi_root *root;
    struct pmi_name_store *store;
    struct name_registry *registry;
    struct held *held; /* hash by op.id */
};

static struct held *find_held(const struct name_far *f, uint32_t id)
{
    struct held *h;
    HASH_FIND(hh, f->held, &id, sizeof id, h);
    return h;
}

static void hold(struct name_far *f, const struct pmi_name_op *op, int what)
{
    struct held *h = xcalloc(1, sizeof *h);
    char *port = xmalloc(op->port.len + 1);
    if (op->port.len)
        memcpy(port, op->port.data, op->port.len);
    h->op = *op;
    h->op.name.data = xstrndup(op->name.data, op->name.len);
    h->op.port.data = port;
    h->what = what;
    HASH_ADD(hh, f->held, op.id, sizeof h->op.id, h);
}

static void held_free(struct name_far *f, struct held *h)
{
    HASH_DEL(f->held, h);
    free((char *)h->op.name.data);
    free((char *)h->op.port.data);
    free(h);
}

static bool is_here(const struct name_far *f, const struct pmi_name_op *op)
{
    struct bytes port;
    return pmi_name_store_find(f->store, op->name, &port);
}

static bool is_short(const struct pmi_name_op *op)
{
    return op->name.len <= REGISTRY_NAME_MAX && op->port.len <= REGISTRY_PORT_MAX;
}

static void publish(void *ctx, const struct pmi_name_op *op)
{
    struct name_far *f = ctx;
    if (op->inside || is_here(f, op)) {
        pmi_name_store_ops.publish(f->store, op);
    } else if (!is_short(op)) {
        pmi_name_store_answer(f->store, op->id, "name or value too long for muster-names");
    } else {
        hold(f, op, PUBLISH);
        name_registry_publish(f->registry, op->id, &(struct registry_entry){op->name, op->port, op->job, op->rank, 0});
    }
}

static void lookup(void *ctx, const struct pmi_name_op *op)
{
    struct name_far *f = ctx;
    if (op->inside || is_here(f, op) || !is_short(op)) {
        pmi_name_store_ops.lookup(f->store, op);
        return;
    }
    hold(f, op, LOOKUP);
    if (op->wait)
        pmi_name_store_ops.lookup(f->store, op);
    name_registry_lookup(f->registry, op->id, op->name, op->wait);
}

static void unpublish(void *ctx, const struct pmi_name_op *op)
{
    struct name_far *f = ctx;
    if (op->inside || !is_short(op)) {
        pmi_name_store_ops.unpublish(f->store, op);
        return;
    }
    hold(f, op, UNPUBLISH);
    name_registry_unpublish(f->registry, op->id, op->name);
}

/* --- answers. NULL: it is done. */

static void published(struct name_far *f, const struct pmi_name_op *op, enum registry_result r, const char *why)
{
    if (!why && r == REGISTRY_DONE_WELL && !is_here(f, op)) {
        pmi_name_store_ops.publish(f->store, op);
        return;
    }
    if (!why && r == REGISTRY_DONE_WELL) /* meanwhile it was for our own jobs alone */
        name_registry_drop(f->registry, op->name);
    pmi_name_store_answer(f->store, op->id,
                          why                  ? why
                          : r == REGISTRY_FULL ? "muster-names has no room for more"
                                               : "key_already_present");
}

static void found(struct name_far *f, const struct pmi_name_op *op, enum registry_result r, struct bytes port,
                  const char *why)
{
    pmi_name_store_ops.forget(f->store, op->id);
    if (!why && r == REGISTRY_DONE_WELL)
        pmi_root_name_done(f->root, op->id, 0, port);
    else
        pmi_name_store_answer(f->store, op->id,
                              why                  ? why
                              : r == REGISTRY_FULL ? "muster-names has no room for more"
                                                   : "service_not_found");
}

static void unpublished(struct name_far *f, const struct pmi_name_op *op, enum registry_result r, const char *why)
{
    if (is_here(f, op))
        pmi_name_store_ops.unpublish(f->store, op);
    else
        pmi_name_store_answer(f->store, op->id,
                              why                       ? why
                              : r == REGISTRY_FOREIGN   ? "published by a job of another mpiexec"
                              : r == REGISTRY_DONE_WELL ? NULL
                                                        : "service_not_found");
}

static void on_done(void *arg, uint32_t id, enum registry_result r, struct bytes port, const char *why)
{
    struct name_far *f = arg;
    struct held *h = find_held(f, id);
    if (!h)
        return;
    struct held copy = *h;
    HASH_DEL(f->held, h);
    if (copy.what == PUBLISH)
        published(f, &copy.op, r, why);
    else if (copy.what == LOOKUP)
        found(f, &copy.op, r, port, why);
    else
        unpublished(f, &copy.op, r, why);
    free((char *)copy.op.name.data);
    free((char *)copy.op.port.data);
    free(h);
}

static void on_lost(void *arg, const char *why)
{
    log_warn("%s", why);
}

static const struct name_registry_ops registry_ops = {on_done, on_lost, NULL};

/* The store completes an operation: one that waits there and here is over. */
static void on_store_done(void *arg, uint32_t id, int rc, struct bytes text)
{
    struct name_far *f = arg;
    struct held *h = find_held(f, id);
    if (h) {
        name_registry_forget(f->registry, id);
        held_free(f, h);
    }
    pmi_root_name_done(f->root, id, rc, text);
}

/* --- ends */

static void forget(void *ctx, uint32_t id)
{
    struct name_far *f = ctx;
    struct held *h = find_held(f, id);
    if (h) {
        name_registry_forget(f->registry, id);
        held_free(f, h);
    }
    pmi_name_store_ops.forget(f->store, id);
}

static void job_end(void *ctx, uint32_t job)
{
    struct name_far *f = ctx;
    pmi_name_store_ops.job_end(f->store, job);
}

/* What it still wants to publish would have no owner. */
static void rank_end(void *ctx, uint32_t job, uint32_t rank)
{
    struct name_far *f = ctx;
    struct held *h, *next;
    HASH_ITER(hh, f->held, h, next)
    {
        if (h->op.job == job && h->op.rank == rank)
            forget(f, h->op.id);
    }
    pmi_name_store_ops.rank_end(f->store, job, rank);
}

static void on_gone(void *arg, struct bytes name, bool inside)
{
    struct name_far *f = arg;
    if (!inside)
        name_registry_drop(f->registry, name);
}

static const struct pmi_name_ops ops = {publish, lookup, unpublish, forget, job_end, rank_end};

struct name_far *name_far_create(struct event_base *base, struct pmi_root *root, const char *addresses, const char *key)
{
    struct name_far *f = xcalloc(1, sizeof *f);
    f->root = root;
    f->store = pmi_name_store_create(on_store_done, f);
    f->registry = name_registry_create(base, addresses, key, &registry_ops, f);
    pmi_name_store_watch(f->store, on_gone, f);
    pmi_root_names(root, &ops, f);
    return f;
}

void name_far_destroy(struct name_far *f)
{
    struct held *h, *next;
    if (!f)
        return;
    HASH_ITER(hh, f->held, h, next)
    held_free(f, h);
    pmi_name_store_destroy(f->store);
    name_registry_destroy(f->registry);
    free(f);
}
