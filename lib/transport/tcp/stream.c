/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stream: buffers of a connection, and what lies in them. */
#include "lib/transport/tcp/stream.h"
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "lib/transport/tcp/bulk.h"
#include "lib/transport/tcp/gather.h"

enum { GET_BYTES = 8, LITTLE = 512 };

static char *spare; /* for long packets: a buffer that is not in use, so that its memory need not be had anew */

static uint32_t filled(size_t bytes)
{
    return (uint32_t)(sizeof(struct packet) + bytes) + stream_pad(bytes);
}

bool stream_begin(struct conn *c)
{
    c->out = malloc(CONN_BUFFER);
    c->in = malloc(CONN_BUFFER);
    c->in_size = CONN_BUFFER;
    c->out_at = c->out_end = c->in_at = c->in_end = 0;
    bulk_begin(c);
    if (c->out && c->in)
        return true;
    stream_end(c);
    return false;
}

void stream_fini(void)
{
    free(spare);
    spare = NULL;
}

void stream_end(struct conn *c)
{
    gather_forget(c);
    if (tcp.latest == c)
        tcp.latest = NULL;
    free(c->out);
    free(c->in);
    free(c->in_small);
    c->out = c->in = c->in_small = NULL;
    c->out_at = c->out_end = c->in_at = c->in_end = 0;
    tcp.unread -= c->unread;
    c->unread = false;
    if (c->state == CONN_OPEN)
        bulk_end(c, REMOTE_PEER_FAILED);
}

/* ---- out ---- */

static void add_piece(struct iovec *v, int *count, char *at, size_t n)
{
    if (n > 0)
        v[(*count)++] = (struct iovec){at, n};
}

/* What is to be written next: packets, and among them a chunk. False: it cannot be written any more. */
static bool out_pieces(struct conn *c, struct iovec *v, int *count)
{
    bool chunk = c->bulk.chunk + c->bulk.chunk_pad > 0, whole = true;
    uint32_t first = chunk ? c->bulk.mark : c->out_end;
    *count = 0;
    add_piece(v, count, c->out + c->out_at, first - c->out_at);
    if (chunk && !bulk_pieces(c, v, count, &whole))
        return false;
    if (whole)
        add_piece(v, count, c->out + first, c->out_end - first);
    return true;
}

static void out_wrote(struct conn *c, size_t n)
{
    size_t chunk = c->bulk.chunk + c->bulk.chunk_pad, k = chunk ? c->bulk.mark - c->out_at : n;
    k = n < k ? n : k;
    c->out_at += (uint32_t)k;
    n -= k;
    k = n < chunk ? n : chunk;
    bulk_wrote(c, k);
    c->out_at += (uint32_t)(n - k);
    if (c->out_at == c->out_end)
        c->out_at = c->out_end = c->bulk.mark = 0;
}

/* Who wants to send polls now, and reading tells the end, after all that has come. */
static void out_shut(struct conn *c)
{
    c->out_at = c->out_end;
    c->shut = true;
}

/* It cannot go on in the middle of a frame: the peer sees the end, and so does poll. */
static void out_tear(struct conn *c)
{
    shutdown(c->fd, SHUT_RDWR);
    out_shut(c);
}

