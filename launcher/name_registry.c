/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_registry: the number of a request on the wire is its id, or, of those that nobody waits for, a number above all
 * ids.
 */
#include "launcher/name_registry.h"

#include "common/err.h"
#include "common/log.h"
#include "common/peer.h"
#include "common/printable.h"
#include "common/xalloc.h"
#include "launcher/name_call.h"
#include "launcher/name_ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>

enum { SILENT_MS = 10000, CALL_MS = 30000, AGAIN_MS = 1000, AGAIN_MAX_MS = 30000 };
#define OF_NOBODY ((uint64_t)1 << 32) /* numbers of requests from here on */

struct request {
    UT_hash_handle hh;
    TAILQ_ENTRY(request) next;
    uint64_t id;
    enum registry_type type;
    bool waits;     /* its answer may take any time */
    bool forgotten; /* a publish */
    struct buf payload;
    struct name_ours *ours; /* of a publish that is asked for, not yet done */
    struct name_ours *copy; /* of one that is repeated */
};

struct name_registry {
    struct event_base *base;
    char *addresses, *key;
    const struct name_registry_ops *ops;
    void *arg;
    struct name_call *call; /* one of the two, or none */
    struct peer *peer;
    struct event *late, *again;
    unsigned again_ms;
    struct request *requests; /* hash by id */
    TAILQ_HEAD(, request) order;
    size_t prompt; /* requests that do not wait */
    struct name_ours *ours;
    uint64_t numbers;
    bool lost; /* and that was told */
};

static void arm(struct event *e, unsigned ms)
{
    struct timeval later = {ms / 1000, ms % 1000 * 1000};
    evtimer_add(e, &later);
}

/* --- requests */

static struct request *find_request(const struct name_registry *n, uint64_t id)
{
    struct request *q;
    HASH_FIND(hh, n->requests, &id, sizeof id, q);
    return q;
}

static void request_send(const struct name_registry *n, struct request *q)
{
    peer_send(n->peer, q->type, 0, 0, &q->payload);
    buf_fini(&q->payload);
}

static void request_free(struct name_registry *n, struct request *q)
{
    HASH_DEL(n->requests, q);
    TAILQ_REMOVE(&n->order, q, next);
    n->prompt -= !q->waits;
    buf_fini(&q->payload);
    name_ours_free(q->ours);
    name_ours_free(q->copy);
    free(q);
}

static void begin_call(struct name_registry *n);

/* Takes what stands in payload. */
static struct request *ask(struct name_registry *n, uint64_t id, enum registry_type type, bool waits,
                           struct buf *payload)
{
    struct request *q = xcalloc(1, sizeof *q);
    *q = (struct request){.id = id, .type = type, .waits = waits, .payload = *payload};
    HASH_ADD(hh, n->requests, id, sizeof q->id, q);
    TAILQ_INSERT_TAIL(&n->order, q, next);
    n->prompt += !waits;
    if (!n->peer) {
        begin_call(n);
        return q;
    }
    request_send(n, q);
    if (!waits && !evtimer_pending(n->late, NULL))
        arm(n->late, SILENT_MS);
    return q;
}

static struct request *ask_publish(struct name_registry *n, uint64_t id, const struct registry_entry *e)
{
    struct buf b;
    buf_init(&b);
    registry_publish_put(&b, &(struct registry_publish){.id = id, .entry = *e});
    return ask(n, id, REGISTRY_PUBLISH, false, &b);
}

static void ask_unpublish(struct name_registry *n, uint64_t id, struct bytes name)
{
    struct buf b;
    buf_init(&b);
    registry_unpublish_put(&b, &(struct registry_unpublish){.id = id, .name = name});
    ask(n, id, REGISTRY_UNPUBLISH, false, &b);
}

/* --- the link */

