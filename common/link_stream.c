/* SPDX-License-Identifier: BSD-3-Clause
 *
 * link_stream: what a link is made of: the start of its proxy, the peer, the messages that wait for READY. Turns what
 * they bring into events of link.c.
 */
#include "common/link_inner.h"

#include "common/beat.h"
#include "common/log.h"
#include "common/now.h"
#include "common/xalloc.h"
#include "wire/control.h"

#include <event2/buffer.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- the messages of a link itself */

void link_hello_put(struct buf *b, uint32_t version)
{
    struct control_hello h = {control_greet(), (uint32_t)getpid(), now_ns()};
    h.me.version = version;
    control_hello_put(b, &h);
}

void link_tell_ready(struct peer *parent, uint32_t node)
{
    peer_send(parent, CONTROL_READY, 0, node, NULL);
}

void link_tell_failed(struct peer *parent, uint32_t node, const struct start_failure *f)
{
    struct buf b;
    buf_init(&b);
    control_start_failed_put(&b, &(struct control_start_failed){f->step, bytes_of(f->cause), bytes_of(f->remedy)});
    peer_send(parent, CONTROL_START_FAILED, 0, node, &b);
    buf_fini(&b);
}

/* The greeting is read alone first: what follows it may differ between versions. */
static enum link_event hello_event(struct link_input *in)
{
    struct rbuf r;
    struct control_greeting g;
    struct control_hello hello;
    rbuf_init(&r, in->payload, in->h->len);
    if (!control_greeting_get(&r, &g))
        return LINK_EV_FRAME; /* which is not to be the first one */
    if (!control_greeting_fits(&g, in->text, sizeof in->text))
        return LINK_EV_VERSION;
    rbuf_init(&r, in->payload, in->h->len);
    return control_hello_get(&r, &hello) ? LINK_EV_HELLO : LINK_EV_FRAME;
}

static enum link_event failed_event(struct link_input *in, struct start_failure *f)
{
    struct rbuf r;
    struct control_start_failed m;
    rbuf_init(&r, in->payload, in->h->len);
    if (!control_start_failed_get(&r, &m) || m.step == START_STARTED || m.step >= START_STEPS)
        return LINK_EV_FRAME;
    f->step = m.step;
    snprintf(f->cause, sizeof f->cause, "%.*s", (int)m.cause.len, m.cause.data);
    snprintf(f->remedy, sizeof f->remedy, "%.*s", (int)m.remedy.len, m.remedy.data);
    return LINK_EV_REFUSED;
}

static void on_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct link *l = arg;
    struct start_failure f;
    struct link_input in = {.h = h, .payload = payload, .failure = &f};
    enum link_event e = LINK_EV_FRAME;
    if (beat_takes(l->beat, h))
        return;
    if (h->type == CONTROL_HELLO)
        e = hello_event(&in);
    else if (h->type == CONTROL_READY)
        e = LINK_EV_READY;
    else if (h->type == CONTROL_START_FAILED)
        e = failed_event(&in, &f);
    link_event(l, e, &in);
}

static void on_gone(void *arg, struct peer *p, const char *why)
{
    link_event(arg, why == peer_no_frames ? LINK_EV_MALFORMED : LINK_EV_CLOSED, &(struct link_input){.why = why});
}

static const struct peer_ops peer_ops = {on_frame, on_gone, NULL};

/* --- the start */

static void send_setup(struct link *l)
{
    struct links *set = l->set;
    struct control_setup s = {.from = control_greet(),
                              .first = l->first,
                              .radix = set->radix,
                              .silence = l->start.starter->silence_ms,
                              .beats = l->start.starter->beats,
                              .by_input = l->start.starter->ops->ends_by_input,
                              .time = l->start.starter->ops->is_far ? now_ns() : 0,
                              .loud = set->loud,
                              .names = (char **)set->names + (l->first - set->first),
                              .nnodes = l->count};
    const char *below = l->start.starter->below;
    snprintf(s.backend, sizeof s.backend, "%s", below ? below : l->start.starter->ops->name);
    snprintf(s.secret, sizeof s.secret, "%s", l->start.starter->secret);
    struct buf b;
    buf_init(&b);
    control_setup_put(&b, &s);
    peer_send(l->peer, CONTROL_SETUP, 0, l->first, &b);
    peer_flush(l->peer);
    buf_fini(&b);
}

/* --- silence */

/* What is left of it here goes as well; there its ranks end when it notices that its link has. */
static void take_for_dead(struct link *l, const char *what)
{
    char why[128];
    snprintf(why, sizeof why, "%s for %g s", what, l->start.starter->silence_ms / 1000.0);
    link_event(l, LINK_EV_DROP, &(struct link_input){.why = why});
    start_cancel(&l->start);
}

static void on_silent(void *arg)
{
    take_for_dead(arg, "nothing was heard from it");
}

