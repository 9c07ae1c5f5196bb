/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names in memory: a table of those that are published, and a list of lookups that wait.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/name_store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>
#include "pmi-server/mem.h"
#include "wire/pmi.h"

#define OF_JOB UINT32_MAX /* in the place of a rank */

/* With whom names go: a rank, or (rank OF_JOB) a job. */
struct owner {
    UT_hash_handle hh;
    struct owner_key {
        uint32_t job, rank;
    } key;
    LIST_HEAD(, published) names;
};

struct published {
    UT_hash_handle hh;
    LIST_ENTRY(published) of_owner;
    struct owner *owner; /* NULL: it stays as long as the store */
    enum pmi_name_life life;
    bool inside;
    struct bytes port; /* owned */
    size_t len;
    char name[];
};

struct waiting {
    TAILQ_ENTRY(waiting) link;
    uint32_t id;
    bool inside;
    size_t len;
    char name[];
};

struct pmi_name_store {
    pmi_name_done_fn *done;
    void *arg;
    pmi_name_gone_fn *gone;
    void *gone_arg;
    struct published *all;
    struct owner *owners;
    TAILQ_HEAD(, waiting) waits;
};

struct pmi_name_store *pmi_name_store_create(pmi_name_done_fn *done, void *arg)
{
    struct pmi_name_store *s = pmi_mem_zero(1, sizeof *s);
    s->done = done;
    s->arg = arg;
    TAILQ_INIT(&s->waits);
    return s;
}

void pmi_name_store_watch(struct pmi_name_store *s, pmi_name_gone_fn *gone, void *arg)
{
    s->gone = gone;
    s->gone_arg = arg;
}

static struct owner *find_owner(const struct pmi_name_store *s, struct owner_key key)
{
    struct owner *o;
    HASH_FIND(hh, s->owners, &key, sizeof key, o);
    return o;
}

static struct owner *take_owner(struct pmi_name_store *s, const struct pmi_name_op *op)
{
    struct owner_key key = {op->job, op->life == PMI_NAME_RANK ? op->rank : OF_JOB};
    struct owner *o = find_owner(s, key);
    if (o)
        return o;
    o = pmi_mem_zero(1, sizeof *o);
    o->key = key;
    LIST_INIT(&o->names);
    HASH_ADD(hh, s->owners, key, sizeof o->key, o);
    return o;
}

static void leave_owner(struct pmi_name_store *s, struct published *p)
{
    if (!p->owner)
        return;
    LIST_REMOVE(p, of_owner);
    if (LIST_EMPTY(&p->owner->names)) {
        HASH_DEL(s->owners, p->owner);
        free(p->owner);
    }
}

static void drop_published(struct pmi_name_store *s, struct published *p)
{
    if (s->gone)
        s->gone(s->gone_arg, (struct bytes){p->name, p->len}, p->inside);
    leave_owner(s, p);
    HASH_DEL(s->all, p);
    free((char *)p->port.data);
    free(p);
}

static void drop_waiting(struct pmi_name_store *s, struct waiting *w)
{
    TAILQ_REMOVE(&s->waits, w, link);
    free(w);
}

void pmi_name_store_destroy(struct pmi_name_store *s)
{
    if (!s)
        return;
    while (s->all)
        drop_published(s, s->all);
    while (!TAILQ_EMPTY(&s->waits))
        drop_waiting(s, TAILQ_FIRST(&s->waits));
    free(s);
}

static struct published *find_published(const struct pmi_name_store *s, struct bytes name)
{
    struct published *p;
    HASH_FIND(hh, s->all, name.data, name.len, p);
    return p;
}

void pmi_name_store_answer(struct pmi_name_store *s, uint32_t id, const char *why)
{
    s->done(s->arg, id, why ? PMI2_ERROR_OTHER : 0, (struct bytes){why ? why : "", why ? strlen(why) : 0});
}

/* Returns whether it is still published. */
static bool give(struct pmi_name_store *s, struct published *p, uint32_t id)
{
    bool once = p->life == PMI_NAME_ONCE;
    s->done(s->arg, id, 0, p->port);
    if (once)
        drop_published(s, p);
    return !once;
}

