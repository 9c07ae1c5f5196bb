/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Down frames are passed on before they are acted upon, so that the subtree starts while this node does. Up frames are
 * passed on unread, but for PMI's, which are merged. When the parent's queue is long, the children are not read: a slow
 * terminal so slows the ranks, wherever they are.
 */
#include "proxy/relay.h"

#include "common/beat.h"
#include "common/link.h"
#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "proxy/cleanup.h"
#include "proxy/pmi.h"
#include "proxy/pmix/front.h"
#include "proxy/ranks.h"
#include "proxy/segment.h"
#include "proxy/shape.h"
#include "proxy/stdio.h"
#include "proxy/watch.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Who is above ends the job when it hears nothing from here, and tells the user; a host that is cut off is in no such
 * haste: whoever is above may be busy, or sleep for a moment. */
#define ALONE_TIMES 3

static void say_hello(struct proxy *proxy)
{
    struct buf b;
    buf_init(&b);
    link_hello_put(&b, CONTROL_VERSION);
    peer_send(proxy->parent, CONTROL_HELLO, 0, FRAME_ALL_NODES, &b);
    buf_fini(&b);
}

static void nodes_lost(struct proxy *proxy, uint32_t first, uint32_t count, const char *why)
{
    struct buf b, nodes;
    buf_init(&b);
    buf_init(&nodes);
    for (uint32_t i = 0; i < count; i++)
        buf_put_u32(&nodes, first + i);
    control_node_lost_put(&b, &(struct control_node_lost){list_of(count, &nodes), bytes_of(why)});
    b.failed |= nodes.failed;
    buf_fini(&nodes);
    peer_send(proxy->parent, CONTROL_NODE_LOST, 0, proxy_node(proxy), &b);
    buf_fini(&b);
}

void relay_down(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct iovec iov = {(void *)payload, h->len};
    links_sendv(&proxy->below, h->type, h->job, h->node, &iov, 1);
}

void relay_leave(struct proxy *proxy)
{
    proxy->leaving = proxy->below.ending = true;
    if (proxy->below.left == 0 && !proxy->setup.by_input)
        event_base_loopexit(proxy->base, NULL);
}

static bool below_frame(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    struct proxy *proxy = arg;
    bool sane = true;
    if (h->type == CONTROL_PMI_UP)
        sane = pmi_child_up(proxy, l->index, payload, h->len);
    else if (control_goes(h->type, CONTROL_UP))
        peer_forward(proxy->parent, h, payload);
    else
        sane = false;
    if (peer_congested(proxy->parent))
        stdio_congested(proxy);
    return sane;
}

/* Not all of this subtree can be ready, and no rank runs in it yet: it goes, and who is above tries another way. */
static void subtree_failed(struct proxy *proxy, const struct link *l)
{
    struct start_failure f;
    char text[sizeof f.cause];
    start_failure_text(&l->failure, link_name(l), text, sizeof text);
    start_failure_set(&f, START_SUBTREE, "", "%s", text);
    link_tell_failed(proxy->parent, proxy_node(proxy), &f);
    peer_flush(proxy->parent);
    proxy->leaving = proxy->below.ending = true;
    event_base_loopbreak(proxy->base);
}

static void below_lost(void *arg, struct link *l)
{
    struct proxy *proxy = arg;
    if (proxy->leaving && proxy->below.left == 0)
        relay_leave(proxy);
    if (proxy->leaving)
        return;
    if (!l->used) {
        subtree_failed(proxy, l);
        return;
    }
    nodes_lost(proxy, l->first, l->count, l->failure.cause);
    pmi_child_gone(proxy, l->index);
    proxy->child_lost = true;
    cleanup_orphans(proxy);
}

static void below_settled(void *arg)
{
    struct proxy *proxy = arg;
    if (!proxy->leaving)
        link_tell_ready(proxy->parent, proxy_node(proxy));
}

static const struct link_ops below_ops = {.frame = below_frame, .lost = below_lost, .settled = below_settled};

static void start_below(struct proxy *proxy)
{
    static char own[PATH_MAX];
    struct err e;
    proxy->starter = (struct starter){
        .proxy = own, .nofile = &proxy->nofile, .silence_ms = proxy->setup.silence, .beats = proxy->setup.beats};
    snprintf(proxy->starter.secret, sizeof proxy->starter.secret, "%s", proxy->setup.secret);
    proxy->below = (struct links){.base = proxy->base,
                                  .starter = &proxy->starter,
                                  .ops = &below_ops,
                                  .arg = proxy,
                                  .first = proxy->setup.first + 1,
                                  .nnodes = proxy->setup.nnodes - 1,
                                  .names = proxy->setup.names + 1,
                                  .radix = proxy->setup.radix,
                                  .loud = (enum log_level)proxy->setup.loud};
    links_init(&proxy->below);
    if (proxy->below.nnodes == 0) {
        below_settled(proxy);
        return;
    }
    if (start_own_path(own, sizeof own, &e) < 0 ||
        starter_init(&proxy->starter, proxy->setup.backend, proxy->base, &e) < 0)
        log_fatal("%s", e.text);
    links_start(&proxy->below, proxy->below.first, proxy->below.nnodes, proxy->setup.radix);
}

/* mpiexec, or the proxy above, is gone: nobody reads us any more. */
static void parent_gone(void *arg, struct peer *p, const char *why)
{
    struct proxy *proxy = arg;
    if (proxy->leaving && proxy->below.left == 0) { /* behind SHUTDOWN */
        event_base_loopexit(proxy->base, NULL);
        return;
    }
    proxy->leaving = true;
    links_fini(&proxy->below);
    cleanup_everything();
    pmix_leave(proxy);
    _exit(1);
}

