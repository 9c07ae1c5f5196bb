/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree: the links to the proxies right below, from their start to their end.
 *
 * A subtree that does not come up whole is started once more, each of its nodes by a link of its own from here: so a
 * proxy that cannot start others, or dies meanwhile, costs nothing but time, and a host that is bad is found out by us.
 * That is safe as long as nothing was sent down: no rank runs there.
 */
#include "launcher/tree.h"

#include "common/descendants.h"
#include "common/link.h"
#include "common/log.h"
#include "common/this_host.h"
#include "common/xalloc.h"
#include "launcher/hosts.h"
#include "launcher/tree_way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A busy machine may not let a proxy run for some seconds. */
#define SHUTDOWN_PATIENCE_S 6
#define DESCRIPTORS_OWN 32   /* besides those of links */
#define DESCRIPTORS_FAR 192  /* while connections come up */
#define DESCRIPTORS_LINKS 16 /* a few links fail for themselves, in words of their own */
#define COMPLAINTS_MAX 32    /* lines about hosts that cannot be used */

/* The processes of all proxies. The caller frees the list. */
static pid_t *proxies(const struct cluster *c, size_t *n)
{
    size_t nfar;
    pid_t *near = starter_pids(&c->starter, n), *far = starter_pids(&c->far, &nfar);
    near = xreallocarray(near, *n + nfar + 1, sizeof *near);
    memcpy(near + *n, far, nfar * sizeof *far);
    free(far);
    *n += nfar;
    return near;
}

/* A proxy that died leaves its ranks' orphans to us: children that we did not start. Each of them may leave others. */
static void kill_orphans(struct cluster *c)
{
    if (c->ending || !c->orphans)
        return; /* at the end all go at once */
    size_t n;
    pid_t *known = proxies(c, &n);
    descendants_kill_others(known, n);
    free(known);
}

static const char *failure_of(const struct link *l)
{
    static char text[512];
    start_failure_text(&l->failure, link_name(l), text, sizeof text);
    return text;
}

static void complain(struct cluster *c, const struct link *l)
{
    if (c->complaints++ < COMPLAINTS_MAX)
        log_info("%s", failure_of(l));
}

static void not_started(struct cluster *c, struct link *l)
{
    if (l->count > 1) {
        links_start(&c->links, l->first, l->count, l->count);
        return;
    }
    complain(c, l);
    c->unstarted[c->nunstarted++] = l->first;
}

static void link_ready(void *arg, struct link *l)
{
    struct cluster *c = arg;
    if (!l->aside || c->ending)
        return;
    l->aside = false;
    c->ops->joined(c->arg, l->first, NULL);
}

static void link_lost(void *arg, struct link *l)
{
    struct cluster *c = arg;
    if (!c->ending && l->aside)
        c->ops->joined(c->arg, l->first, failure_of(l));
    else if (!c->ending && !c->cancelled && !l->used)
        not_started(c, l);
    else if (!c->ending)
        c->ops->lost(c->arg, l->first, l->count, l->failure.cause);
    if (c->links.left == 0)
        event_base_loopexit(c->base, NULL);
    c->orphans |= l->used;
    kill_orphans(c);
}

static bool link_frame(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    struct cluster *c = arg;
    return c->ops->frame(c->arg, l, h, payload);
}

static void links_settled(void *arg)
{
    struct cluster *c = arg;
    uint32_t n = c->nunstarted;
    if (c->ending || c->cancelled || !c->links.hold) /* later ones are told of one by one */
        return;
    if (c->complaints > COMPLAINTS_MAX)
        log_info("and %u more hosts", c->complaints - COMPLAINTS_MAX);
    c->nunstarted = c->complaints = 0;
    c->ops->settled(c->arg, c->unstarted, n);
    if (!c->cancelled)
        links_release(&c->links);
}

static const struct link_ops link_ops = {link_frame, link_ready, link_lost, links_settled};

/* Few hosts: flat. Many: about the square root of them below mpiexec, so that two levels serve 10,000 nodes. */
static uint32_t default_radix(uint32_t nnodes)
{
    uint32_t r = 32;
    while (r * r < nnodes)
        r++;
    return r;
}

/* Where hosts need not reach one another, each of them is ours. */
static uint32_t choose_width(const struct cluster *c)
{
    return (c->starter.ops->is_flat && !c->starter.below) || c->nnodes < c->links.radix ? c->nnodes : c->links.radix;
}

/* What is raised already cannot be raised any more. */
static int check_descriptors(const struct start_ops *ops, uint32_t links, struct err *e)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)links * ops->descriptors + (ops->is_far ? DESCRIPTORS_FAR : 0) + DESCRIPTORS_OWN;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need || links < DESCRIPTORS_LINKS)
        return 0;
    return err_set(e,
                   "links to %u hosts need %llu descriptors, and the limit is %llu: raise the hard limit (ulimit -Hn, "
                   "/etc/security/limits.conf)",
                   links, (unsigned long long)need, (unsigned long long)limit.rlim_cur);
}

