/* SPDX-License-Identifier: BSD-3-Clause
 *
 * names: the store in memory has what our own jobs have published, and is asked first; the directory says who is first
 * among all. Who waits for a name that is not there is told within some milliseconds of its being published elsewhere:
 * nobody wakes us, so we look, and take a fiftieth of our time for it at most. Publishing waits where somebody is just
 * removing what was left there.
 */
#include "launcher/names.h"

#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "launcher/name_dir.h"
#include "launcher/name_far.h"
#include "pmi-server/name_store.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { LOOK_US = 5000, LOOK_SHARE = 50, SWEEP_FILES = 128, BUSY_MS = 5000 };

/* A publish that could not be done at once. */
struct held {
    TAILQ_ENTRY(held) link;
    struct pmi_name_op op; /* its bytes are owned */
    uint64_t until;        /* ns */
};

struct names {
    struct name_far *far; /* then nothing else is set */
    struct event_base *base;
    struct pmi_root *root;
    struct pmi_name_store *store;
    struct name_dir *dir;
    struct event *look; /* there are some that wait */
    struct event *sweep;
    bool warned; /* that the directory cannot be had */
    TAILQ_HEAD(, held) held;
};

/* The asker may be able to show some words of it only; the user is told once. */
static void fail(struct names *n, uint32_t id, const struct err *e)
{
    if (!n->warned)
        log_warn("%s", e->text);
    n->warned = true;
    pmi_name_store_answer(n->store, id, e->text);
}

static void arm(struct event *e, uint64_t us)
{
    struct timeval later = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    if (!evtimer_pending(e, NULL))
        evtimer_add(e, &later);
}

/* --- publish */

static void hold(struct names *n, const struct pmi_name_op *op)
{
    struct held *h = xcalloc(1, sizeof *h);
    h->op = *op;
    h->op.name.data = xstrndup(op->name.data, op->name.len);
    char *port = xmalloc(op->port.len + 1);
    memcpy(port, op->port.data, op->port.len);
    h->op.port.data = port;
    h->until = now_steady_ns() + BUSY_MS * 1000000ull;
    TAILQ_INSERT_TAIL(&n->held, h, link);
    arm(n->look, LOOK_US);
}

static void held_free(struct names *n, struct held *h)
{
    TAILQ_REMOVE(&n->held, h, link);
    free((char *)h->op.name.data);
    free((char *)h->op.port.data);
    free(h);
}

/* False: not yet. */
static bool try_publish(struct names *n, const struct pmi_name_op *op, bool last)
{
    struct bytes port;
    struct err e;
    if (op->inside || pmi_name_store_find(n->store, op->name, &port)) {
        pmi_name_store_ops.publish(n->store, op);
        return true;
    }
    struct name_entry entry = {.name = op->name, .port = op->port, .job = op->job, .rank = op->rank};
    switch (name_dir_publish(n->dir, &entry, &e)) {
    case NAME_DIR_DONE:
        pmi_name_store_ops.publish(n->store, op);
        arm(n->sweep, 0);
        return true;
    case NAME_DIR_BUSY:
        if (!last)
            return false;
        pmi_name_store_answer(n->store, op->id, "somebody has held the directory of names for seconds");
        return true;
    case NAME_DIR_FAILED:
        fail(n, op->id, &e);
        return true;
    default:
        pmi_name_store_answer(n->store, op->id, "key_already_present");
        return true;
    }
}

static void publish(void *ctx, const struct pmi_name_op *op)
{
    struct names *n = ctx;
    if (!try_publish(n, op, false))
        hold(n, op);
}

/* --- lookup */

static enum name_dir_result look_outside(struct names *n, struct bytes name, struct bytes *port, struct err *e)
{
    struct name_entry entry = {.job = 0};
    enum name_dir_result r = name_dir_lookup(n->dir, name, &entry, e);
    *port = entry.port;
    return r;
}

