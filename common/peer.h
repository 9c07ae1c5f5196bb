/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peer: one link, mostly of the control tree: framed messages over a byte stream, in a libevent loop.
 *
 * Sending never blocks and never fails at the call: frames are queued and written when the loop comes round, many at
 * a time. A sender that produces without bound looks at peer_backlog and stops until its `drained` callback.
 * The link's end is a message: `gone` is called once, and never from inside another peer call.
 */
#ifndef COMMON_PEER_H
#define COMMON_PEER_H

#include "wire/buf.h"
#include "wire/frame.h"

#include <event2/event.h>
#include <sys/uio.h>

struct evbuffer;
struct peer;

struct peer_ops {
    /* One frame came; payload (h->len bytes) is valid until the return. The callee may destroy the peer. */
    void (*frame)(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload);
    /* The stream ended or broke, or the other end broke the framing; why is a phrase. Destroy the peer here or later.
     */
    void (*gone)(void *arg, struct peer *p, const char *why);
    /* The queue, which was over PEER_BACKLOG_HIGH, is nearly empty again. May be NULL. */
    void (*drained)(void *arg, struct peer *p);
    /* What a type of frame is called, for traces. NULL: they are those of the control tree. */
    const char *(*name)(unsigned type);
};

/* The `why` of a stream that carries something else than frames. */
extern const char peer_no_frames[];

#define PEER_BACKLOG_HIGH (1u << 20)
#define PEER_BACKLOG_LOW (1u << 18)

/* Takes the stream: frames are read from in_fd and written to out_fd, which may be the same descriptor (a socket), or
 * another (the two pipes of a process). Both become non-blocking; peer_destroy closes them. ops and arg are borrowed.
 * name is copied, for traces. */
struct peer *peer_create(struct event_base *base, int in_fd, int out_fd, const char *name, const struct peer_ops *ops,
                         void *arg);
void peer_destroy(struct peer *p); /* what is still queued is lost; takes NULL */

void peer_send(struct peer *p, unsigned type, unsigned job, uint32_t node, const struct buf *payload); /* NULL: none */
void peer_sendv(struct peer *p, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n);
void peer_send_frames(struct peer *p, struct evbuffer *frames); /* whole frames, moved out of the buffer */
void peer_forward(struct peer *p, const struct frame_head *h, const unsigned char *payload);

uint64_t peer_heard(const struct peer *p); /* how often bytes have come */
bool peer_is_paused(const struct peer *p);
size_t peer_backlog(const struct peer *p); /* bytes queued */
bool peer_congested(const struct peer *p); /* went over HIGH, not yet back below LOW */
void peer_pause(struct peer *p);           /* stop reading; counted */
void peer_resume(struct peer *p);
void peer_flush(struct peer *p); /* write now what the stream takes without blocking */
void peer_finish(
    struct peer *p); /* nothing more is sent: the other end of a socket reads its end after what is queued */
const char *peer_name(const struct peer *p);

#endif
