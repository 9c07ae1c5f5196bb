/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading uses one buffer that holds at least a whole frame, so a payload is handed out in place. Writing uses
 * libevent's buffer chains; the write event is made active at the first frame of a turn and runs at its end, so that
 * all frames of a turn leave by one writev.
 *
 * A callback may destroy the peer that it was called for: `alive` then points to a flag on the caller's stack.
 */
#include "common/peer.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "wire/control.h"
#include "wire/pmi_control.h"

#include <event2/buffer.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE (256u << 10)

const char peer_no_frames[] = "sent a frame longer than any may be";

struct peer {
    int in_fd, out_fd; /* one and the same, or two */
    char *name;
    const struct peer_ops *ops;
    void *arg;
    struct event *ev_read, *ev_write;
    struct evbuffer *out;
    unsigned char *in;
    size_t in_cap, in_start, in_end;
    unsigned paused;
    uint64_t heard;
    bool congested;
    bool finished; /* nothing more is sent */
    bool ended;    /* gone was called */
    bool *alive;
};

static void peer_end(struct peer *p, const char *why)
{
    if (p->ended)
        return;
    p->ended = true;
    event_del(p->ev_read);
    event_del(p->ev_write);
    p->ops->gone(p->arg, p, why);
}

static const char *type_name(const struct peer *p, unsigned type)
{
    return p->ops->name ? p->ops->name(type) : control_name(type);
}

/* What a frame of PMI carries, for traces; "" for other frames. */
static const char *pmi_name(const struct peer *p, unsigned type, const void *payload, size_t len)
{
    if (p->ops->name)
        return "";
    return type == CONTROL_PMI_UP || type == CONTROL_PMI_DOWN ? pmi_control_payload_name(payload, len) : "";
}

/* Hands out every whole frame of the buffer. Returns false when the peer was destroyed or has ended meanwhile. */
static bool deliver(struct peer *p)
{
    bool alive = true;
    p->alive = &alive;
    while (p->in_end - p->in_start >= FRAME_HEAD_SIZE && !p->paused) {
        struct frame_head h;
        if (!frame_head_get(p->in + p->in_start, &h)) {
            p->alive = NULL;
            peer_end(p, peer_no_frames);
            return false;
        }
        size_t whole = FRAME_HEAD_SIZE + (size_t)h.len;
        if (p->in_end - p->in_start < whole)
            break;
        const unsigned char *payload = p->in + p->in_start + FRAME_HEAD_SIZE;
        p->in_start += whole;
        const char *pmi = pmi_name(p, h.type, payload, h.len);
        log_trace("<- %s %s%s%s job %u node %d, %u bytes", p->name, type_name(p, h.type), *pmi ? " " : "", pmi, h.job,
                  (int)h.node, h.len);
        p->ops->frame(p->arg, p, &h, payload);
        if (!alive)
            return false;
        if (p->ended)
            break;
    }
    p->alive = NULL;
    return !p->ended;
}

/* Room to read into: moves the rest of a frame to the front, and grows to hold the frame that has begun. */
static void make_room(struct peer *p)
{
    size_t have = p->in_end - p->in_start;
    size_t want = READ_SIZE;
    struct frame_head h;
    if (have >= FRAME_HEAD_SIZE && frame_head_get(p->in + p->in_start, &h) && FRAME_HEAD_SIZE + h.len > want)
        want = FRAME_HEAD_SIZE + h.len;
    if (have && p->in_start)
        memmove(p->in, p->in + p->in_start, have);
    p->in_start = 0;
    p->in_end = have;
    if (want > p->in_cap || (have == 0 && p->in_cap > READ_SIZE)) {
        p->in = xrealloc(p->in, want);
        p->in_cap = want;
    }
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    struct peer *p = arg;
    /* After a pause whole frames may stand in the buffer, which may be full of them; or the stream may be at its end.
     */
    if (p->in_start < p->in_end && (!deliver(p) || p->paused))
        return;
    if (p->in_end == p->in_cap || p->in_start == p->in_end || p->in_start > p->in_cap / 2)
        make_room(p);
    ssize_t n = read(p->in_fd, p->in + p->in_end, p->in_cap - p->in_end);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        peer_end(p, n == 0 || errno == ECONNRESET ? "closed the link" : strerror(errno));
        return;
    }
    p->in_end += (size_t)n;
    p->heard++;
    deliver(p);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    peer_flush(arg);
}

void peer_flush(struct peer *p)
{
    while (!p->ended && evbuffer_get_length(p->out)) {
        int n = evbuffer_write(p->out, p->out_fd);
        if (n > 0)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            event_add(p->ev_write, NULL);
            break;
        }
        /* What the other end had sent before it left is still to be read: the reading side tells the end. */
        evbuffer_drain(p->out, evbuffer_get_length(p->out));
    }
    if (p->finished && !p->ended && evbuffer_get_length(p->out) == 0)
        shutdown(p->out_fd, SHUT_WR);
    if (p->congested && evbuffer_get_length(p->out) < PEER_BACKLOG_LOW) {
        p->congested = false;
        if (p->ops->drained)
            p->ops->drained(p->arg, p);
    }
}

