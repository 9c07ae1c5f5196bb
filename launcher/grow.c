/* SPDX-License-Identifier: BSD-3-Clause
 *
 * grow: who waits for which hosts. A proxy that joins is told of the jobs that run, so that its ranks can ask for their
 * values.
 */
#include "launcher/grow.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/tree.h"

#include <stdlib.h>
#include <string.h>

struct grow_node {
    bool coming; /* its proxy is on its way */
    char *why;   /* it could not be started; NULL: that was not tried */
};

struct grow_wait {
    uint32_t *nodes; /* that were coming */
    uint32_t n, left;
    void (*done)(void *arg);
    void *arg;
    TAILQ_ENTRY(grow_wait) link;
};

struct grow {
    struct grow_node *nodes; /* n, by node */
    uint32_t n;
    TAILQ_HEAD(, grow_wait) waits;
};

static struct grow *grow_of(struct run *run)
{
    if (!run->grow) {
        run->grow = xcalloc(1, sizeof *run->grow);
        TAILQ_INIT(&run->grow->waits);
    }
    struct grow *g = run->grow;
    uint32_t n = run->cluster->nnodes;
    g->nodes = xreallocarray(g->nodes, n, sizeof *g->nodes);
    memset(g->nodes + g->n, 0, (n - g->n) * sizeof *g->nodes);
    g->n = n;
    return g;
}

/* Its proxy was never there: nothing is lost by another try. */
static bool can_be_tried(const struct cluster *c, uint32_t node)
{
    uint32_t at = node < c->links.nnodes ? c->links.route[node] : LINK_NONE;
    return c->node_lost[node] && (at == LINK_NONE || !c->links.v[at]->used);
}

static void node_failed(struct grow_node *n, const char *why)
{
    log_debug("%s", why);
    free(n->why);
    n->why = xstrdup(why);
}

static void start_node(struct run *run, uint32_t node)
{
    struct grow_node *n = &run->grow->nodes[node];
    struct err e;
    if (n->coming || !can_be_tried(run->cluster, node))
        return;
    n->coming = tree_grow(run->cluster, &run->opt, node, &e) == 0;
    if (!n->coming)
        node_failed(n, e.text);
}

static void add_strangers(struct cluster *c, const struct hostlist *hosts)
{
    struct hostlist more = {0};
    struct err e;
    uint32_t before = c->nnodes;
    int rc = 0;
    for (size_t i = 0; i < hosts->n && rc == 0; i++)
        if (cluster_find_node(c, hosts->hosts[i].name) < 0)
            rc = hostlist_add(&more, &hosts->hosts[i], &e);
    if (rc == 0 && more.n)
        rc = cluster_grow(c, &more, &e);
    if (rc < 0)
        log_debug("%s", e.text); /* those that are not there are told of by grow_check */
    shapes_grow(c, before);
    hostlist_fini(&more);
}

/* Those whose last host has come, or will not. */
static void serve_waits(struct grow *g)
{
    struct grow_wait *w, *next;
    for (w = TAILQ_FIRST(&g->waits); w; w = next) {
        next = TAILQ_NEXT(w, link);
        if (w->left)
            continue;
        TAILQ_REMOVE(&g->waits, w, link);
        w->done(w->arg);
        free(w->nodes);
        free(w);
    }
}

void grow_ask(struct run *run, const struct hostlist *hosts, void (*done)(void *arg), void *arg)
{
    add_strangers(run->cluster, hosts);
    struct grow *g = grow_of(run);
    struct grow_wait *w = xcalloc(1, sizeof *w);
    *w = (struct grow_wait){.nodes = xcalloc(hosts->n + 1, sizeof *w->nodes), .done = done, .arg = arg};
    for (size_t i = 0; i < hosts->n; i++) {
        long at = cluster_find_node(run->cluster, hosts->hosts[i].name);
        if (at >= 0)
            start_node(run, (uint32_t)at);
        if (at >= 0 && g->nodes[at].coming)
            w->nodes[w->n++] = (uint32_t)at;
    }
    w->left = w->n;
    TAILQ_INSERT_TAIL(&g->waits, w, link);
    serve_waits(g);
}

int grow_check(const struct run *run, const struct hostlist *hosts, struct err *e)
{
    for (size_t i = 0; i < hosts->n; i++) {
        const char *name = hosts->hosts[i].name;
        long at = cluster_find_node(run->cluster, name);
        if (at < 0)
            return err_set(e, "host %s cannot be one of this run's: it would have too many", name);
        const char *why = run->grow->nodes[at].why;
        if (run->cluster->node_lost[at])
            return why ? err_set(e, "%s", why) : err_set(e, "host %s is lost", name);
    }
    return 0;
}

static void tell_jobs(struct run *run, uint32_t node)
{
    struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    if (!j->done) {
        struct buf b;
        buf_init(&b);
        launch_spec_put(&b, &j->spec);
        tree_send(run->cluster, CONTROL_LAUNCH, j->spec.job, node, &b);
        buf_fini(&b);
    }
}

void grow_joined(struct run *run, uint32_t node, const char *why)
{
    struct grow *g = run->grow;
    g->nodes[node].coming = false;
    root_links(run);
    if (why) {
        char *text = xasprintf("host %s", why);
        node_failed(&g->nodes[node], text);
        free(text);
    } else {
        run->cluster->node_lost[node] = false;
        shapes_node_joined(run->cluster, node);
        tell_jobs(run, node);
    }
    struct grow_wait *w;
    TAILQ_FOREACH(w, &g->waits, link)
    for (uint32_t i = 0; i < w->n; i++)
        w->left -= w->nodes[i] == node;
    serve_waits(g);
}
