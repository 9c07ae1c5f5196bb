/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connection: one socket a pair of processes. Who is spoken to first is connected to; if both begin at once, the
 * connection of the one stays that comes first in the order of jobs (their tags) and ranks.
 *
 *     connector           listener
 *     hello           ->                 who it is, and a proof that it knows the listener's key
 *                     <-  answer         welcome, or: wait, mine is under way; and the same proof
 *     consents        ->                 a proof that it has read the answer: what follows is not a repetition
 *     frames         <->  frames         heads and payloads (stream.h)
 *
 * Before a hello has been proved, nothing of it is looked at, and little is kept. One of a process of another job that
 * has not told where it is reached is kept until it has: it will in a moment, by somebody between us. Until it consents
 * a guest binds nobody: several may come in the name of one process, and the first that consents is it. */
#ifndef LIB_TRANSPORT_TCP_CONNECTION_H
#define LIB_TRANSPORT_TCP_CONNECTION_H

#include <sys/queue.h>
#include "lib/transport/peer.h"
#include "lib/transport/tcp/bulk.h"
#include "lib/transport/tcp/place.h"

enum conn_state {
    CONN_NONE,       /* as it was made */
    CONN_RESTING,    /* no place has led to it; they are tried again in a moment */
    CONN_CONNECTING, /* to one of its places */
    CONN_GREETING,   /* hello is sent, the answer has not come */
    CONN_AWAITED,    /* the peer's own hello, or consent, is under way */
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
    bool born;    /* its place follows from the launcher's word; what it says itself counts more */
    bool asked;   /* for that */
    bool silent;  /* in this round somebody has got our hello, and has said nothing */
    uint8_t rests;
    char *out;      /* CONN_BUFFER bytes each, while open */
    char *in;       /* so many, or more while a long packet comes */
    char *in_small; /* the usual one meanwhile */
    uint32_t out_at, out_end, in_at, in_end, in_size;
    uint32_t burst;    /* in which it last wrote at once */
    uint32_t injected; /* bytes of long packets in it */
    bool keeps;        /* packets of a burst (gather.h) */
    struct bulk bulk;
    struct sockaddr_in6 tries[PLACE_TRIES];
    struct in6_addr from; /* of the last try */
    int try_count, try_at;
    struct place place;
    struct hello hello; /* ours, while greeting */
    struct answer answer;
    uint32_t got;              /* bytes of the answer */
    int64_t began;             /* clock_ns() of the first try */
    int64_t deadline;          /* clock_ns(), while something is to happen then; else 0 */
    TAILQ_ENTRY(conn) opening; /* while it has one */
    TAILQ_ENTRY(conn) every;   /* while it has a descriptor */
    TAILQ_ENTRY(conn) kept;    /* while it keeps something */
};

extern struct tcp {
    int listener, epoll, timer; /* -1: none */
    struct place own;
    TAILQ_HEAD(conns, conn) opening, all;
    int64_t armed;       /* when the timer fires; 0: never */
    int unread;          /* connections that are */
    struct conn *latest; /* that something has come by: it is the likeliest to bring the next packet; or NULL */
} tcp;

/* In which a connection must come about, in ns. */
int64_t conn_patience(void);
/* Begins: nobody is connected to, or listened for. An error class with a note. */
int conn_begin(void);
/* Says goodbye to all, and closes everything. */
void conn_end(void);
/* Tells all that this process has finalized. */
void conn_part(void);
/* The channel of a peer, made when it is first needed; NULL: no memory. */
struct conn *conn_of(struct peer *p);
/* It has this descriptor now, or none any more. */
void conn_take_fd(struct conn *c, int fd);
void conn_drop_fd(struct conn *c);
/* Something is to happen after that time (conn_expire); 0: nothing. */
void conn_due(struct conn *c, int64_t ns);
/* Frames go, on its descriptor. False: no memory, and it has failed. */
bool conn_open(struct conn *c);
/* Closes it; the channel stays with the peer. */
void conn_close(struct conn *c);
/* The peer is lost, unless that has been said. */
void conn_fail(struct conn *c, const char *why);
/* Whether epoll tells when the socket takes more. */
void conn_want_write(struct conn *c, bool on);
/* What happens to a descriptor is told with that data: 0 the listener, CONN_TIMER, odd a guest (listener.h), else a
 * connection. */
bool conn_watch(int fd, uint64_t data, uint32_t events);
enum { CONN_KNOCK = 0, CONN_TIMER = 2 };
/* Something has happened to the descriptor of a guest or a connection. Returns packets that were delivered. */
int conn_event(uint64_t data, uint32_t events);
/* There are no descriptors for guests: the listener is looked at again in a moment. */
void conn_deaf(void);
/* The timer has fired: those whose time has come. After all other events: an answer may be among them. */
void conn_expire(void);
/* Does something lie in a buffer? */
bool conn_unsent(void);

#endif