/* All that is asked for fails. Those who are told may ask for more. */
static void fail(struct name_registry *n, const char *why)
{
    struct request *q;
    struct err text;
    err_set(&text, "%s", why);
    if (!n->lost && n->ops->lost)
        n->ops->lost(n->arg, text.text);
    n->lost = true;
    name_call_drop(n->call);
    peer_destroy(n->peer);
    n->call = NULL;
    n->peer = NULL;
    evtimer_del(n->late);
    TAILQ_HEAD(, request) failed = TAILQ_HEAD_INITIALIZER(failed);
    TAILQ_CONCAT(&failed, &n->order, next);
    while ((q = TAILQ_FIRST(&failed))) {
        uint64_t id = q->id;
        bool told = id < OF_NOBODY && !q->forgotten;
        TAILQ_REMOVE(&failed, q, next);
        TAILQ_INSERT_TAIL(&n->order, q, next);
        request_free(n, q);
        if (told)
            n->ops->done(n->arg, (uint32_t)id, REGISTRY_ABSENT, (struct bytes){NULL, 0}, text.text);
    }
    if (n->ours && !n->call) {
        arm(n->again, n->again_ms);
        n->again_ms = n->again_ms * 2 < AGAIN_MAX_MS ? n->again_ms * 2 : AGAIN_MAX_MS;
    }
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    struct name_registry *n = arg;
    struct err e;
    err_set(&e, "muster-names at %s does not answer", n->addresses);
    fail(n, e.text);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    struct name_registry *n = arg;
    if (n->ours)
        begin_call(n);
}

static void on_gone(void *arg, struct peer *p, const char *why)
{
    struct name_registry *n = arg;
    struct err e;
    err_set(&e, "muster-names at %s is lost: %s", n->addresses, why);
    fail(n, e.text);
}

static void publish_again(struct name_registry *n)
{
    for (const struct name_ours *o = n->ours; o; o = o->hh.next)
        ask_publish(n, OF_NOBODY + n->numbers++, &o->entry)->copy = name_ours_create(&o->entry);
}

static const struct peer_ops peer_ops;

static void on_called(void *arg, int fd, const char *why)
{
    struct name_registry *n = arg;
    struct registry_hello hello = registry_greet();
    struct request *q;
    struct buf b;
    n->call = NULL;
    if (fd < 0) {
        fail(n, why);
        return;
    }
    n->peer = peer_create(n->base, fd, fd, "muster-names", &peer_ops, n);
    buf_init(&b);
    registry_hello_put(&b, &hello);
    peer_send(n->peer, REGISTRY_HELLO, 0, 0, &b);
    buf_fini(&b);
    TAILQ_FOREACH(q, &n->order, next)
    request_send(n, q);
    publish_again(n);
    arm(n->late, SILENT_MS); /* for its greeting */
}

static void begin_call(struct name_registry *n)
{
    if (n->call || n->peer)
        return;
    evtimer_del(n->again);
    n->call = name_call_begin(n->base, n->addresses, n->key, on_called, n);
    arm(n->late, CALL_MS);
}

/* --- what comes. False: it is none of the messages. */

static bool on_hello(struct name_registry *n, struct rbuf *r)
{
    struct registry_hello theirs;
    char release[PRINTABLE_WIDTH * 31 + 1];
    struct err e;
    if (!registry_hello_get(r, &theirs))
        return false;
    if (theirs.version != REGISTRY_VERSION) {
        printable_put(release, sizeof release, theirs.release, strlen(theirs.release));
        err_set(&e, "muster-names at %s is of Muster %s, whose protocol is %u, and this of %s, %u: use one version",
                n->addresses, release, theirs.version, registry_greet().release, REGISTRY_VERSION);
        fail(n, e.text);
        return true;
    }
    if (n->lost)
        log_info("muster-names at %s answers again", n->addresses);
    n->lost = false;
    n->again_ms = AGAIN_MS;
    return true;
}

/* The answer to one that was repeated. */
static void published_again(const struct name_ours *o, enum registry_result r)
{
    char name[PRINTABLE_WIDTH * 64 + 1];
    printable_put(name, sizeof name, o->entry.name.data, o->entry.name.len);
    if (r != REGISTRY_DONE_WELL)
        log_warn(
            "\"%s\", which rank %u of job %u had published before muster-names was lost, is not found there now: %s",
            name, o->entry.rank, o->entry.job, r == REGISTRY_TAKEN ? "somebody else has published it" : "it is full");
}

/* The answer to a publish. */
static void published(struct name_registry *n, struct request *q, enum registry_result r)
{
    struct name_ours *o = q->ours;
    q->ours = NULL;
    if (q->copy)
        published_again(q->copy, r);
    if (!o)
        return;
    if (r == REGISTRY_DONE_WELL && !q->forgotten) {
        name_ours_add(&n->ours, o);
        return;
    }
    if (r == REGISTRY_DONE_WELL)
        ask_unpublish(n, OF_NOBODY + n->numbers++, o->entry.name);
    name_ours_free(o);
}

