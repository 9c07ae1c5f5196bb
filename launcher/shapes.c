/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shapes: one round of questions at a time. Who asks for more while one is under way gets a round of its own after it,
 * for all kinds that were ever asked for. Work per message does not grow with the number of nodes.
 */
#include "launcher/shapes.h"

#include "common/topo/topo.h"
#include "common/xalloc.h"
#include "launcher/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>

/* A topology that some nodes have. */
struct shape {
    uint64_t digest;
    struct topo *topo; /* NULL: not here yet */
    uint32_t asked;    /* the node that was asked for it */
    UT_hash_handle hh;
};

struct waiter {
    unsigned kinds;
    void (*done)(void *arg);
    void *arg;
    STAILQ_ENTRY(waiter) link;
};

struct shapes {
    unsigned kinds;       /* of the last round */
    bool asked;           /* there was one */
    bool *told;           /* by node: it has answered in that round */
    uint64_t *digests;    /* by node; 0: none */
    char **taken;         /* by node: processors that other jobs have; NULL: none */
    uint32_t nodes_left;  /* that have not told, and are not lost */
    uint32_t shapes_left; /* that were asked for and are not here */
    struct shape *by_digest;
    STAILQ_HEAD(, waiter) waiters;
};

static struct shapes *shapes_of(struct cluster *c)
{
    if (c->shapes)
        return c->shapes;
    struct shapes *s = c->shapes = xcalloc(1, sizeof *s);
    s->told = xcalloc(c->nnodes, sizeof *s->told);
    s->digests = xcalloc(c->nnodes, sizeof *s->digests);
    s->taken = xcalloc(c->nnodes, sizeof *s->taken);
    c->networks = xcalloc(c->nnodes, sizeof *c->networks);
    STAILQ_INIT(&s->waiters);
    return s;
}

static bool is_under_way(const struct shapes *s)
{
    return s->nodes_left || s->shapes_left;
}

static bool is_known(const struct shapes *s, unsigned kinds)
{
    return s->asked && !is_under_way(s) && !(kinds & ~s->kinds);
}

static void drop_shapes(struct cluster *c)
{
    struct shape *h, *next;
    for (uint32_t i = 0; i < c->nnodes; i++)
        c->nodes[i].topo = NULL;
    HASH_ITER(hh, c->shapes->by_digest, h, next)
    {
        HASH_DEL(c->shapes->by_digest, h);
        topo_destroy(h->topo);
        free(h);
    }
}

static void ask_nodes(struct cluster *c, unsigned kinds)
{
    struct shapes *s = c->shapes;
    drop_shapes(c);
    s->asked = true;
    s->kinds |= kinds;
    s->nodes_left = 0;
    for (uint32_t i = 0; i < c->nnodes; i++) {
        s->told[i] = c->node_lost[i];
        s->digests[i] = 0;
        s->nodes_left += !c->node_lost[i];
    }
    struct buf b;
    buf_init(&b);
    control_node_ask_put(&b, &(struct control_node_ask){s->kinds});
    tree_send(c, CONTROL_NODE_ASK, 0, FRAME_ALL_NODES, &b);
    buf_fini(&b);
}

static void lend_topos(struct cluster *c)
{
    struct shapes *s = c->shapes;
    for (uint32_t i = 0; i < c->nnodes; i++) {
        struct shape *h;
        HASH_FIND(hh, s->by_digest, &s->digests[i], sizeof s->digests[i], h);
        c->nodes[i].topo = h && !c->node_lost[i] ? h->topo : NULL;
    }
}

/* Serves all whose kinds are known, and begins another round for the others. */
static void serve_waiters(struct cluster *c)
{
    struct shapes *s = c->shapes;
    while (!is_under_way(s) && !STAILQ_EMPTY(&s->waiters)) {
        struct waiter *w = STAILQ_FIRST(&s->waiters);
        if (!is_known(s, w->kinds)) {
            ask_nodes(c, w->kinds);
            continue;
        }
        STAILQ_REMOVE_HEAD(&s->waiters, link);
        w->done(w->arg);
        free(w);
    }
}

static void end_round(struct cluster *c)
{
    if (is_under_way(c->shapes))
        return;
    lend_topos(c);
    serve_waiters(c);
}

void shapes_ask(struct cluster *c, unsigned kinds, void (*done)(void *arg), void *arg)
{
    if (c->is_here) {
        done(arg);
        return;
    }
    struct shapes *s = shapes_of(c);
    struct waiter *w = xmalloc(sizeof *w);
    *w = (struct waiter){.kinds = kinds, .done = done, .arg = arg};
    STAILQ_INSERT_TAIL(&s->waiters, w, link);
    serve_waiters(c);
}

static void ask_topo(struct cluster *c, struct shape *h, uint32_t node)
{
    h->asked = node;
    tree_send(c, CONTROL_TOPO_ASK, 0, node, NULL);
}

static void note_digest(struct cluster *c, uint32_t node, uint64_t digest)
{
    struct shapes *s = c->shapes;
    struct shape *h;
    s->digests[node] = digest;
    HASH_FIND(hh, s->by_digest, &digest, sizeof digest, h);
    if (!digest || h)
        return;
    h = xcalloc(1, sizeof *h);
    h->digest = digest;
    HASH_ADD(hh, s->by_digest, digest, sizeof h->digest, h);
    s->shapes_left++;
    ask_topo(c, h, node);
}

