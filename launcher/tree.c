/* SPDX-License-Identifier: BSD-3-Clause */
#include "launcher/tree.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/start.h"
#include "common/xalloc.h"
#include "launcher/events.h"
#include "launcher/job.h"
#include "launcher/root.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A busy machine may not let a proxy run for some seconds. */
#define SHUTDOWN_PATIENCE_S 6
#define KILL_PATIENCE_S 6 /* for what SIGKILL has been sent to; half of it where it was sent at once */

static void link_drop(struct link *l, const char *why)
{
    struct mpiexec *m = l->m;
    peer_destroy(l->peer);
    l->peer = NULL;
    m->links_left--;
    if (!m->ending)
        events_nodes_lost(m, l->first, l->count, why);
    if (m->links_left == 0)
        event_base_loopexit(m->base, NULL);
}

/* A proxy that died leaves its ranks' orphans to us: children that we did not start. Each of them may leave others. */
static void kill_orphans(struct mpiexec *m)
{
    if (m->ending)
        return; /* all go at once then */
    pid_t *known = xcalloc(m->nlinks, sizeof *known);
    size_t n = 0;
    for (uint32_t i = 0; i < m->nlinks; i++)
        if (m->links[i].process.pid)
            known[n++] = m->links[i].process.pid;
    descendants_kill_others(known, n);
    free(known);
}

static void link_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct link *l = arg;
    char why[128];
    if (events_frame(l, h, payload))
        return;
    snprintf(why, sizeof why, "it sent a %s message that no proxy of this version sends", control_name(h->type));
    link_drop(l, why);
}

static void link_gone(void *arg, struct peer *p, const char *why)
{
    struct link *l = arg;
    char text[128];
    if (l->m->ending) {
        link_drop(l, why);
        return;
    }
    start_describe_end(&l->process, why, text, sizeof text);
    link_drop(l, text);
    kill_orphans(l->m);
}

static const struct peer_ops link_ops = {link_frame, link_gone, NULL};

static int link_start(struct mpiexec *m, struct link *l, const char *proxy, uint32_t radix, char **names, struct err *e)
{
    int fd = start_fork(proxy, &m->nofile, &l->process.pid, e);
    if (fd < 0)
        return -1;
    l->peer = peer_create(m->base, fd, names[l->first], &link_ops, l);
    m->links_left++;
    struct control_setup s = {l->first, l->count, radix, m->opt.verbose, names + l->first};
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

int tree_start(struct mpiexec *m, struct err *e)
{
    char proxy[PATH_MAX];
    if (start_proxy_path(proxy, sizeof proxy, e) < 0)
        return -1;
    uint32_t radix = m->opt.radix > 0 ? (uint32_t)m->opt.radix : default_radix(m->nnodes);
    uint32_t *part = xcalloc(m->nnodes < radix ? m->nnodes : radix, sizeof *part);
    char **names = xcalloc(m->nnodes, sizeof *names);
    for (uint32_t i = 0; i < m->nnodes; i++)
        names[i] = (char *)m->nodes[i].name;
    m->nlinks = start_split(m->nnodes, radix, part);
    m->links = xcalloc(m->nlinks, sizeof *m->links);
    int rc = 0;
    for (uint32_t i = 0, first = 0; i < m->nlinks && rc == 0; first += part[i++]) {
        m->links[i] = (struct link){.m = m, .index = i, .first = first, .count = part[i]};
        rc = link_start(m, &m->links[i], proxy, radix, names, e);
    }
    free(part);
    free(names);
    m->at.proxies_started = mpiexec_now();
    return rc;
}

void tree_sendv(struct mpiexec *m, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    for (uint32_t i = 0; i < m->nlinks; i++) {
        struct link *l = &m->links[i];
        if (l->peer && (node == FRAME_ALL_NODES || node - l->first < l->count))
            peer_sendv(l->peer, type, job, node, iov, n);
    }
}

void tree_send(struct mpiexec *m, unsigned type, unsigned job, uint32_t node, const struct buf *payload)
{
    if (payload && payload->failed)
        log_fatal("out of memory");
    struct iovec iov = {payload ? payload->data : NULL, payload ? payload->len : 0};
    tree_sendv(m, type, job, node, &iov, 1);
}

void tree_hold(struct mpiexec *m)
{
    for (uint32_t i = 0; i < m->nlinks; i++)
        if (m->links[i].peer)
            peer_pause(m->links[i].peer);
}

void tree_go_on(struct mpiexec *m)
{
    for (uint32_t i = 0; i < m->nlinks; i++)
        if (m->links[i].peer)
            peer_resume(m->links[i].peer);
}

void tree_shutdown(struct mpiexec *m)
{
    if (m->ending)
        return;
    m->ending = true;
    tree_send(m, CONTROL_SHUTDOWN, 0, FRAME_ALL_NODES, NULL);
    struct timeval patience = {SHUTDOWN_PATIENCE_S, 0};
    event_base_loopexit(m->base, m->links_left ? &patience : NULL);
}

/* A stopped proxy, a process in the kernel's hands, a reader of our output who does not read: nothing of these may keep
 * us. */
void tree_give_up(struct mpiexec *m)
{
    m->gave_up = true;
    for (uint32_t i = 0; i < m->nlinks; i++)
        if (m->links[i].peer)
            link_drop(&m->links[i], "it does not answer");
    tree_shutdown(m);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    tree_give_up(arg);
}

void tree_deadline(struct mpiexec *m, double grace)
{
    if (!m->deadline)
        m->deadline = evtimer_new(m->base, on_deadline, m);
    struct timeval t = {(time_t)grace + (grace > 0 ? KILL_PATIENCE_S : KILL_PATIENCE_S / 2),
                        (suseconds_t)((grace - (double)(time_t)grace) * 1e6)};
    if (!m->deadline || evtimer_add(m->deadline, &t) < 0)
        log_fatal("out of memory");
}

void tree_reap(struct mpiexec *m)
{
    pid_t pid;
    int status;
    bool any = false;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        any = true;
        for (uint32_t i = 0; i < m->nlinks; i++)
            if (m->links[i].process.pid == pid)
                m->links[i].process = (struct start_process){0, status};
    }
    if (any)
        kill_orphans(m);
}
