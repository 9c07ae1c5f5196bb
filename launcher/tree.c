/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree: the links to the proxies right below, from their start to their end.
 */
#include "launcher/tree.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/start.h"
#include "common/xalloc.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A busy machine may not let a proxy run for some seconds. */
#define SHUTDOWN_PATIENCE_S 6

static void link_drop(struct link *l, const char *why)
{
    struct cluster *c = l->cluster;
    peer_destroy(l->peer);
    l->peer = NULL;
    c->links_left--;
    if (!c->ending)
        c->ops->lost(c->arg, l->first, l->count, why);
    if (c->links_left == 0)
        event_base_loopexit(c->base, NULL);
}

/* A proxy that died leaves its ranks' orphans to us: children that we did not start. Each of them may leave others. */
static void kill_orphans(struct cluster *c)
{
    if (c->ending)
        return; /* all go at once then */
    pid_t *known = xcalloc(c->nlinks, sizeof *known);
    size_t n = 0;
    for (uint32_t i = 0; i < c->nlinks; i++)
        if (c->links[i].process.pid)
            known[n++] = c->links[i].process.pid;
    descendants_kill_others(known, n);
    free(known);
}

/* A greeting is read alone first: what follows it may differ between versions. */
static void link_hello(struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_greeting g;
    struct control_hello hello;
    char why[256] = "it did not greet as a proxy does";
    rbuf_init(&r, payload, h->len);
    if (h->type == CONTROL_HELLO && control_greeting_get(&r, &g) && control_greeting_fits(&g, why, sizeof why)) {
        rbuf_init(&r, payload, h->len);
        l->greeted = control_hello_get(&r, &hello);
    }
    if (!l->greeted)
        link_drop(l, why);
}

static void link_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct link *l = arg;
    char why[128];
    struct cluster *c = l->cluster;
    if (!l->greeted) {
        link_hello(l, h, payload);
        return;
    }
    if (c->ops->frame(c->arg, l, h, payload))
        return;
    snprintf(why, sizeof why, "it sent a %s message that no proxy of this version sends", control_name(h->type));
    link_drop(l, why);
}

static void link_gone(void *arg, struct peer *p, const char *why)
{
    struct link *l = arg;
    char text[128];
    if (l->cluster->ending) {
        link_drop(l, why);
        return;
    }
    start_describe_end(&l->process, why, text, sizeof text);
    link_drop(l, text);
    kill_orphans(l->cluster);
}

static const struct peer_ops link_ops = {link_frame, link_gone, NULL};

static int link_start(struct cluster *c, struct link *l, const char *proxy, uint32_t radix, bool verbose, char **names,
                      struct err *e)
{
    int fd = start_fork(proxy, &c->nofile, &l->process.pid, e);
    if (fd < 0)
        return -1;
    l->peer = peer_create(c->base, fd, fd, names[l->first], &link_ops, l);
    c->links_left++;
    struct control_setup s = {.from = control_greet(),
                              .first = l->first,
                              .radix = radix,
                              .verbose = verbose,
                              .backend = "fork",
                              .names = names + l->first,
                              .nnodes = l->count};
    struct buf b;
    buf_init(&b);
    control_setup_put(&b, &s);
    peer_send(l->peer, CONTROL_SETUP, 0, l->first, &b);
    peer_flush(l->peer);
    buf_fini(&b);
    return 0;
}

/* Few hosts: flat. Many: about the square root of them below mpiexec, so that two levels serve 10,000 nodes. */
static uint32_t default_radix(uint32_t nnodes)
{
    uint32_t r = 32;
    while (r * r < nnodes)
        r++;
    return r;
}

int tree_start(struct cluster *c, const struct options *o, const struct tree_ops *ops, void *arg, struct err *e)
{
    char proxy[PATH_MAX];
    if (start_proxy_path(proxy, sizeof proxy, e) < 0)
        return -1;
    c->ops = ops;
    c->arg = arg;
    uint32_t radix = o->radix > 0 ? (uint32_t)o->radix : default_radix(c->nnodes);
    uint32_t *part = xcalloc(c->nnodes < radix ? c->nnodes : radix, sizeof *part);
    char **names = xcalloc(c->nnodes, sizeof *names);
    for (uint32_t i = 0; i < c->nnodes; i++)
        names[i] = (char *)c->nodes[i].name;
    c->nlinks = start_split(c->nnodes, radix, part);
    c->links = xcalloc(c->nlinks, sizeof *c->links);
    int rc = 0;
    for (uint32_t i = 0, first = 0; i < c->nlinks && rc == 0; first += part[i++]) {
        c->links[i] = (struct link){.cluster = c, .index = i, .first = first, .count = part[i]};
        rc = link_start(c, &c->links[i], proxy, radix, o->verbose, names, e);
    }
    free(part);
    free(names);
    return rc;
}

void tree_sendv(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    for (uint32_t i = 0; i < c->nlinks; i++) {
        struct link *l = &c->links[i];
        if (l->peer && (node == FRAME_ALL_NODES || node - l->first < l->count))
            peer_sendv(l->peer, type, job, node, iov, n);
    }
}

void tree_send_link(struct cluster *c, uint32_t link, unsigned type, const void *p, size_t n)
{
    struct link *l = &c->links[link];
    struct iovec iov = {(void *)p, n};
    if (l->peer)
        peer_sendv(l->peer, type, 0, l->first, &iov, 1);
}

void tree_send(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct buf *payload)
{
    if (payload && payload->failed)
        log_fatal("unable to write a %s message: out of memory, or a field of it is too long", control_name(type));
    struct iovec iov = {payload ? payload->data : NULL, payload ? payload->len : 0};
    tree_sendv(c, type, job, node, &iov, 1);
}

void tree_hold(struct cluster *c)
{
    for (uint32_t i = 0; i < c->nlinks; i++)
        if (c->links[i].peer)
            peer_pause(c->links[i].peer);
}

void tree_go_on(struct cluster *c)
{
    for (uint32_t i = 0; i < c->nlinks; i++)
        if (c->links[i].peer)
            peer_resume(c->links[i].peer);
}

void tree_flush(struct cluster *c)
{
    for (uint32_t i = 0; i < c->nlinks; i++)
        if (c->links[i].peer)
            peer_flush(c->links[i].peer);
}

void tree_shutdown(struct cluster *c)
{
    if (c->ending)
        return;
    c->ending = true;
    tree_send(c, CONTROL_SHUTDOWN, 0, FRAME_ALL_NODES, NULL);
    struct timeval patience = {SHUTDOWN_PATIENCE_S, 0};
    event_base_loopexit(c->base, c->links_left ? &patience : NULL);
}

/* A stopped proxy, a process in the kernel's hands, a reader of our output who does not read: nothing of these may keep
 * us. */
void tree_give_up(struct cluster *c)
{
    c->gave_up = true;
    for (uint32_t i = 0; i < c->nlinks; i++)
        if (c->links[i].peer)
            link_drop(&c->links[i], "it does not answer");
    tree_shutdown(c);
}

void tree_cut(struct cluster *c)
{
    for (uint32_t i = 0; i < c->nlinks; i++) {
        peer_destroy(c->links[i].peer);
        c->links[i].peer = NULL;
    }
}

void tree_reap(struct cluster *c)
{
    pid_t pid;
    int status;
    bool any = false;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        any = true;
        for (uint32_t i = 0; i < c->nlinks; i++)
            if (c->links[i].process.pid == pid)
                c->links[i].process = (struct start_process){0, status};
    }
    if (any)
        kill_orphans(c);
}