void peer_finish(struct peer *p)
{
    p->finished = true;
    peer_flush(p);
}

struct peer *peer_create(struct event_base *base, int in_fd, int out_fd, const char *name, const struct peer_ops *ops,
                         void *arg)
{
    struct peer *p = xcalloc(1, sizeof *p);
    p->in_fd = in_fd;
    p->out_fd = out_fd;
    p->name = xstrdup(name);
    p->ops = ops;
    p->arg = arg;
    evutil_make_socket_nonblocking(in_fd);
    if (out_fd != in_fd)
        evutil_make_socket_nonblocking(out_fd);
    p->out = evbuffer_new();
    p->ev_read = event_new(base, in_fd, EV_READ | EV_PERSIST, on_read, p);
    p->ev_write = event_new(base, out_fd, EV_WRITE, on_write, p);
    if (!p->out || !p->ev_read || !p->ev_write || event_add(p->ev_read, NULL) < 0)
        log_fatal("unable to watch the link to %s", name);
    return p;
}

void peer_destroy(struct peer *p)
{
    if (!p)
        return;
    if (p->alive)
        *p->alive = false;
    event_free(p->ev_read);
    event_free(p->ev_write);
    evbuffer_free(p->out);
    close(p->in_fd);
    if (p->out_fd != p->in_fd)
        close(p->out_fd);
    free(p->in);
    free(p->name);
    free(p);
}

void peer_sendv(struct peer *p, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    if (p->ended || p->finished)
        return;
    size_t len = 0;
    for (int i = 0; i < n; i++)
        len += iov[i].iov_len;
    if (len > FRAME_PAYLOAD_MAX)
        log_fatal("a %s message of %zu bytes is longer than any may be", type_name(p, type), len);
    struct frame_head h = {(uint32_t)len, (uint16_t)type, (uint16_t)job, node};
    unsigned char head[FRAME_HEAD_SIZE];
    frame_head_put(head, &h);
    const char *pmi = n ? pmi_name(p, type, iov[0].iov_base, iov[0].iov_len) : "";
    log_trace("-> %s %s%s%s job %u node %d, %zu bytes", p->name, type_name(p, type), *pmi ? " " : "", pmi, job,
              (int)node, len);
    if (evbuffer_get_length(p->out) == 0)
        event_active(p->ev_write, EV_WRITE, 0);
    bool ok = evbuffer_add(p->out, head, sizeof head) == 0;
    for (int i = 0; i < n; i++)
        ok = ok && (!iov[i].iov_len || evbuffer_add(p->out, iov[i].iov_base, iov[i].iov_len) == 0);
    if (!ok)
        log_fatal("out of memory");
    if (evbuffer_get_length(p->out) > PEER_BACKLOG_HIGH)
        p->congested = true;
}

void peer_send(struct peer *p, unsigned type, unsigned job, uint32_t node, const struct buf *payload)
{
    if (payload && payload->failed)
        log_fatal("unable to write a %s message: out of memory, or a field of it is too long", type_name(p, type));
    struct iovec iov = {payload ? payload->data : NULL, payload ? payload->len : 0};
    peer_sendv(p, type, job, node, &iov, 1);
}

void peer_send_frames(struct peer *p, struct evbuffer *frames)
{
    if (p->ended || p->finished || evbuffer_get_length(frames) == 0)
        return;
    if (evbuffer_get_length(p->out) == 0)
        event_active(p->ev_write, EV_WRITE, 0);
    if (evbuffer_add_buffer(p->out, frames) < 0)
        log_fatal("out of memory");
    if (evbuffer_get_length(p->out) > PEER_BACKLOG_HIGH)
        p->congested = true;
}

void peer_forward(struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct iovec iov = {(void *)payload, h->len};
    peer_sendv(p, h->type, h->job, h->node, &iov, 1);
}

uint64_t peer_heard(const struct peer *p)
{
    return p->heard;
}

bool peer_is_paused(const struct peer *p)
{
    return p->paused > 0;
}

size_t peer_backlog(const struct peer *p)
{
    return evbuffer_get_length(p->out);
}

bool peer_congested(const struct peer *p)
{
    return p->congested;
}

void peer_pause(struct peer *p)
{
    if (p->paused++ == 0 && !p->ended)
        event_del(p->ev_read);
}

void peer_resume(struct peer *p)
{
    if (--p->paused == 0 && !p->ended) {
        event_add(p->ev_read, NULL);
        event_active(p->ev_read, EV_READ, 0); /* for the frames that stand in the buffer already */
    }
}

const char *peer_name(const struct peer *p)
{
    return p->name;
}
