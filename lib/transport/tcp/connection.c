/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connection: life of connections: connect, accept, greet, close. */
#include "lib/transport/tcp/connection.h"
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/tcp/stream.h"
#include "lib/transport/tcp/tcp.h"

#define HELLO_MAGIC UINT64_C(0x3150435452545355) /* another byte order does not read it */
#define PATIENCE_NS INT64_C(20000000000)
enum { GUESTS_MAX = 256 };
enum verdict { WELCOME = 0x4d4c4557, WAIT_FOR_MINE = 0x54494157 };

struct hello {
    uint64_t magic;
    uint32_t rank, size; /* of the sender, in its job */
    uint32_t job;        /* that one's tag (process.h) */
    uint32_t unused;
    unsigned char secret[PLACE_SECRET]; /* the listener's */
};

/* Who has connected, and not said who it is; or has, and is not known so far. */
struct guest {
    int fd;
    uint32_t got;
    bool strange; /* it knows our secret, and waits until we know who it is */
    struct hello hello;
    TAILQ_ENTRY(guest) more;
};
static TAILQ_HEAD(, guest) guests = TAILQ_HEAD_INITIALIZER(guests);
static int guest_count; /* who have not said who they are */
static TAILQ_HEAD(, guest) strangers = TAILQ_HEAD_INITIALIZER(strangers);

struct tcp tcp = {.listener = -1, .epoll = -1};

/* ---- epoll: what a descriptor belongs to is the event's data: 0 the listener, odd a guest, else a connection ---- */

static bool watch(int fd, uint64_t data, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = data};
    return epoll_ctl(tcp.epoll, EPOLL_CTL_ADD, fd, &e) == 0 || epoll_ctl(tcp.epoll, EPOLL_CTL_MOD, fd, &e) == 0;
}

void conn_want_write(struct conn *c, bool on)
{
    if (c->writing == on)
        return;
    c->writing = on;
    watch(c->fd, (uintptr_t)c, EPOLLIN | (on ? EPOLLOUT : 0));
}

/* ---- life ---- */

static void opening_set(struct conn *c, bool on)
{
    if (c->deadline)
        TAILQ_REMOVE(&tcp.opening, c, opening);
    c->deadline = on ? clock_ns() + PATIENCE_NS : 0;
    if (on)
        TAILQ_INSERT_TAIL(&tcp.opening, c, opening);
}

static void fd_drop(struct conn *c)
{
    if (c->fd >= 0) {
        close(c->fd); /* which takes it out of epoll */
        TAILQ_REMOVE(&tcp.all, c, every);
    }
    c->fd = -1;
    c->writing = false;
}

static void fd_take(struct conn *c, int fd)
{
    c->fd = fd;
    TAILQ_INSERT_TAIL(&tcp.all, c, every);
}

void conn_close(struct conn *c)
{
    opening_set(c, false);
    fd_drop(c);
    stream_end(c);
    c->state = CONN_CLOSED;
}

void conn_fail(struct conn *c, const char *why)
{
    bool said = c->lost;
    c->lost = true;
    opening_set(c, false);
    fd_drop(c);
    if (!said)
        peer_failed(c->peer, why);
}

/* The channel of a peer, made when it is first needed; NULL: no memory. */
static struct conn *conn_of(struct peer *p)
{
    struct conn *c = p->channel;
    if (!c && (c = calloc(1, sizeof *c)) != NULL) {
        c->peer = p;
        c->fd = -1;
        p->channel = c;
    }
    return c;
}