/* This host is cut off. */
static void parent_silent(void *arg)
{
    log_warn("nothing was heard from above: its ranks end");
    parent_gone(arg, NULL, NULL);
}

static void on_setup(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_greeting g;
    char why[256];
    rbuf_init(&r, payload, h->len);
    if (control_greeting_get(&r, &g) && !control_greeting_fits(&g, why, sizeof why))
        exit(1); /* our own greeting has told the other side, which says so */
    rbuf_init(&r, payload, h->len);
    if (!control_setup_get(&r, &proxy->setup))
        log_fatal("the first message from above is not a setup");
    if (proxy->setup.time)
        now_follow(proxy->setup.time);
    log_init(xasprintf("proxy(%s)", proxy_name(proxy)), (enum log_level)proxy->setup.loud);
    proxy->beat = beat_create(proxy->base, proxy->parent, proxy->setup.beats ? proxy->setup.silence : 0, ALONE_TIMES,
                              parent_silent, proxy);
    start_below(proxy);
    pmi_init(proxy);
}

static void on_launch(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    ranks_launch(proxy, payload, h->len);
}

static void on_signal(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_signal s;
    rbuf_init(&r, payload, h->len);
    struct job *j = proxy_job(proxy, h->job);
    if (j && control_signal_get(&r, &s))
        ranks_signal(j, (int)s.signal, s.if_caught);
}

static void on_kill(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    struct control_kill k;
    struct job *j = proxy_job(proxy, h->job);
    if (j && control_kill_get(&r, &k))
        ranks_kill(j, (int)k.signal, k.grace);
}

static void on_stdin_data(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = proxy_job(proxy, h->job);
    if (j)
        stdio_stdin_data(j, payload, h->len);
}

static void on_window(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    struct control_window w;
    struct job *j = proxy_job(proxy, h->job);
    if (j && control_window_get(&r, &w))
        stdio_resize(j, w.rows, w.columns);
}

static void on_pmi_down(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    pmi_down(proxy, payload, h->len);
}

static void on_watch(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = proxy_job(proxy, h->job);
    if (j)
        watch_answer(j);
}

static void on_node_ask(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_node_ask a;
    rbuf_init(&r, payload, h->len);
    if (control_node_ask_get(&r, &a))
        shape_tell(proxy, a.kinds);
}

static void on_topo_ask(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    shape_send(proxy);
}

static void on_job_done(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = proxy_job(proxy, h->job);
    if (j)
        ranks_forget(j);
}

static void on_ranks_dead(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_ranks_dead m;
    struct control_dead_rank d;
    struct job *j = proxy_job(proxy, h->job);
    rbuf_init(&r, payload, h->len);
    if (!j || !control_ranks_dead_get(&r, &m))
        return;
    struct rbuf ranks = list_items(&m.ranks);
    while (control_dead_rank_next(&ranks, &d)) {
        segment_rank_dead(j, d.rank, d.never);
        if (rankmap_node(&j->spec.map, d.rank) != proxy_node(proxy))
            pmix_rank_ended(j, d.rank, (int)d.status);
    }
}

static void on_shutdown(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload)
{
    relay_leave(proxy);
}

static const struct {
    void (*act)(struct proxy *proxy, const struct frame_head *h, const unsigned char *payload);
    bool relayed; /* not where the engine behind it sends on by itself */
} from_above[CONTROL_END] = {
    [CONTROL_SETUP] = {on_setup, false},          [CONTROL_LAUNCH] = {on_launch, true},
    [CONTROL_SIGNAL] = {on_signal, true},         [CONTROL_KILL] = {on_kill, true},
    [CONTROL_STDIN_DATA] = {on_stdin_data, true}, [CONTROL_PMI_DOWN] = {on_pmi_down, false},
    [CONTROL_WATCH] = {on_watch, true},           [CONTROL_JOB_DONE] = {on_job_done, true},
    [CONTROL_SHUTDOWN] = {on_shutdown, true},     [CONTROL_NODE_ASK] = {on_node_ask, true},
    [CONTROL_TOPO_ASK] = {on_topo_ask, true},     [CONTROL_RANKS_DEAD] = {on_ranks_dead, true},
    [CONTROL_WINDOW] = {on_window, true},
};

static void parent_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct proxy *proxy = arg;
    bool set_up = proxy->setup.nnodes > 0;
    if (beat_takes(proxy->beat, h))
        return;
    if (h->type >= CONTROL_END || !from_above[h->type].act || set_up == (h->type == CONTROL_SETUP))
        log_fatal("unexpected message %u (%s) from above", h->type, control_name(h->type));
    if (from_above[h->type].relayed)
        relay_down(proxy, h, payload);
    if (h->node == FRAME_ALL_NODES || !set_up || h->node == proxy_node(proxy) || !from_above[h->type].relayed)
        from_above[h->type].act(proxy, h, payload);
}

static void parent_drained(void *arg, struct peer *p)
{
    stdio_drained(arg);
}

static const struct peer_ops parent_ops = {parent_frame, parent_gone, parent_drained};

/* A batch system that suspends a job sends this before SIGSTOP, also to us. */
static void on_sigtstp(evutil_socket_t sig, short what, void *arg)
{
    struct proxy *proxy = arg;
    beat_rest(proxy->beat);
    peer_flush(proxy->parent);
    links_rest(&proxy->below);
    links_flush(&proxy->below);
}

void relay_init(struct proxy *proxy, const struct uplink *up)
{
    proxy->parent = peer_create(proxy->base, up->in, up->out, "parent", &parent_ops, proxy);
    struct event *tstp = evsignal_new(proxy->base, SIGTSTP, on_sigtstp, proxy);
    if (!tstp || evsignal_add(tstp, NULL) < 0)
        log_fatal("unable to watch for SIGTSTP");
    say_hello(proxy);
}
