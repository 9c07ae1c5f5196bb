/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Down frames are passed on before they are acted upon, so that the subtree starts while this node does. Up frames are
 * passed on unread, but for PMI's, which are merged. When the parent's queue is long, the children are not read: a slow
 * terminal so slows the ranks, wherever they are.
 */
#include "proxy/relay.h"

#include "common/log.h"
#include "common/start.h"
#include "common/xalloc.h"
#include "proxy/cleanup.h"
#include "proxy/pmi.h"
#include "proxy/ranks.h"
#include "proxy/segment.h"
#include "proxy/shape.h"
#include "proxy/stdio.h"
#include "proxy/watch.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void say_hello(struct node *n)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    struct buf b;
    buf_init(&b);
    uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    control_hello_put(&b, &(struct control_hello){control_greet(), (uint32_t)getpid(), now});
    peer_send(n->parent, CONTROL_HELLO, 0, FRAME_ALL_NODES, &b);
    buf_fini(&b);
}

static void nodes_lost(struct node *n, uint32_t first, uint32_t count, const char *why)
{
    struct buf b, nodes;
    buf_init(&b);
    buf_init(&nodes);
    for (uint32_t i = 0; i < count; i++)
        buf_put_u32(&nodes, first + i);
    control_node_lost_put(&b, &(struct control_node_lost){list_of(count, &nodes), bytes_of(why)});
    b.failed |= nodes.failed;
    buf_fini(&nodes);
    peer_send(n->parent, CONTROL_NODE_LOST, 0, node_number(n), &b);
    buf_fini(&b);
}

void relay_down(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    for (uint32_t i = 0; i < n->nchildren; i++) {
        struct child *c = &n->children[i];
        if (c->peer && (h->node == FRAME_ALL_NODES || h->node - c->first < c->count))
            peer_forward(c->peer, h, payload);
    }
}

void relay_leave(struct node *n)
{
    n->leaving = true;
    if (n->children_left == 0)
        event_base_loopexit(n->base, NULL);
}

static void child_drop(struct child *c, const char *why)
{
    struct node *n = c->node;
    peer_destroy(c->peer);
    c->peer = NULL;
    n->children_left--;
    if (n->leaving) {
        relay_leave(n);
        return;
    }
    nodes_lost(n, c->first, c->count, why);
    n->child_lost = true;
    cleanup_orphans(n);
}

/* Is this the greeting of a proxy that we can work with? It is read alone first: what follows it may differ between
 * versions. A child that is none is lost, and mpiexec told why; the rest of the tree goes on. */
static void child_hello(struct child *c, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_greeting g;
    struct control_hello hello;
    char why[256] = "it did not greet as a proxy does";
    rbuf_init(&r, payload, h->len);
    if (h->type == CONTROL_HELLO && control_greeting_get(&r, &g) && control_greeting_fits(&g, why, sizeof why)) {
        rbuf_init(&r, payload, h->len);
        c->greeted = control_hello_get(&r, &hello);
    }
    if (!c->greeted)
        child_drop(c, why);
}

static void child_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct child *c = arg;
    struct node *n = c->node;
    if (!c->greeted)
        child_hello(c, h, payload);
    else if (h->type == CONTROL_PMI_UP)
        pmi_child_up(n, c->index, payload, h->len);
    else if (control_goes(h->type, CONTROL_UP))
        peer_forward(n->parent, h, payload);
    else
        child_drop(c, "it sent a message that does not go up");
    if (peer_congested(n->parent))
        stdio_congested(n);
}

static void child_gone(void *arg, struct peer *p, const char *why)
{
    struct child *c = arg;
    char text[128] = "";
    if (!c->node->leaving)
        start_describe_end(&c->process, why, text, sizeof text);
    child_drop(c, text);
}

static const struct peer_ops child_ops = {child_frame, child_gone, NULL};

static void child_start(struct node *n, struct child *c, const char *proxy)
{
    struct err e;
    const char *name = n->setup.names[c->first - n->setup.first];
    int fd = start_fork(proxy, &n->nofile, &c->process.pid, &e);
    if (fd < 0) {
        nodes_lost(n, c->first, c->count, e.text);
        return;
    }
    c->peer = peer_create(n->base, fd, fd, name, &child_ops, c);
    n->children_left++;
    struct control_setup s = n->setup;
    s.from = control_greet();
    s.first = c->first;
    s.names += c->first - n->setup.first;
    s.nnodes = c->count;
    struct buf b;
    buf_init(&b);
    control_setup_put(&b, &s);
    peer_send(c->peer, CONTROL_SETUP, 0, c->first, &b);
    buf_fini(&b);
}