static void options_set(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static bool open_up(struct conn *c)
{
    if (!stream_begin(c)) {
        conn_fail(c, "no memory for a connection");
        return false;
    }
    opening_set(c, false);
    c->state = CONN_OPEN;
    watch(c->fd, (uintptr_t)c, EPOLLIN);
    return true;
}

/* ---- the connector ---- */

/* None of its places leads to it; what the last one came to: an errno value, 0: it was closed. */
static void give_up(struct conn *c, int error)
{
    char text[80], why[160];
    if (c->try_count == 0) {
        conn_fail(c, "its host has no network that is up");
        return;
    }
    place_text(&c->tries[c->try_count - 1], text, sizeof text);
    snprintf(why, sizeof why, "no connection to %s: %s (MUSTER_INTERFACE chooses a network)", text,
             error ? strerror(error) : "it was closed");
    conn_fail(c, why);
}

static void try_next(struct conn *c)
{
    int error = 0;
    opening_set(c, true);
    for (; c->try_at < c->try_count; c->try_at++) {
        const struct sockaddr_in6 *to = &c->tries[c->try_at];
        int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            options_set(fd);
            if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 || errno == EINPROGRESS) {
                fd_take(c, fd);
                c->state = CONN_CONNECTING;
                c->writing = true;
                if (watch(fd, (uintptr_t)c, EPOLLOUT))
                    return;
            }
        }
        error = errno;
        if (fd >= 0 && c->fd < 0)
            close(fd);
        fd_drop(c);
    }
    give_up(c, error);
}

static void next_or_fail(struct conn *c, int error)
{
    fd_drop(c);
    if (++c->try_at < c->try_count)
        try_next(c);
    else
        give_up(c, error);
}

bool conn_unsent(void)
{
    struct conn *c;
    TAILQ_FOREACH(c, &tcp.all, every)
    if (c->state == CONN_OPEN && stream_unsent(c))
        return true;
    return false;
}

bool conn_connect(struct peer *p, const void *address)
{
    struct conn *c = conn_of(p);
    if (!c)
        return false;
    if (c->state != CONN_NONE) /* it came first */
        return true;
    memcpy(&c->place, address, sizeof c->place);
    c->try_count = place_tries(&tcp.own, &c->place, c->tries);
    c->try_at = 0;
    try_next(c);
    return true;
}

/* It is connected, or it is not. */
static void connected(struct conn *c)
{
    int error = 0;
    socklen_t n = sizeof error;
    const struct process_job *own = process_job_own();
    struct hello h = {
        .magic = HELLO_MAGIC, .rank = (uint32_t)process_self, .size = (uint32_t)own->size, .job = own->tag};
    memcpy(h.secret, c->place.secret, sizeof h.secret);
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0) {
        next_or_fail(c, error);
        return;
    }
    if (send(c->fd, &h, sizeof h, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof h) {
        next_or_fail(c, errno);
        return;
    }
    /* The verdict comes when the peer is next in MPI. */
    opening_set(c, false);
    c->state = CONN_GREETING;
    conn_want_write(c, false);
}

static void judged(struct conn *c)
{
    uint32_t verdict;
    ssize_t n = recv(c->fd, &verdict, sizeof verdict, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == (ssize_t)sizeof verdict && verdict == WELCOME) {
        open_up(c);
    } else if (n == (ssize_t)sizeof verdict && verdict == WAIT_FOR_MINE) {
        fd_drop(c);
        opening_set(c, true);
        c->state = CONN_AWAITED;
    } else {
        next_or_fail(c, n < 0 ? errno : 0);
    }
}

/* ---- the listener ---- */

static void guest_drop(struct guest *g, bool shut)
{
    if (g->strange) {
        TAILQ_REMOVE(&strangers, g, more);
    } else {
        TAILQ_REMOVE(&guests, g, more);
        guest_count--;
    }
    if (shut)
        close(g->fd);
    free(g);
}