static bool on_done(struct name_registry *n, struct rbuf *r)
{
    struct registry_done m;
    if (!registry_done_get(r, &m))
        return false;
    struct request *q = find_request(n, m.id);
    if (!q)
        return true; /* it was forgotten meanwhile */
    bool told = m.id < OF_NOBODY && !q->forgotten;
    if (q->type == REGISTRY_PUBLISH)
        published(n, q, m.result);
    request_free(n, q);
    if (told)
        n->ops->done(n->arg, (uint32_t)m.id, m.result, m.port, NULL);
    return true;
}

static bool on_listed(struct name_registry *n, struct rbuf *r)
{
    struct registry_listed m;
    if (!registry_listed_get(r, &m))
        return false;
    if (n->ops->listed)
        n->ops->listed(n->arg, &m);
    return true;
}

static void on_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct name_registry *n = arg;
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    bool ok = h->type == REGISTRY_HELLO    ? on_hello(n, &r)
              : h->type == REGISTRY_DONE   ? on_done(n, &r)
              : h->type == REGISTRY_LISTED ? on_listed(n, &r)
                                           : false;
    if (!ok)
        on_gone(n, p, "it sent what is no message");
    else if (n->peer && n->prompt)
        arm(n->late, SILENT_MS);
    else if (n->peer)
        evtimer_del(n->late);
}

static const struct peer_ops peer_ops = {.frame = on_frame, .gone = on_gone, .name = registry_name};

/* --- */

struct name_registry *name_registry_create(struct event_base *base, const char *addresses, const char *key,
                                           const struct name_registry_ops *ops, void *arg)
{
    struct name_registry *n = xcalloc(1, sizeof *n);
    *n = (struct name_registry){.base = base, .addresses = xstrdup(addresses), .key = key ? xstrdup(key) : NULL};
    n->ops = ops;
    n->arg = arg;
    n->again_ms = AGAIN_MS;
    n->late = evtimer_new(base, on_late, n);
    n->again = evtimer_new(base, on_again, n);
    if (!n->late || !n->again)
        log_fatal("out of memory");
    TAILQ_INIT(&n->order);
    return n;
}

void name_registry_destroy(struct name_registry *n)
{
    if (!n)
        return;
    name_call_drop(n->call);
    peer_destroy(n->peer);
    while (!TAILQ_EMPTY(&n->order))
        request_free(n, TAILQ_FIRST(&n->order));
    while (n->ours)
        name_ours_drop(&n->ours, n->ours->entry.name);
    event_free(n->late);
    event_free(n->again);
    free(n->addresses);
    free(n->key);
    free(n);
}

void name_registry_publish(struct name_registry *n, uint32_t id, const struct registry_entry *e)
{
    ask_publish(n, id, e)->ours = name_ours_create(e);
}

void name_registry_lookup(struct name_registry *n, uint32_t id, struct bytes name, bool wait)
{
    struct buf b;
    buf_init(&b);
    registry_lookup_put(&b, &(struct registry_lookup){.id = id, .wait = wait, .name = name});
    ask(n, id, REGISTRY_LOOKUP, wait, &b);
}

void name_registry_unpublish(struct name_registry *n, uint32_t id, struct bytes name)
{
    ask_unpublish(n, id, name);
    name_ours_drop(&n->ours, name);
}

void name_registry_list(struct name_registry *n, uint32_t id)
{
    struct buf b;
    buf_init(&b);
    registry_list_put(&b, &(struct registry_list){.id = id});
    ask(n, id, REGISTRY_LIST, false, &b);
}

void name_registry_forget(struct name_registry *n, uint32_t id)
{
    struct request *q = find_request(n, id);
    struct buf b;
    if (!q)
        return;
    if (q->type != REGISTRY_LOOKUP) {
        q->forgotten = true;
        return;
    }
    request_free(n, q);
    if (!n->peer)
        return;
    buf_init(&b);
    registry_forget_put(&b, &(struct registry_forget){.id = id});
    peer_send(n->peer, REGISTRY_FORGET, 0, 0, &b);
    buf_fini(&b);
}

void name_registry_drop(struct name_registry *n, struct bytes name)
{
    if (name_ours_find(n->ours, name) && n->peer)
        ask_unpublish(n, OF_NOBODY + n->numbers++, name);
    name_ours_drop(&n->ours, name);
}