static void children_start(struct node *n)
{
    uint32_t below = n->setup.nnodes - 1;
    uint32_t *part = xcalloc(below < n->setup.radix ? below : n->setup.radix, sizeof *part);
    n->nchildren = start_split(below, n->setup.radix, part);
    n->children = xcalloc(n->nchildren, sizeof *n->children);
    char proxy[PATH_MAX];
    struct err e;
    bool found = n->nchildren == 0 || start_own_path(proxy, sizeof proxy, &e) == 0;
    uint32_t first = n->setup.first + 1;
    for (uint32_t i = 0; i < n->nchildren; i++) {
        struct child *c = &n->children[i];
        *c = (struct child){.node = n, .index = i, .first = first, .count = part[i]};
        first += part[i];
        if (found)
            child_start(n, c, proxy);
        else
            nodes_lost(n, c->first, c->count, e.text);
    }
    free(part);
}

static void on_setup(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_greeting g;
    char why[256];
    rbuf_init(&r, payload, h->len);
    if (control_greeting_get(&r, &g) && !control_greeting_fits(&g, why, sizeof why))
        exit(1); /* our own greeting has told the other side, which says so */
    rbuf_init(&r, payload, h->len);
    if (!control_setup_get(&r, &n->setup))
        log_fatal("the first message from above is not a setup");
    log_init(xasprintf("proxy(%s)", node_name(n)), n->setup.verbose);
    children_start(n);
    pmi_init(n);
}

static void on_launch(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    ranks_launch(n, payload, h->len);
}

static void on_signal(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_signal s;
    rbuf_init(&r, payload, h->len);
    struct job *j = node_job(n, h->job);
    if (j && control_signal_get(&r, &s))
        ranks_signal(j, (int)s.signal, s.if_caught);
}

static void on_kill(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    struct control_kill k;
    struct job *j = node_job(n, h->job);
    if (j && control_kill_get(&r, &k))
        ranks_kill(j, (int)k.signal, k.grace);
}

static void on_stdin_data(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = node_job(n, h->job);
    if (j)
        stdio_stdin_data(j, payload, h->len);
}

static void on_pmi_down(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    pmi_down(n, payload, h->len);
}

static void on_watch(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = node_job(n, h->job);
    if (j)
        watch_answer(j);
}

static void on_node_ask(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_node_ask a;
    rbuf_init(&r, payload, h->len);
    if (control_node_ask_get(&r, &a))
        shape_tell(n, a.kinds);
}

static void on_topo_ask(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    shape_send(n);
}

static void on_job_done(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = node_job(n, h->job);
    if (j)
        ranks_forget(j);
}

static void on_ranks_dead(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    struct control_ranks_dead m;
    struct control_dead_rank d;
    struct job *j = node_job(n, h->job);
    rbuf_init(&r, payload, h->len);
    if (!j || !control_ranks_dead_get(&r, &m))
        return;
    struct rbuf ranks = list_items(&m.ranks);
    while (control_dead_rank_next(&ranks, &d))
        segment_rank_dead(j, d.rank, d.never);
}

static void on_shutdown(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    relay_leave(n);
}

static const struct {
    void (*act)(struct node *n, const struct frame_head *h, const unsigned char *payload);
    bool relayed; /* not where the engine behind it sends on by itself */
} from_above[CONTROL_END] = {
    [CONTROL_SETUP] = {on_setup, false},          [CONTROL_LAUNCH] = {on_launch, true},
    [CONTROL_SIGNAL] = {on_signal, true},         [CONTROL_KILL] = {on_kill, true},
    [CONTROL_STDIN_DATA] = {on_stdin_data, true}, [CONTROL_PMI_DOWN] = {on_pmi_down, false},
    [CONTROL_WATCH] = {on_watch, true},           [CONTROL_JOB_DONE] = {on_job_done, true},
    [CONTROL_SHUTDOWN] = {on_shutdown, true},     [CONTROL_NODE_ASK] = {on_node_ask, true},
    [CONTROL_TOPO_ASK] = {on_topo_ask, true},     [CONTROL_RANKS_DEAD] = {on_ranks_dead, true},
};

static void parent_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct node *n = arg;
    bool set_up = n->setup.nnodes > 0;
    if (h->type >= CONTROL_END || !from_above[h->type].act || set_up == (h->type == CONTROL_SETUP))
        log_fatal("unexpected message %u (%s) from above", h->type, control_name(h->type));
    if (from_above[h->type].relayed)
        relay_down(n, h, payload);
    if (h->node == FRAME_ALL_NODES || !set_up || h->node == node_number(n) || !from_above[h->type].relayed)
        from_above[h->type].act(n, h, payload);
}

/* mpiexec, or the proxy above, is gone: nobody reads us any more. */
static void parent_gone(void *arg, struct peer *p, const char *why)
{
    struct node *n = arg;
    n->leaving = true;
    for (uint32_t i = 0; i < n->nchildren; i++) {
        peer_destroy(n->children[i].peer);
        n->children[i].peer = NULL;
    }
    cleanup_everything();
    _exit(1);
}

static void parent_drained(void *arg, struct peer *p)
{
    stdio_drained(arg);
}

static const struct peer_ops parent_ops = {parent_frame, parent_gone, parent_drained};

void relay_init(struct node *n, int parent_fd)
{
    n->parent = peer_create(n->base, parent_fd, parent_fd, "parent", &parent_ops, n);
    say_hello(n);
}