static void answer(int fd, uint32_t verdict)
{
    if (send(fd, &verdict, sizeof verdict, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return; /* its end will be seen */
}

/* In constant time. */
static bool same_secret(const unsigned char *a, const unsigned char *b)
{
    unsigned char differs = 0;
    for (int i = 0; i < PLACE_SECRET; i++)
        differs |= a[i] ^ b[i];
    return differs == 0;
}

static bool is_trusted(const struct hello *h)
{
    return h->magic == HELLO_MAGIC && same_secret(h->secret, tcp.own.secret);
}

/* The sender; -1: it is not known; process_self: that is no other process. */
static int sender_of(const struct hello *h)
{
    int rank, proc = h->rank <= INT32_MAX ? process_find(h->job, (int)h->rank) : -1;
    if (proc >= 0 && (uint32_t)process_job_of(proc, &rank)->size != h->size)
        return process_self;
    return proc >= 0 && process_is_foreign(proc) && !address_told(proc, &transport_tcp) ? -1 : proc;
}

static bool comes_first(const struct hello *h)
{
    const struct process_job *own = process_job_own();
    return h->job != own->tag ? h->job < own->tag : (int)h->rank < process_self;
}

/* Ours goes on if both have said hello, and we come first: so its hello is sure to come. */
static bool yields(const struct conn *c, const struct hello *h)
{
    return c->state < CONN_OPEN && (c->state != CONN_GREETING || comes_first(h));
}

static void admit(struct guest *g, int proc)
{
    struct peer *p = peer_get(proc);
    struct conn *c = p && p->carrier && strcmp(p->carrier->name, "tcp") == 0 ? conn_of(p) : NULL;
    int fd = g->fd;
    if (!c || c->lost || c->state >= CONN_OPEN) {
        guest_drop(g, true);
        return;
    }
    if (!yields(c, &g->hello)) {
        answer(fd, WAIT_FOR_MINE);
        guest_drop(g, true);
        return;
    }
    guest_drop(g, false);
    fd_drop(c);
    fd_take(c, fd);
    if (open_up(c))
        answer(fd, WELCOME);
}

/* What it sends meanwhile, its goodbye too, stays in the socket. */
static void guest_keep(struct guest *g)
{
    if (g->strange)
        return;
    epoll_ctl(tcp.epoll, EPOLL_CTL_DEL, g->fd, NULL);
    TAILQ_REMOVE(&guests, g, more);
    guest_count--;
    g->strange = true;
    TAILQ_INSERT_TAIL(&strangers, g, more);
}

/* It has said who it is, and is to be believed. */
static void guest_judge(struct guest *g)
{
    int proc = sender_of(&g->hello);
    if (proc < 0)
        guest_keep(g);
    else if (proc == process_self)
        guest_drop(g, true);
    else
        admit(g, proc);
}

static void guest_read(struct guest *g)
{
    ssize_t n = recv(g->fd, (char *)&g->hello + g->got, sizeof g->hello - g->got, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        guest_drop(g, true);
        return;
    }
    g->got += (uint32_t)n;
    if (g->got < sizeof g->hello)
        return;
    if (is_trusted(&g->hello))
        guest_judge(g);
    else
        guest_drop(g, true);
}

void conn_recognise(void)
{
    static uint32_t seen;
    struct guest *g, *next;
    if (seen == address_tells || TAILQ_EMPTY(&strangers))
        return;
    seen = address_tells;
    for (g = TAILQ_FIRST(&strangers); g; g = next) {
        next = TAILQ_NEXT(g, more);
        guest_judge(g);
    }
}

/* Most have said hello by now. Who has not may have begun to compute; but the oldest goes where there are too many, so
 * that strangers who say nothing keep nobody out. */
void conn_accept(void)
{
    for (int fd; (fd = accept4(tcp.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct guest *g = calloc(1, sizeof *g);
        if (!g) {
            close(fd);
            return;
        }
        if (guest_count == GUESTS_MAX)
            guest_drop(TAILQ_FIRST(&guests), true);
        g->fd = fd;
        options_set(fd);
        TAILQ_INSERT_TAIL(&guests, g, more);
        guest_count++;
        if (watch(fd, (uintptr_t)g | 1, EPOLLIN))
            guest_read(g);
        else
            guest_drop(g, true);
    }
}

/* Many peers want many descriptors. */
static void descriptors_raise(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

int conn_listen(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t n = sizeof any;
    int off = 0;
    TAILQ_INIT(&tcp.opening);
    TAILQ_INIT(&tcp.all);
    tcp.unread = 0;
    int rc = place_own(&tcp.own);
    if (rc != MPI_SUCCESS)
        return rc;
    descriptors_raise();
    tcp.epoll = epoll_create1(EPOLL_CLOEXEC);
    tcp.listener = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp.epoll < 0 || tcp.listener < 0 ||
        setsockopt(tcp.listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 ||
        bind(tcp.listener, (struct sockaddr *)&any, sizeof any) != 0 || listen(tcp.listener, SOMAXCONN) != 0 ||
        getsockname(tcp.listener, (struct sockaddr *)&any, &n) != 0 || !watch(tcp.listener, 0, EPOLLIN)) {
        error_detail_set(MPI_ERR_OTHER, "no socket for ranks of other nodes: %s", strerror(errno));
        conn_end();
        return MPI_ERR_OTHER;
    }
    tcp.own.port = ntohs(any.sin6_port);
    return MPI_SUCCESS;
}

/* Is there something that the peer's kernel has not got? What comes is thrown away. Who is greeted reads our goodbye
 * behind the hello. */
static bool takes_leave(struct conn *c)
{
    int unacknowledged = 0;
    c->parted = c->parted || (c->state == CONN_OPEN ? stream_goodbye(c) : stream_goodbye_early(c));
    if (c->state == CONN_OPEN)
        stream_write(c);
    ssize_t n = recv(c->fd, NULL, CONN_BUFFER, MSG_TRUNC | MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        return false; /* nobody is there */
    return !c->parted || stream_unsent(c) || (ioctl(c->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0);
}

/* What waits goes out first, as long as the others take it: a socket that is closed while something comes in forgets
 * what it has not sent. */
static void say_goodbye(void)
{
    struct conn *c;
    int64_t until = clock_ns() + PATIENCE_NS / 4;
    for (bool more = true; more && clock_ns() < until;) {
        more = false;
        TAILQ_FOREACH(c, &tcp.all, every)
        more |= (c->state == CONN_OPEN || c->state == CONN_GREETING) && !c->lost && takes_leave(c);
        if (more)
            usleep(200);
    }
}

void conn_end(void)
{
    struct conn *c;
    struct guest *g;
    say_goodbye();
    while ((c = TAILQ_FIRST(&tcp.all)) != NULL)
        conn_close(c);
    while ((c = TAILQ_FIRST(&tcp.opening)) != NULL)
        conn_close(c);
    while ((g = TAILQ_FIRST(&guests)) != NULL || (g = TAILQ_FIRST(&strangers)) != NULL)
        guest_drop(g, true);
    if (tcp.listener >= 0)
        close(tcp.listener);
    if (tcp.epoll >= 0)
        close(tcp.epoll);
    tcp.listener = tcp.epoll = -1;
}

int conn_event(uint64_t data, uint32_t events)
{
    if (data & 1) {
        guest_read((struct guest *)(uintptr_t)(data & ~UINT64_C(1)));
        return 0;
    }
    struct conn *c = (struct conn *)(uintptr_t)data;
    if (c->fd < 0)
        return 0;
    if (c->state == CONN_CONNECTING)
        connected(c);
    else if (c->state == CONN_GREETING)
        judged(c);
    else if (c->state == CONN_OPEN) {
        bool wrote = events & EPOLLOUT && stream_write(c);
        return stream_read(c) + wrote;
    }
    return 0;
}

void conn_expire(void)
{
    int64_t now = clock_ns();
    for (struct conn *c; (c = TAILQ_FIRST(&tcp.opening)) != NULL && c->deadline < now;) {
        if (c->state == CONN_AWAITED)
            try_next(c);
        else
            next_or_fail(c, ETIMEDOUT);
    }
}
