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
#include "common/xalloc.h"
#include "launcher/hosts.h"
#include "launcher/staging.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A busy machine may not let a proxy run for some seconds. */
#define SHUTDOWN_PATIENCE_S 6
#define HEARTBEAT_S 10       /* of silence, where the user does not say */
#define DESCRIPTORS_OWN 32   /* besides those of links */
#define DESCRIPTORS_FAR 192  /* while connections come up */
#define DESCRIPTORS_LINKS 16 /* a few links fail for themselves, in words of their own */
#define COMPLAINTS_MAX 32    /* lines about hosts that cannot be used */

/* A proxy that died leaves its ranks' orphans to us: children that we did not start. Each of them may leave others. */
static void kill_orphans(struct cluster *c)
{
    if (c->ending || !c->orphans)
        return; /* at the end all go at once */
    size_t n;
    pid_t *known = starter_pids(&c->starter, &n);
    descendants_kill_others(known, n);
    free(known);
}

static void complain(struct cluster *c, const struct link *l)
{
    char text[512];
    start_failure_text(&l->failure, link_name(l), text, sizeof text);
    if (c->complaints++ < COMPLAINTS_MAX)
        log_info("%s", text);
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

static void link_lost(void *arg, struct link *l)
{
    struct cluster *c = arg;
    if (!c->ending && !c->cancelled && !l->used)
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
    if (c->ending || c->cancelled)
        return;
    if (c->complaints > COMPLAINTS_MAX)
        log_info("and %u more hosts", c->complaints - COMPLAINTS_MAX);
    c->nunstarted = c->complaints = 0;
    c->ops->settled(c->arg, c->unstarted, n);
    if (!c->cancelled)
        links_release(&c->links);
}

static const struct link_ops link_ops = {.frame = link_frame, .lost = link_lost, .settled = links_settled};

/* Few hosts: flat. Many: about the square root of them below mpiexec, so that two levels serve 10,000 nodes. */
static uint32_t default_radix(uint32_t nnodes)
{
    uint32_t r = 32;
    while (r * r < nnodes)
        r++;
    return r;
}

static int check_users(const struct cluster *c, const struct start_ops *ops, struct err *e)
{
    for (size_t i = 0; ops && ops->is_of_job && i < c->hosts.n; i++) {
        const struct hostlist_host *h = &c->hosts.hosts[i];
        if (h->user || h->port || h->key)
            return err_set(e, "host %s has a user, port or key: that is for ssh (--launcher ssh), not for %s", h->name,
                           ops->name);
    }
    return 0;
}

/* Of files that hosts may lack. */
static int choose_stage(struct cluster *c, const struct options *o, const struct start_ops *ops, struct err *e)
{
    if (!ops->calls_back)
        return staging_choose(o, c->starter.proxy, &c->starter.remote.stage, e);
    return !o->stage && !o->stage_files
               ? 0
               : err_set(e,
                         "--launcher %s copies no files: share them, or copy them as the job can "
                         "(sbcast, flux archive), or say --launcher ssh",
                         ops->name);
}

/* Which way the user wants, and what that is to know of the hosts. */
static int choose_way(struct cluster *c, const struct options *o, struct err *e)
{
    c->starter.remote = (struct start_remote){.hosts = c->hosts.n ? c->hosts.hosts : NULL,
                                              .program = o->launcher_exec,
                                              .args = o->launcher_args,
                                              .connect_ms = (unsigned)(o->connect_timeout * 1000),
                                              .iface = o->iface,
                                              .port_low = o->port_low,
                                              .port_high = o->port_high};
    const struct start_ops *ops = c->is_remote ? hosts_way(c, o) : NULL;
    if (check_users(c, ops, e) < 0)
        return -1;
    if (c->is_remote && choose_stage(c, o, ops, e) < 0)
        return -1;
    if (starter_init_root(&c->starter, ops, c->base, e) < 0)
        return -1;
    if (o->back_typed && !c->starter.ops->calls_back)
        log_info("--iface has no effect: no proxy connects back where hosts are reached by %s",
                 c->starter.ops->name);
    double ms = (o->heartbeat < 0 ? HEARTBEAT_S : o->heartbeat) * 1000;
    c->starter.silence_ms = ms < CONTROL_SILENCE_MAX ? (unsigned)ms : CONTROL_SILENCE_MAX;
    if (o->launcher_tree && c->is_remote && strncmp(c->starter.ops->name, "ssh", 3) != 0)
        return err_set(e, "--launcher-tree is for hosts that are reached by ssh, not by %s", c->starter.ops->name);
    if (o->launcher_tree && c->is_remote)
        c->starter.below = START_TREE;
    c->starter.beats = c->starter.ops->is_far || o->heartbeat > 0;
    return 0;
}

/* Where hosts need not reach one another, each of them is ours. */
static uint32_t choose_width(const struct cluster *c)
{
    return (c->starter.ops->is_flat && !c->starter.below) || c->nnodes < c->links.radix ? c->nnodes : c->links.radix;
}

/* What is raised already cannot be raised any more. */
static int check_descriptors(const struct cluster *c, uint32_t links, struct err *e)
{
    struct rlimit limit;
    const struct start_ops *ops = c->starter.ops;
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
    static char proxy[PATH_MAX];
    c->starter = (struct starter){.proxy = proxy, .nofile = &c->nofile};
    if (start_proxy_path(proxy, sizeof proxy, e) < 0 || choose_way(c, o, e) < 0)
        return -1;
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
    if (check_descriptors(c, choose_width(c), e) < 0)
        return -1;
    links_init(&c->links);
    links_start(&c->links, 0, c->nnodes, choose_width(c));
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

static void drop_all(struct cluster *c, const char *why)
{
    for (uint32_t i = 0; i < c->links.n; i++)
        link_drop(c->links.v[i], why);
}

void tree_cancel(struct cluster *c)
{
    if (!c->links.hold || c->cancelled || c->ending)
        return;
    c->cancelled = true;
    drop_all(c, "it was no longer needed");
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
    if (c->links.hold)
        drop_all(c, "it was no longer needed"); /* nothing runs */
    tree_send(c, CONTROL_SHUTDOWN, 0, FRAME_ALL_NODES, NULL);
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
}

void tree_reap(struct cluster *c)
{
    pid_t pid;
    int status;
    bool any = false;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        any |= WIFEXITED(status) || WIFSIGNALED(status);
        starter_reaped(&c->starter, pid, status);
    }
    if (any)
        kill_orphans(c);
}