int tree_start(struct cluster *c, const struct options *o, const struct tree_ops *ops, void *arg, struct err *e)
{
    if (tree_way(c, &c->starter, c->is_remote ? hosts_way(c, o) : NULL, o, e) < 0)
        return -1;
    if (o->back_typed && !c->starter.ops->calls_back)
        log_info("--iface has no effect: no proxy connects back where hosts are reached by %s", c->starter.ops->name);
    c->ops = ops;
    c->arg = arg;
    c->unstarted = xcalloc(c->nnodes, sizeof *c->unstarted);
    c->names = xcalloc(c->nnodes, sizeof *c->names);
    for (uint32_t i = 0; i < c->nnodes; i++)
        c->names[i] = (char *)c->nodes[i].name;
    c->links = (struct links){.base = c->base,
                              .starter = &c->starter,
                              .ops = &link_ops,
                              .arg = c,
                              .nnodes = c->nnodes,
                              .names = c->names,
                              .radix = o->radix > 0 ? (uint32_t)o->radix : default_radix(c->nnodes),
                              .loud = options_loud(o),
                              .hold = true};
    if (check_descriptors(c->starter.ops, choose_width(c), e) < 0)
        return -1;
    links_init(&c->links);
    links_start(&c->links, 0, c->nnodes, choose_width(c));
    return 0;
}

/* How strangers are reached: as the others, or as those of other machines, where all were this one so far. */
static struct starter *starter_for(struct cluster *c, const struct options *o, uint32_t node, struct err *e)
{
    const char *name = c->names[node];
    bool is_far = !c->is_simulated && !this_host_is(name);
    struct starter *st = is_far && (c->far.ops || !c->is_remote) ? &c->far : &c->starter;
    const struct start_ops *ops = st->ops ? st->ops : hosts_way(c, o);
    if (ops->calls_back) {
        err_set(e, "host %s is not one of this run's, and %s starts proxies at the beginning alone: name it in --hosts",
                name, ops->name);
        return NULL;
    }
    return st->ops || tree_way(c, st, ops, o, e) == 0 ? st : NULL;
}

int tree_grow(struct cluster *c, const struct options *o, uint32_t node, struct err *e)
{
    struct starter *st = starter_for(c, o, node, e);
    if (!st || check_descriptors(st->ops, c->links.left + 1, e) < 0)
        return -1;
    if (st == &c->far) {
        c->is_here = false;
        c->is_remote = true;
    }
    c->links.starter = st;
    links_start_aside(&c->links, node);
    return 0;
}

void tree_sendv(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    links_sendv(&c->links, type, job, node, iov, n);
}

void tree_send_link(struct cluster *c, uint32_t link, unsigned type, const void *p, size_t n)
{
    struct link *l = c->links.v[link];
    struct iovec iov = {(void *)p, n};
    link_sendv(l, type, 0, l->first, &iov, 1);
}

void tree_send(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct buf *payload)
{
    if (payload && payload->failed)
        log_fatal("unable to write a %s message: out of memory, or a field of it is too long", control_name(type));
    struct iovec iov = {payload ? payload->data : NULL, payload ? payload->len : 0};
    tree_sendv(c, type, job, node, &iov, 1);
}

void tree_pause(struct cluster *c)
{
    links_pause(&c->links);
}

void tree_resume(struct cluster *c)
{
    links_resume(&c->links);
}

void tree_rest(struct cluster *c)
{
    links_rest(&c->links);
    links_flush(&c->links);
}

#define NOT_NEEDED "it was no longer needed"

static void drop_all(struct cluster *c, const char *why)
{
    for (uint32_t i = 0; i < c->links.n; i++)
        link_drop(c->links.v[i], why);
}

/* Those on which nothing runs yet. */
static void drop_coming(struct cluster *c)
{
    for (uint32_t i = 0; i < c->links.n; i++)
        if (c->links.hold || c->links.v[i]->aside)
            link_drop(c->links.v[i], NOT_NEEDED);
}

void tree_cancel(struct cluster *c)
{
    if (!c->links.hold || c->cancelled || c->ending)
        return;
    c->cancelled = true;
    drop_all(c, NOT_NEEDED);
}

bool tree_is_open(const struct cluster *c)
{
    return !c->links.hold;
}

bool tree_inherits_stdio(const struct cluster *c)
{
    return c->nnodes == 1 && c->starter.ops->inherits_stdio;
}

void tree_shutdown(struct cluster *c)
{
    if (c->ending)
        return;
    c->ending = c->links.ending = true;
    drop_coming(c);
    tree_send(c, CONTROL_SHUTDOWN, 0, FRAME_ALL_NODES, NULL);
    if (c->starter.ops->ends_by_input)
        links_finish(&c->links);
    struct timeval patience = {SHUTDOWN_PATIENCE_S, 0};
    event_base_loopexit(c->base, c->links.left ? &patience : NULL);
}

/* A stopped proxy, a process in the kernel's hands, a reader of our output who does not read: nothing of these may keep
 * us. */
void tree_give_up(struct cluster *c)
{
    c->gave_up = true;
    drop_all(c, "it does not answer");
    tree_shutdown(c);
}

void tree_cut(struct cluster *c)
{
    links_fini(&c->links);
}

void tree_leave(struct cluster *c)
{
    starter_leave(&c->starter);
    starter_leave(&c->far);
}

void tree_reap(struct cluster *c)
{
    pid_t pid;
    int status;
    bool any = false;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        any |= WIFEXITED(status) || WIFSIGNALED(status);
        if (!starter_reaped(&c->starter, pid, status))
            starter_reaped(&c->far, pid, status);
    }
    if (any)
        kill_orphans(c);
}
