/* SPDX-License-Identifier: BSD-3-Clause
 *
 * server: who has proven to have the key is believed as far as messages can be; who sends anything else loses its link.
 * One that does not read what it asked for is not read from.
 */
#include "registry/server.h"

#include "common/log.h"
#include "common/peer.h"
#include "common/printable.h"
#include "common/strangers.h"
#include "common/xalloc.h"
#include "registry/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define TABLE_BYTES ((size_t)256 << 20)
#define FULL_MS 1000 /* nobody is taken in for so long where no descriptor is left */

struct client {
    LIST_ENTRY(client) next;
    struct server *server;
    struct peer *peer;
    struct name_owner owner;
    char name[PRINTABLE_WIDTH * REGISTRY_OWNER_MAX + 1];
    bool greeted;
};

struct server {
    struct event_base *base;
    struct strangers *strangers;
    struct name_table *table;
    LIST_HEAD(, client) clients;
    bool said_full;
};

static void client_end(struct client *c, const char *why)
{
    log_debug("%s has left: %s", c->name, why);
    name_table_leave(c->server->table, &c->owner);
    LIST_REMOVE(c, next);
    peer_destroy(c->peer);
    free(c);
}

static struct client *client_of(const struct name_owner *o)
{
    return (struct client *)((char *)o - offsetof(struct client, owner));
}

static void answer(struct client *c, uint64_t id, enum registry_result r, struct bytes port)
{
    struct buf b;
    buf_init(&b);
    registry_done_put(&b, &(struct registry_done){.id = id, .result = r, .port = port});
    peer_send(c->peer, REGISTRY_DONE, 0, 0, &b);
    buf_fini(&b);
}

static void on_found(void *arg, struct name_owner *of, uint64_t id, struct bytes port)
{
    answer(client_of(of), id, REGISTRY_DONE_WELL, port);
}

/* --- messages. False: it is none. */

static bool on_hello(struct client *c, struct rbuf *r)
{
    struct registry_hello theirs, ours = registry_greet();
    struct buf b;
    if (!registry_hello_get(r, &theirs))
        return false;
    buf_init(&b);
    registry_hello_put(&b, &ours);
    peer_send(c->peer, REGISTRY_HELLO, 0, 0, &b);
    buf_fini(&b);
    c->greeted = theirs.version == ours.version;
    if (!c->greeted)
        peer_flush(c->peer); /* which is all that it can understand */
    return c->greeted;
}

static bool on_publish(struct client *c, struct rbuf *r)
{
    struct registry_publish m;
    if (!registry_publish_get(r, &m))
        return false;
    answer(c, m.id, name_table_publish(c->server->table, &c->owner, &m.entry), (struct bytes){NULL, 0});
    return true;
}

static bool on_lookup(struct client *c, struct rbuf *r)
{
    struct registry_lookup m;
    struct bytes port = {NULL, 0};
    if (!registry_lookup_get(r, &m))
        return false;
    enum registry_result result = name_table_lookup(c->server->table, &c->owner, &m, &port);
    if (result != REGISTRY_RESULTS)
        answer(c, m.id, result, port);
    return true;
}

static bool on_unpublish(struct client *c, struct rbuf *r)
{
    struct registry_unpublish m;
    if (!registry_unpublish_get(r, &m))
        return false;
    answer(c, m.id, name_table_unpublish(c->server->table, &c->owner, m.name), (struct bytes){NULL, 0});
    return true;
}

static bool on_forget(struct client *c, struct rbuf *r)
{
    struct registry_forget m;
    if (!registry_forget_get(r, &m))
        return false;
    name_table_forget(c->server->table, &c->owner, m.id);
    return true;
}

struct listing {
    struct client *to;
    uint64_t id;
};

static void list_one(void *arg, const struct name_owner *of, const struct registry_entry *e)
{
    const struct listing *l = arg;
    const char *owner = client_of(of)->name;
    struct buf b;
    buf_init(&b);
    registry_listed_put(&b, &(struct registry_listed){.id = l->id, .owner = {owner, strlen(owner)}, .entry = *e});
    peer_send(l->to->peer, REGISTRY_LISTED, 0, 0, &b);
    buf_fini(&b);
}

static bool on_list(struct client *c, struct rbuf *r)
{
    struct registry_list m;
    if (!registry_list_get(r, &m))
        return false;
    struct listing l = {c, m.id};
    name_table_each(c->server->table, list_one, &l);
    answer(c, m.id, REGISTRY_DONE_WELL, (struct bytes){NULL, 0});
    return true;
}

static bool (*const handlers[REGISTRY_END])(struct client *c, struct rbuf *r) = {
    [REGISTRY_HELLO] = on_hello,         [REGISTRY_PUBLISH] = on_publish, [REGISTRY_LOOKUP] = on_lookup,
    [REGISTRY_UNPUBLISH] = on_unpublish, [REGISTRY_FORGET] = on_forget,   [REGISTRY_LIST] = on_list,
};

static void on_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct client *c = arg;
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    bool known = h->type < REGISTRY_END && handlers[h->type] && (c->greeted || h->type == REGISTRY_HELLO);
    if (!known || !handlers[h->type](c, &r))
        client_end(c, "it does not speak as mpiexecs of this version do");
    else if (peer_congested(p) && !peer_is_paused(p))
        peer_pause(p);
}

static void on_drained(void *arg, struct peer *p)
{
    if (peer_is_paused(p))
        peer_resume(p);
}

static void on_gone(void *arg, struct peer *p, const char *why)
{
    client_end(arg, why);
}

static const struct peer_ops peer_ops = {on_frame, on_gone, on_drained, registry_name};

static void take_in(void *arg, int fd, const char *name)
{
    struct server *s = arg;
    struct client *c = xcalloc(1, sizeof *c);
    c->server = s;
    printable_put(c->name, sizeof c->name, name, strlen(name));
    c->peer = peer_create(s->base, fd, fd, c->name, &peer_ops, c);
    LIST_INSERT_HEAD(&s->clients, c, next);
    log_debug("%s has come", c->name);
}

static void on_full(void *arg)
{
    struct server *s = arg;
    if (!s->said_full)
        log_warn("no descriptor is left for an mpiexec that connects: %m (raise the limit with ulimit -n)");
    s->said_full = true;
    strangers_pause(s->strangers, FULL_MS);
}

static const struct strangers_ops strangers_ops = {take_in, on_full};

struct server *server_create(struct event_base *base, const struct listen_wish *wish, const char *key, struct err *e)
{
    struct server *s = xcalloc(1, sizeof *s);
    s->base = base;
    s->table = name_table_create(TABLE_BYTES, on_found, s);
    s->strangers = strangers_create(base, wish, NULL, key, &strangers_ops, s, e);
    if (s->strangers)
        return s;
    server_destroy(s);
    return NULL;
}

const char *server_addresses(const struct server *s)
{
    return strangers_addresses(s->strangers);
}

void server_destroy(struct server *s)
{
    struct client *c;
    if (!s)
        return;
    strangers_destroy(s->strangers);
    while ((c = LIST_FIRST(&s->clients)))
        client_end(c, "the end");
    name_table_destroy(s->table);
    free(s);
}