static void note_taken(struct cluster *c, uint32_t node, struct bytes taken)
{
    char **own = &c->shapes->taken[node];
    free(*own);
    c->nodes[node].taken = *own = taken.len ? bytes_dup(taken) : NULL;
}

static void note_networks(struct cluster *c, uint32_t node, const struct control_node_info *info)
{
    struct node_networks *to = &c->networks[node];
    struct rbuf r = list_items(&info->networks);
    struct control_node_network n;
    free(to->v);
    *to = (struct node_networks){.machine = info->machine,
                                 .fabric = info->fabric,
                                 .link = network_whole(info->link_first, info->link_second),
                                 .v = xcalloc(info->networks.n, sizeof *to->v)};
    while (control_node_network_next(&r, &n)) {
        struct network *own = &to->v[to->n++];
        *own = (struct network){.host = network_whole(n.first, n.second), .bits = n.bits, .kind = n.kind};
        memcpy(own->name, n.name, sizeof own->name);
    }
}

bool shapes_info(struct cluster *c, uint32_t node, struct rbuf *r)
{
    struct shapes *s = c->shapes;
    struct control_node_info info;
    if (!control_node_info_get(r, &info) || !s || node >= c->nnodes)
        return false;
    if (c->node_lost[node])
        return true;
    if (s->told[node])
        return false;
    s->told[node] = true;
    s->nodes_left--;
    c->nodes[node].processors = info.processors;
    note_taken(c, node, info.taken);
    note_networks(c, node, &info);
    if (s->kinds)
        note_digest(c, node, info.digest);
    end_round(c);
    return true;
}

bool shapes_topo(struct cluster *c, uint32_t node, struct rbuf *r)
{
    struct shapes *s = c->shapes;
    struct shape *h = NULL;
    if (s && node < c->nnodes)
        HASH_FIND(hh, s->by_digest, &s->digests[node], sizeof s->digests[node], h);
    if (!h || h->topo || h->asked != node || topo_digest(r->data + r->pos, r->len - r->pos) != h->digest)
        return h && h->topo; /* another has sent it meanwhile */
    struct topo *t = topo_get(r);
    if (!t || !rbuf_done(r) || !topo_has_all(t, s->kinds)) {
        topo_destroy(t);
        return false;
    }
    h->topo = t;
    s->shapes_left--;
    end_round(c);
    return true;
}

void shapes_grow(struct cluster *c, uint32_t from)
{
    struct shapes *s = c->shapes;
    if (!s)
        return;
    s->told = xreallocarray(s->told, c->nnodes, sizeof *s->told);
    s->digests = xreallocarray(s->digests, c->nnodes, sizeof *s->digests);
    s->taken = xreallocarray(s->taken, c->nnodes, sizeof *s->taken);
    c->networks = xreallocarray(c->networks, c->nnodes, sizeof *c->networks);
    for (uint32_t i = from; i < c->nnodes; i++) {
        s->told[i] = true;
        s->digests[i] = 0;
        s->taken[i] = NULL;
        c->networks[i] = (struct node_networks){.v = NULL};
    }
}

/* Who asks from now on has another round to wait for. */
void shapes_node_joined(struct cluster *c, uint32_t node)
{
    if (c->shapes)
        c->shapes->asked = false;
}

/* Another node of that shape, for one that is gone; none: nobody needs it. */
static void ask_another(struct cluster *c, struct shape *h)
{
    struct shapes *s = c->shapes;
    for (uint32_t i = 0; i < c->nnodes; i++)
        if (!c->node_lost[i] && s->digests[i] == h->digest) {
            ask_topo(c, h, i);
            return;
        }
    HASH_DEL(s->by_digest, h);
    free(h);
    s->shapes_left--;
}

void shapes_node_lost(struct cluster *c, uint32_t node)
{
    struct shapes *s = c->shapes;
    struct shape *h;
    if (!s || !s->asked)
        return;
    bool under_way = is_under_way(s);
    s->nodes_left -= !s->told[node];
    s->told[node] = true;
    HASH_FIND(hh, s->by_digest, &s->digests[node], sizeof s->digests[node], h);
    if (h && !h->topo && h->asked == node)
        ask_another(c, h);
    if (under_way)
        end_round(c);
}

void shapes_fini(struct cluster *c)
{
    struct shapes *s = c->shapes;
    if (!s)
        return;
    drop_shapes(c);
    while (!STAILQ_EMPTY(&s->waiters)) {
        struct waiter *w = STAILQ_FIRST(&s->waiters);
        STAILQ_REMOVE_HEAD(&s->waiters, link);
        free(w);
    }
    for (uint32_t i = 0; i < c->nnodes; i++) {
        free(s->taken[i]);
        free(c->networks[i].v);
    }
    free(c->networks);
    c->networks = NULL;
    free(s->taken);
    free(s->told);
    free(s->digests);
    free(s);
    c->shapes = NULL;
}
