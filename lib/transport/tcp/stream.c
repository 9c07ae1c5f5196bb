/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stream: buffers of a connection, and what lies in them. */
#include "lib/transport/tcp/stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The own part of a head. */
enum frame { FRAME_PACKET = 0x4b435450, FRAME_GOODBYE = 0x45594247 };

static uint32_t filled(size_t bytes)
{
    return (uint32_t)(sizeof(struct packet) + (bytes + 7) / 8 * 8);
}

bool stream_begin(struct conn *c)
{
    c->out = malloc(CONN_BUFFER);
    c->in = malloc(CONN_BUFFER);
    c->out_at = c->out_end = c->in_at = c->in_end = 0;
    if (c->out && c->in)
        return true;
    stream_end(c);
    return false;
}

void stream_end(struct conn *c)
{
    free(c->out);
    free(c->in);
    c->out = c->in = NULL;
    c->out_at = c->out_end = c->in_at = c->in_end = 0;
    tcp.unread -= c->unread;
    c->unread = false;
}

/* ---- out ---- */

void stream_write(struct conn *c)
{
    while (c->out_at < c->out_end) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_end - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            c->out_at = c->out_end;
            c->shut = true; /* who wants to send polls now, and reading tells the end, after all that has come */
        }
        if (n < 0)
            break;
        c->out_at += (uint32_t)n;
    }
    if (c->out_at == c->out_end)
        c->out_at = c->out_end = 0;
    conn_want_write(c, c->out_end > 0);
}

void *stream_reserve(struct conn *c, size_t bytes)
{
    uint32_t n = filled(bytes);
    if (c->state != CONN_OPEN || c->shut || c->lost)
        return NULL;
    if (c->out_end + n > CONN_BUFFER && c->out_at > 0) {
        memmove(c->out, c->out + c->out_at, c->out_end - c->out_at);
        c->out_end -= c->out_at;
        c->out_at = 0;
    }
    return c->out_end + n > CONN_BUFFER ? NULL : c->out + c->out_end + sizeof(struct packet);
}

static void head_write(void *at, uint32_t frame, uint32_t what, struct match_key key)
{
    struct packet h = {.what = what, .key = key};
    memcpy(h.own, &frame, sizeof h.own);
    memcpy(at, &h, sizeof h);
}

static void head_put(struct conn *c, uint32_t frame, uint32_t what, struct match_key key)
{
    head_write(c->out + c->out_end, frame, what, key);
}

/* What goes to an idle socket goes at once. */
static void sent(struct conn *c, size_t bytes)
{
    c->out_end += filled(bytes);
    if (!c->writing)
        stream_write(c);
}

void stream_commit(struct conn *c, uint8_t kind, struct match_key key, size_t bytes)
{
    head_put(c, FRAME_PACKET, packet_what(kind, bytes), key);
    sent(c, bytes);
}

bool stream_goodbye(struct conn *c)
{
    if (!stream_reserve(c, 0))
        return false;
    head_put(c, FRAME_GOODBYE, 0, (struct match_key){0});
    sent(c, 0);
    return true;
}

bool stream_goodbye_early(struct conn *c)
{
    char head[sizeof(struct packet)];
    head_write(head, FRAME_GOODBYE, 0, (struct match_key){0});
    return send(c->fd, head, sizeof head, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof head;
}

/* ---- in ---- */

/* Room at the end of the buffer for the rest of the packet that is there in part. */
static void in_shift(struct conn *c)
{
    if (c->in_at == 0)
        return;
    memmove(c->in, c->in + c->in_at, c->in_end - c->in_at);
    c->in_end -= c->in_at;
    c->in_at = 0;
}

/* Reads once. 1: something has come; 0: nothing now; -1: nothing ever, it is the end. */
static int in_fill(struct conn *c)
{
    in_shift(c);
    if (c->in_end == CONN_BUFFER)
        return 0;
    ssize_t n;
    do
        n = recv(c->fd, c->in + c->in_end, CONN_BUFFER - c->in_end, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        c->in_end += (uint32_t)n;
    return n > 0 ? 1 : n < 0 && errno == EAGAIN ? 0 : -1;
}

/* The packet at the front; NULL: it is not there yet. *bad: no such thing is sent by us. */
static const struct packet *front(const struct conn *c, uint32_t *frame, bool *bad)
{
    const struct packet *h = (const struct packet *)(const void *)(c->in + c->in_at);
    uint32_t have = c->in_end - c->in_at;
    if (have < sizeof *h)
        return NULL;
    memcpy(frame, h->own, sizeof *frame);
    *bad = (*frame != FRAME_PACKET && *frame != FRAME_GOODBYE) || packet_bytes(h) > STREAM_PAYLOAD || c->goodbye;
    return *bad || have < filled(packet_bytes(h)) ? NULL : h;
}

static void unread_set(struct conn *c, bool on)
{
    tcp.unread += on - c->unread;
    c->unread = on;
}

/* Delivers the whole packets that are there. */
static int deliver(struct conn *c, bool *bad)
{
    const struct packet *h;
    uint32_t frame;
    int n = 0;
    unread_set(c, false);
    while (c->state == CONN_OPEN && (h = front(c, &frame, bad)) != NULL) {
        if (frame == FRAME_GOODBYE) {
            c->goodbye = true;
        } else if (!p2p_deliver(c->peer, h, h + 1, packet_bytes(h))) {
            unread_set(c, true);
            break;
        }
        c->in_at += filled(packet_bytes(h));
        n++;
    }
    return n;
}

static void ended(struct conn *c)
{
    int error = 0;
    socklen_t n = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n);
    conn_fail(c, error ? strerror(error) : "the connection was closed");
}

int stream_read(struct conn *c)
{
    enum { ROUNDS = 4 }; /* others want their turn, too */
    int n = 0, more = 1;
    bool bad = false;
    for (int i = 0; i < ROUNDS && more > 0 && c->state == CONN_OPEN && !c->unread && !c->lost; i++) {
        more = in_fill(c);
        n += deliver(c, &bad);
    }
    if (c->state != CONN_OPEN || c->lost || c->unread)
        return n;
    if (bad)
        conn_fail(c, "it sent what is no packet");
    else if (c->goodbye) {
        c->lost = true;
        peer_finalized(c->peer);
    } else if (more < 0)
        ended(c);
    return n;
}

struct arrival stream_peek(struct conn *c)
{
    uint32_t frame;
    bool bad = false;
    const struct packet *h = front(c, &frame, &bad);
    if (!h && !bad && in_fill(c) > 0) {
        unread_set(c, true);
        h = front(c, &frame, &bad);
    }
    if (!h || frame != FRAME_PACKET)
        return (struct arrival){NULL, NULL};
    return (struct arrival){h, h + 1};
}

void stream_consume(struct conn *c)
{
    const struct packet *h = (const struct packet *)(const void *)(c->in + c->in_at);
    c->in_at += filled(packet_bytes(h));
    unread_set(c, c->in_at < c->in_end);
}