static void wake_waiting(struct pmi_name_store *s, struct published *p)
{
    struct waiting *w, *next;
    bool there = true;
    for (w = TAILQ_FIRST(&s->waits); w && there; w = next) {
        uint32_t id = w->id;
        next = TAILQ_NEXT(w, link);
        if (w->len != p->len || memcmp(w->name, p->name, p->len))
            continue;
        drop_waiting(s, w);
        there = give(s, p, id);
    }
}

static void publish(void *ctx, const struct pmi_name_op *op)
{
    struct pmi_name_store *s = ctx;
    if (find_published(s, op->name)) {
        pmi_name_store_answer(s, op->id, "key_already_present");
        return;
    }
    struct published *p = pmi_mem_zero(1, sizeof *p + op->name.len);
    memcpy(p->name, op->name.data, op->name.len);
    p->len = op->name.len;
    p->port = (struct bytes){pmi_mem_bytes(op->port.data, op->port.len), op->port.len};
    p->life = op->life;
    p->inside = op->inside;
    p->owner = op->life == PMI_NAME_RUN ? NULL : take_owner(s, op);
    if (p->owner)
        LIST_INSERT_HEAD(&p->owner->names, p, of_owner);
    HASH_ADD_KEYPTR(hh, s->all, p->name, p->len, p);
    pmi_name_store_answer(s, op->id, NULL);
    wake_waiting(s, p);
}

static void lookup(void *ctx, const struct pmi_name_op *op)
{
    struct pmi_name_store *s = ctx;
    struct published *p = find_published(s, op->name);
    if (p) {
        give(s, p, op->id);
    } else if (!op->wait) {
        pmi_name_store_answer(s, op->id, "service_not_found");
    } else {
        struct waiting *w = pmi_mem_zero(1, sizeof *w + op->name.len);
        w->id = op->id;
        w->inside = op->inside;
        w->len = op->name.len;
        memcpy(w->name, op->name.data, w->len);
        TAILQ_INSERT_TAIL(&s->waits, w, link);
    }
}

static void unpublish(void *ctx, const struct pmi_name_op *op)
{
    struct pmi_name_store *s = ctx;
    struct published *p = find_published(s, op->name);
    if (p)
        drop_published(s, p);
    pmi_name_store_answer(s, op->id, p ? NULL : "service_not_found");
}

static void forget(void *ctx, uint32_t id)
{
    struct pmi_name_store *s = ctx;
    struct waiting *w = TAILQ_FIRST(&s->waits);
    while (w && w->id != id)
        w = TAILQ_NEXT(w, link);
    if (w)
        drop_waiting(s, w);
}

static void drop_all_of(struct pmi_name_store *s, const struct owner *o)
{
    bool last = !o;
    while (!last) { /* with its last name the owner goes */
        struct published *p = LIST_FIRST(&o->names);
        last = !LIST_NEXT(p, of_owner);
        drop_published(s, p);
    }
}

static void job_end(void *ctx, uint32_t job)
{
    struct pmi_name_store *s = ctx;
    const struct owner *o, *next;
    HASH_ITER(hh, s->owners, o, next)
    {
        if (o->key.job == job)
            drop_all_of(s, o);
    }
}

static void rank_end(void *ctx, uint32_t job, uint32_t rank)
{
    struct pmi_name_store *s = ctx;
    drop_all_of(s, find_owner(s, (struct owner_key){job, rank}));
}

bool pmi_name_store_find(const struct pmi_name_store *s, struct bytes name, struct bytes *port)
{
    const struct published *p = find_published(s, name);
    if (p)
        *port = p->port;
    return p;
}

bool pmi_name_store_waits(const struct pmi_name_store *s)
{
    return !TAILQ_EMPTY(&s->waits);
}

void pmi_name_store_offer(struct pmi_name_store *s, pmi_name_found_fn *found, void *arg)
{
    struct waiting *w, *next;
    struct bytes port;
    for (w = TAILQ_FIRST(&s->waits); w; w = next) {
        uint32_t id = w->id;
        next = TAILQ_NEXT(w, link);
        if (w->inside || !found(arg, (struct bytes){w->name, w->len}, &port))
            continue;
        drop_waiting(s, w);
        s->done(s->arg, id, 0, port);
    }
}

const struct pmi_name_ops pmi_name_store_ops = {publish, lookup, unpublish, forget, job_end, rank_end};
