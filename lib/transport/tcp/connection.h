/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connection: one socket a pair of processes. Who is spoken to first is connected to; if both begin at once, the
 * connection of the one stays that comes first in the order of jobs (their tags) and ranks.
 *
 *     connector           listener
 *     hello           ->                 who it is, and the listener's secret, which it was told of
 *                     <-  verdict        welcome; or: wait, mine is under way; or nothing, and the end
 *     frames         <->  frames         heads and payloads (stream.h)
 *
 * Before a hello has proved that its sender knows the secret, nothing of it is believed, and little is kept. One of a
 * process of another job that is not known here is kept until it is: it has been told of us a moment earlier. */
#ifndef LIB_TRANSPORT_TCP_CONNECTION_H
#define LIB_TRANSPORT_TCP_CONNECTION_H

#include <sys/queue.h>
#include "lib/transport/peer.h"
#include "lib/transport/tcp/bulk.h"
#include "lib/transport/tcp/place.h"

enum conn_state {
    CONN_NONE,       /* as it was made */
    CONN_CONNECTING, /* to one of its places */
    CONN_GREETING,   /* hello is sent, the verdict has not come */
    CONN_AWAITED,    /* the peer's own hello is under way */
    CONN_OPEN,
    CONN_CLOSED
};

enum { CONN_BUFFER = 28 << 10 };

/* p->channel of its peer. */
struct conn {
    struct peer *peer;
    int fd; /* -1: none */
    uint8_t state;
    bool writing; /* epoll tells when more can be written */
    bool goodbye; /* the peer has said that nothing more comes */
    bool shut;    /* nothing can be written any more */
    bool parted;  /* we have said so */
    bool lost;    /* peer_failed or peer_finalized has been said */
    bool unread;  /* packets lie in `in` that poll is to deliver: for want of memory it could not, or somebody peeked */
    char *out;    /* CONN_BUFFER bytes each, while open */
    char *in;
    uint32_t out_at, out_end, in_at, in_end;
    uint32_t burst; /* in which it last wrote at once */
    bool keeps;     /* packets of a burst (gather.h) */
    struct bulk bulk;
    struct sockaddr_in6 tries[PLACE_TRIES];
    int try_count, try_at;
    struct place place;
    int64_t deadline;          /* clock_ns(), while connecting or awaited; else 0 */
    TAILQ_ENTRY(conn) opening; /* while it has one */
    TAILQ_ENTRY(conn) every;   /* while it has a descriptor */
    TAILQ_ENTRY(conn) kept;    /* while it keeps something */
};

extern struct tcp {
    int listener, epoll; /* -1: none */
    struct place own;
    TAILQ_HEAD(conns, conn) opening, all;
    int unread; /* connections that are */
} tcp;

/* Listens. An error class with a note. */
int conn_listen(void);
/* Says goodbye to all, and closes everything. */
void conn_end(void);

bool conn_connect(struct peer *p, const void *address);
/* Closes it; the channel stays with the peer. */
void conn_close(struct conn *c);
/* The peer is lost, unless that has been said. */
void conn_fail(struct conn *c, const char *why);
/* Something has happened to a descriptor: data.u64 of the event, CONN_KNOCK for the listener's. Returns packets that
 * were delivered. */
enum { CONN_KNOCK = 0 };
int conn_event(uint64_t data, uint32_t events);
/* Takes in who is at the listener, after all other events of one look: a guest may have to go. */
void conn_accept(void);
/* Takes in those who have become known since they came. */
void conn_recognise(void);
/* Those that take too long to connect. */
void conn_expire(void);
/* Does something lie in a buffer? */
bool conn_unsent(void);
/* Whether epoll tells when the socket takes more. */
void conn_want_write(struct conn *c, bool on);

#endif