static void on_busy(void *arg)
{
    struct link *l = arg;
    if (l->state == LINK_STARTING)
        link_wait(l, 1);
}

static void on_stopped(void *arg)
{
    take_for_dead(arg, "it was stopped");
}

static void on_stream(void *arg, int in, int out)
{
    struct link *l = arg;
    if (l->state == LINK_LOST) {
        close(in);
        if (out != in)
            close(out);
        return;
    }
    l->peer = peer_create(l->set->base, in, out, link_name(l), &peer_ops, l);
    if (l->set->paused)
        peer_pause(l->peer);
    send_setup(l);
    const struct starter *st = l->start.starter;
    l->beat = beat_create(l->set->base, l->peer, st->beats ? st->silence_ms : 0, 1, on_silent, l);
}

static void on_failed(void *arg, const struct start_failure *f)
{
    link_event(arg, LINK_EV_FAILED, &(struct link_input){.failure = f});
}

static void on_ended(void *arg, const char *how)
{
    link_ended(arg, how);
}

static const struct start_events start_events = {on_stream, on_failed, on_ended, on_busy, on_stopped};

/* --- patience */

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    link_event(arg, LINK_EV_LATE, &(struct link_input){0});
}

void link_wait(struct link *l, unsigned times)
{
    uint64_t ms = (uint64_t)l->start.starter->patience_ms * times;
    struct timeval t = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000};
    if (!l->late)
        l->late = evtimer_new(l->set->base, on_late, l);
    if (!l->late || evtimer_add(l->late, &t) < 0)
        log_fatal("out of memory");
}

void link_wait_end(struct link *l)
{
    if (l->late)
        event_free(l->late);
    l->late = NULL;
}

/* --- life */

struct link *link_create(struct links *set, uint32_t first, uint32_t count)
{
    struct link *l = xcalloc(1, sizeof *l);
    *l = (struct link){.set = set, .index = set->n, .first = first, .count = count, .state = LINK_STARTING};
    l->start = (struct start){.node = first,
                              .host = link_name(l),
                              .below = count - 1,
                              .events = &start_events,
                              .arg = l,
                              .starter = set->starter};
    link_wait(l, 1);
    return l;
}

void link_close(struct link *l)
{
    link_wait_end(l);
    beat_destroy(l->beat);
    l->beat = NULL;
    peer_destroy(l->peer);
    l->peer = NULL;
}

void link_destroy(struct link *l)
{
    link_close(l);
    start_fini(&l->start);
    if (l->queue)
        evbuffer_free(l->queue);
    free(l);
}

/* --- what waits for READY */

static void queue_put(struct link *l, const struct frame_head *h, const struct iovec *iov, int n)
{
    unsigned char head[FRAME_HEAD_SIZE];
    frame_head_put(head, h);
    if (!l->queue)
        l->queue = evbuffer_new();
    bool ok = l->queue && evbuffer_add(l->queue, head, sizeof head) == 0;
    for (int i = 0; i < n; i++)
        ok = ok && (!iov[i].iov_len || evbuffer_add(l->queue, iov[i].iov_base, iov[i].iov_len) == 0);
    if (!ok)
        log_fatal("out of memory");
    log_trace("-> %s %s: waits until it is ready", link_name(l), control_name(h->type));
}

void link_sendv(struct link *l, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    if (l->state == LINK_LOST)
        return;
    if (l->state == LINK_READY && !l->set->hold) {
        l->used = true;
        peer_sendv(l->peer, type, job, node, iov, n);
        return;
    }
    size_t len = 0;
    for (int i = 0; i < n; i++)
        len += iov[i].iov_len;
    if (len > FRAME_PAYLOAD_MAX)
        log_fatal("a %s message of %zu bytes is longer than any may be", control_name(type), len);
    queue_put(l, &(struct frame_head){(uint32_t)len, (uint16_t)type, (uint16_t)job, node}, iov, n);
}

void link_queue_send(struct link *l)
{
    if (!l->queue || l->state != LINK_READY || evbuffer_get_length(l->queue) == 0)
        return;
    l->used = true;
    peer_send_frames(l->peer, l->queue);
}

void link_queue_move(struct link *from, struct link *to)
{
    size_t size = from->queue ? evbuffer_get_length(from->queue) : 0;
    const unsigned char *p = size ? evbuffer_pullup(from->queue, -1) : NULL;
    if (size && !p)
        log_fatal("out of memory");
    struct frame_head h;
    for (size_t at = 0; at < size; at += FRAME_HEAD_SIZE + h.len) {
        frame_head_get(p + at, &h); /* which is ours */
        struct iovec iov = {(void *)(p + at + FRAME_HEAD_SIZE), h.len};
        if (h.node == FRAME_ALL_NODES || h.node - to->first < to->count)
            queue_put(to, &h, &iov, 1);
    }
}
