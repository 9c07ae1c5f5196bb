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
    buf_put_u32(&b, CONTROL_MAGIC);
    buf_put_u32(&b, CONTROL_VERSION);
    buf_put_u32(&b, (uint32_t)getpid());
    buf_put_u64(&b, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
    peer_send(n->parent, CONTROL_HELLO, 0, FRAME_ALL_NODES, &b);
    buf_fini(&b);
}

static void nodes_lost(struct node *n, uint32_t first, uint32_t count, const char *why)
{
    struct buf b;
    buf_init(&b);
    buf_put_u32(&b, count);
    for (uint32_t i = 0; i < count; i++)
        buf_put_u32(&b, first + i);
    buf_put_str(&b, why);
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

static void child_hello(struct child *c, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    uint32_t magic = rbuf_u32(&r), version = rbuf_u32(&r);
    c->greeted = h->type == CONTROL_HELLO && magic == CONTROL_MAGIC && version == CONTROL_VERSION;
    if (!c->greeted)
        log_fatal("the proxy of %s speaks version %u of the control protocol, this one %u", peer_name(c->peer), version,
                  CONTROL_VERSION);
}

static void child_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct child *c = arg;
    if (!c->greeted)
        child_hello(c, h, payload);
    else if (h->type == CONTROL_PMI_UP)
        pmi_child_up(c->node, c->index, payload, h->len);
    else
        peer_forward(c->node->parent, h, payload);
    if (peer_congested(c->node->parent))
        stdio_congested(c->node);
}

static void child_gone(void *arg, struct peer *p, const char *why)
{
    struct child *c = arg;
    struct node *n = c->node;
    char text[128];
    if (!n->leaving) {
        start_describe_end(&c->process, why, text, sizeof text);
        nodes_lost(n, c->first, c->count, text);
        n->child_lost = true;
        cleanup_orphans(n);
    }
    peer_destroy(p);
    c->peer = NULL;
    n->children_left--;
    if (n->leaving)
        relay_leave(n);
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
    c->peer = peer_create(n->base, fd, name, &child_ops, c);
    n->children_left++;
    struct control_setup s = {c->first, c->count, n->setup.radix, n->setup.verbose,
                              n->setup.names + (c->first - n->setup.first)};
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
    rbuf_init(&r, payload, h->len);
    if (!control_setup_get(&r, &n->setup))
        log_fatal("the first message from above is not a setup: another version of mpiexec?");
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
    rbuf_init(&r, payload, h->len);
    uint32_t signal = rbuf_u32(&r);
    bool if_caught = rbuf_u8(&r);
    struct job *j = node_job(n, h->job);
    if (j && rbuf_ok(&r))
        ranks_signal(j, (int)signal, if_caught);
}

static void on_kill(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    uint32_t signal = rbuf_u32(&r);
    uint32_t grace = rbuf_u32(&r);
    struct job *j = node_job(n, h->job);
    if (j && rbuf_ok(&r))
        ranks_kill(j, (int)signal, grace);
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

static void on_job_done(struct node *n, const struct frame_head *h, const unsigned char *payload)
{
    struct job *j = node_job(n, h->job);
    if (j)
        ranks_forget(j);
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
    [CONTROL_SHUTDOWN] = {on_shutdown, true},
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
    n->parent = peer_create(n->base, parent_fd, "parent", &parent_ops, n);
    say_hello(n);
}