static ssize_t send_pieces(int fd, struct iovec *v, int count)
{
    struct msghdr m = {.msg_iov = v, .msg_iovlen = (size_t)count};
    ssize_t n;
    do
        n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Writes once. 1: all of it; 0: not all; -1: nothing. */
static int write_once(struct conn *c)
{
    struct iovec v[BULK_IOV];
    int count;
    size_t all = 0;
    if (!out_pieces(c, v, &count)) { /* it gives back what it has asked for, and so does not go by the rules */
        out_tear(c);
        return -1;
    }
    for (int i = 0; i < count; i++)
        all += v[i].iov_len;
    ssize_t n = send_pieces(c->fd, v, count);
    if (n < 0 && errno != EAGAIN)
        out_shut(c);
    if (n > 0)
        out_wrote(c, (size_t)n);
    return n < 0 ? -1 : (size_t)n == all;
}

bool stream_unsent(const struct conn *c)
{
    return c->out_end > 0 || bulk_waits(&c->bulk);
}

void stream_in_flight(const struct conn *c, uint64_t *outgoing, uint64_t *incoming)
{
    int unacknowledged = 0;
    if (ioctl(c->fd, SIOCOUTQ, &unacknowledged) != 0)
        unacknowledged = 0;
    bulk_in_flight(&c->bulk, outgoing, incoming);
    *outgoing += c->out_end - c->out_at + (unsigned)unacknowledged;
    *incoming += c->in_end - c->in_at;
}

bool stream_write(struct conn *c)
{
    enum { ROUNDS = 8 }; /* others want their turn, too */
    int last = 1;
    bool wrote = false;
    gather_forget(c);
    for (int i = 0; i < ROUNDS && last > 0 && !c->shut; i++) {
        bulk_next(c);
        if (!stream_unsent(c))
            break;
        last = write_once(c);
        wrote |= last >= 0;
    }
    conn_want_write(c, !c->shut && stream_unsent(c));
    return wrote;
}

void *stream_reserve(struct conn *c, size_t bytes)
{
    uint32_t n = filled(bytes);
    if (c->state != CONN_OPEN || c->shut || c->lost)
        return NULL;
    if (c->out_end + n > CONN_BUFFER && c->keeps)
        stream_write(c);
    if (c->out_end + n > CONN_BUFFER && c->out_at > 0) {
        memmove(c->out, c->out + c->out_at, c->out_end - c->out_at);
        c->out_end -= c->out_at;
        c->bulk.mark -= c->bulk.mark < c->out_at ? c->bulk.mark : c->out_at;
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
    if (!c->writing && !gather_keeps(c))
        stream_write(c);
}

void stream_commit(struct conn *c, uint8_t kind, struct match_key key, size_t bytes)
{
    head_put(c, FRAME_PACKET, packet_what(kind, bytes), key);
    sent(c, bytes);
}

/* What is behind the first n bytes of the pieces, at their front. */
static int pieces_behind(struct iovec *v, int count, size_t n)
{
    int left = 0;
    for (int i = 0; i < count; i++) {
        size_t k = v[i].iov_len < n ? v[i].iov_len : n;
        n -= k;
        if (v[i].iov_len > k)
            v[left++] = (struct iovec){(char *)v[i].iov_base + k, v[i].iov_len - k};
    }
    return left;
}

bool stream_inject(struct conn *c, uint8_t kind, struct match_key key, const void *payload, size_t bytes)
{
    static char zeros[8];
    char head[sizeof(struct packet)];
    if (c->keeps)
        stream_write(c);
    if (c->state != CONN_OPEN || c->shut || c->lost || c->writing || stream_unsent(c) || !gather_allows(c, bytes))
        return false;
    head_write(head, FRAME_PACKET, packet_what(kind, bytes), key);
    struct iovec v[3] = {{head, sizeof head}, {(void *)(uintptr_t)payload, bytes}, {zeros, stream_pad(bytes)}};
    ssize_t n = send_pieces(c->fd, v, 3);
    if (n < 0 && errno != EAGAIN)
        out_shut(c);
    if (n <= 0)
        return false;
    size_t left = filled(bytes) - (size_t)n;
    if (left > 0 && !bulk_rest(c, v, pieces_behind(v, 3, (size_t)n), left))
        out_tear(c);
    conn_want_write(c, !c->shut && left > 0);
    return true;
}

void stream_add(struct conn *c, enum frame frame, uint64_t ctx, uint64_t pair, size_t bytes)
{
    head_put(c, frame, (uint32_t)bytes, (struct match_key){.ctx = ctx, .pair = pair});
    sent(c, bytes);
}

void stream_add_head(struct conn *c, enum frame frame, uint64_t ctx, uint64_t pair, size_t bytes)
{
    head_put(c, frame, (uint32_t)bytes, (struct match_key){.ctx = ctx, .pair = pair});
    c->out_end += sizeof(struct packet);
}

bool stream_goodbye(struct conn *c)
{
    if (!stream_reserve(c, 0))
        return false;
    stream_add(c, FRAME_GOODBYE, 0, 0, 0);
    return true;
}

/* Where there is no room the goodbye has to do. */
void stream_part(struct conn *c)
{
    if (!stream_reserve(c, 0))
        return;
    stream_add(c, FRAME_PARTED, 0, 0, 0);
    stream_write(c);
}

bool stream_goodbye_early(int fd)
{
    char head[sizeof(struct packet)];
    head_write(head, FRAME_GOODBYE, 0, (struct match_key){0});
    return send(fd, head, sizeof head, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof head;
}

/* ---- in ---- */

static void in_shrink(struct conn *c)
{
    char *large = c->in;
    if (!c->in_small)
        return;
    c->in = c->in_small;
    c->in_small = NULL;
    c->in_size = CONN_BUFFER;
    if (spare)
        free(large);
    else
        spare = large;
}

/* Room for a packet so long, and the next head. Without memory: later. */
static void in_grow(struct conn *c, size_t bytes)
{
    enum { LARGE = STREAM_INJECT + 4096 };
    if (bytes <= c->in_size || c->in_small)
        return;
    char *large = spare ? spare : malloc(LARGE);
    spare = NULL;
    if (!large)
        return;
    memcpy(large, c->in, c->in_end);
    c->in_small = c->in;
    c->in = large;
    c->in_size = LARGE;
}

/* Room at the end of the buffer for the rest of the packet that is there in part. */
static void in_shift(struct conn *c)
{
    if (c->in_at == c->in_end && c->in_small) {
        in_shrink(c);
        c->in_at = c->in_end = 0;
    }
    if (c->in_at == 0)
        return;
    memmove(c->in, c->in + c->in_at, c->in_end - c->in_at);
    c->in_end -= c->in_at;
    c->in_at = 0;
}

/* Of a frame, what is to be in the buffer. */
static uint32_t buffered(uint32_t frame, size_t bytes)
{
    return frame == FRAME_DATA || frame == FRAME_PUT ? (uint32_t)sizeof(struct packet) : filled(bytes);
}

/* Of the frame at the front, whose head is there, what is to be in the buffer. */
static uint32_t front_bytes(const struct conn *c)
{
    const struct packet *h = (const struct packet *)(const void *)(c->in + c->in_at);
    uint32_t frame;
    memcpy(&frame, h->own, sizeof frame);
    return buffered(frame, packet_bytes(h));
}

/* How much is read into the buffer at most: while data are awaited not much more than the next head, since they go
 * straight to where they belong. */
static uint32_t in_wanted(const struct conn *c)
{
    uint32_t room = c->in_size - c->in_end, have = c->in_end - c->in_at, rest = LITTLE;
    if (STAILQ_EMPTY(&c->bulk.gets) && c->bulk.land == 0 && !c->in_small)
        return room;
    if (have >= sizeof(struct packet) && front_bytes(c) > have)
        rest += front_bytes(c) - have;
    return rest < room ? rest : room;
}

/* Reads once. 2: as much as there was room for; 1: less; 0: nothing now; -1: nothing ever, it is the end. */
static int in_fill(struct conn *c)
{
    struct iovec v[BULK_IOV];
    struct msghdr m = {.msg_iov = v};
    bool whole;
    ssize_t n;
    size_t all = 0;
    in_shift(c);
    if (c->in_end >= sizeof(struct packet) && c->bulk.land + c->bulk.land_pad == 0)
        in_grow(c, front_bytes(c));
    if (c->in_end == c->in_size)
        return 0;
    int count = bulk_landing(c, v, &whole);
    if (whole)
        add_piece(v, &count, c->in + c->in_end, in_wanted(c));
    m.msg_iovlen = (size_t)count;
    for (int i = 0; i < count; i++)
        all += v[i].iov_len;
    do
        n = recvmsg(c->fd, &m, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        c->in_end += (uint32_t)((size_t)n - bulk_landed(c, NULL, (size_t)n));
    return n > 0 ? 1 + ((size_t)n == all) : n < 0 && errno == EAGAIN ? 0 : -1;
}

/* Is a head one of ours, and are so many bytes behind it what is needed now? */
static bool is_frame(const struct conn *c, uint32_t frame, size_t bytes)
{
    if (c->goodbye)
        return false;
    switch (frame) {
    case FRAME_PACKET:
        return bytes <= STREAM_INJECT;
    case FRAME_GET:
        return bytes == GET_BYTES;
    case FRAME_DATA:
    case FRAME_PUT:
        return bytes > 0 && bytes <= STREAM_CHUNK;
    default:
        return bytes == 0 && (frame == FRAME_GOODBYE || frame == FRAME_PARTED || frame == FRAME_REFUSED ||
                              frame == FRAME_FLUSH || frame == FRAME_FLUSHED);
    }
}

/* The frame at the front; NULL: it is not there yet. *bad: no such thing is sent by us. */
static const struct packet *front(const struct conn *c, uint32_t *frame, bool *bad)
{
    const struct packet *h = (const struct packet *)(const void *)(c->in + c->in_at);
    uint32_t have = c->in_end - c->in_at;
    if (have < sizeof *h)
        return NULL;
    memcpy(frame, h->own, sizeof *frame);
    *bad = !is_frame(c, *frame, packet_bytes(h));
    return *bad || have < buffered(*frame, packet_bytes(h)) ? NULL : h;
}

static void unread_set(struct conn *c, bool on)
{
    tcp.unread += on - c->unread;
    c->unread = on;
}

/* One frame; BULK_LATER: not now. */
static enum bulk_arrival take(struct conn *c, uint32_t frame, const struct packet *h)
{
    if (frame == FRAME_PACKET)
        return p2p_deliver(c->peer, h, h + 1, packet_bytes(h)) ? BULK_TAKEN : BULK_LATER;
    if (frame == FRAME_PARTED)
        peer_parted(c->peer);
    c->goodbye = frame == FRAME_GOODBYE;
    return c->goodbye || frame == FRAME_PARTED ? BULK_TAKEN : bulk_arrived(c, frame, h);
}

/* Delivers the whole frames that are there, and what there is of those that land elsewhere. */
static int deliver(struct conn *c, bool *bad)
{
    const struct packet *h;
    uint32_t frame;
    int n = 0;
    unread_set(c, false);
    while (c->state == CONN_OPEN && (h = front(c, &frame, bad)) != NULL) {
        enum bulk_arrival how = take(c, frame, h);
        *bad = how == BULK_BAD;
        unread_set(c, how == BULK_LATER);
        if (how != BULK_TAKEN)
            break;
        c->in_at += buffered(frame, packet_bytes(h));
        if (c->bulk.land > 0)
            c->in_at += (uint32_t)bulk_landed(c, c->in + c->in_at, c->in_end - c->in_at);
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
    int n = 0, more = 2;
    bool bad = false;
    for (int i = 0; i < ROUNDS && more > 1 && c->state == CONN_OPEN && !c->unread && !c->lost; i++) {
        more = in_fill(c);
        n += deliver(c, &bad) + (more > 0);
    }
    if (bulk_waits(&c->bulk) && !c->writing && !c->lost && c->state == CONN_OPEN)
        stream_write(c);
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
    uint32_t frame = 0;
    bool bad = false;
    if (c->bulk.land + c->bulk.land_pad > 0)
        return (struct arrival){NULL, NULL};
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