static void lookup(void *ctx, const struct pmi_name_op *op)
{
    struct names *n = ctx;
    struct bytes port;
    struct err e;
    if (op->inside || pmi_name_store_find(n->store, op->name, &port)) {
        pmi_name_store_ops.lookup(n->store, op);
        return;
    }
    switch (look_outside(n, op->name, &port, &e)) {
    case NAME_DIR_DONE:
        pmi_root_name_done(n->root, op->id, 0, port);
        return;
    case NAME_DIR_FAILED:
        fail(n, op->id, &e);
        return;
    default:
        pmi_name_store_ops.lookup(n->store, op);
    }
    if (pmi_name_store_waits(n->store))
        arm(n->look, LOOK_US);
}

static bool found_outside(void *arg, struct bytes name, struct bytes *port)
{
    return look_outside(arg, name, port, NULL) == NAME_DIR_DONE;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct names *n = arg;
    uint64_t begun = now_steady_ns();
    struct held *h, *next;
    for (h = TAILQ_FIRST(&n->held); h; h = next) {
        next = TAILQ_NEXT(h, link);
        if (try_publish(n, &h->op, begun > h->until))
            held_free(n, h);
    }
    pmi_name_store_offer(n->store, found_outside, n);
    uint64_t us = (now_steady_ns() - begun) / 1000 * LOOK_SHARE;
    if (!TAILQ_EMPTY(&n->held) || pmi_name_store_waits(n->store))
        arm(n->look, us > LOOK_US ? us : LOOK_US);
}

/* --- the rest */

static void unpublish(void *ctx, const struct pmi_name_op *op)
{
    struct names *n = ctx;
    struct bytes port;
    if (!op->inside && !pmi_name_store_find(n->store, op->name, &port) &&
        look_outside(n, op->name, &port, NULL) == NAME_DIR_DONE)
        pmi_name_store_answer(n->store, op->id, "published by a job of another mpiexec");
    else
        pmi_name_store_ops.unpublish(n->store, op);
}

static void forget(void *ctx, uint32_t id)
{
    struct names *n = ctx;
    struct held *h = TAILQ_FIRST(&n->held);
    while (h && h->op.id != id)
        h = TAILQ_NEXT(h, link);
    if (h)
        held_free(n, h);
    pmi_name_store_ops.forget(n->store, id);
}

static void job_end(void *ctx, uint32_t job)
{
    struct names *n = ctx;
    pmi_name_store_ops.job_end(n->store, job);
}

/* What it still wants to publish would have no owner. */
static void rank_end(void *ctx, uint32_t job, uint32_t rank)
{
    struct names *n = ctx;
    struct held *h, *next;
    for (h = TAILQ_FIRST(&n->held); h; h = next) {
        next = TAILQ_NEXT(h, link);
        if (h->op.job == job && h->op.rank == rank)
            held_free(n, h);
    }
    pmi_name_store_ops.rank_end(n->store, job, rank);
}

static void on_gone(void *arg, struct bytes name, bool inside)
{
    struct names *n = arg;
    if (!inside)
        name_dir_unpublish(n->dir, name);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct names *n = arg;
    if (name_dir_sweep(n->dir, SWEEP_FILES))
        arm(n->sweep, 0);
}

static const struct pmi_name_ops ops = {publish, lookup, unpublish, forget, job_end, rank_end};

struct names *names_create(struct event_base *base, struct pmi_root *root, const char *server, const char *key)
{
    struct names *n = xcalloc(1, sizeof *n);
    TAILQ_INIT(&n->held);
    if (server && *server) {
        n->far = name_far_create(base, root, server, key);
        return n;
    }
    n->base = base;
    n->root = root;
    n->dir = name_dir_create();
    n->store = pmi_name_store_create(pmi_root_name_done, root);
    n->look = evtimer_new(base, on_look, n);
    n->sweep = evtimer_new(base, on_sweep, n);
    if (!n->look || !n->sweep)
        log_fatal("out of memory");
    pmi_name_store_watch(n->store, on_gone, n);
    pmi_root_names(root, &ops, n);
    return n;
}

void names_destroy(struct names *n)
{
    if (!n)
        return;
    while (!TAILQ_EMPTY(&n->held))
        held_free(n, TAILQ_FIRST(&n->held));
    pmi_name_store_destroy(n->store);
    name_dir_destroy(n->dir);
    if (n->look)
        event_free(n->look);
    if (n->sweep)
        event_free(n->sweep);
    name_far_destroy(n->far);
    free(n);
}
