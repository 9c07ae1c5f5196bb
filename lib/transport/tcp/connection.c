/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connection: life of connections: descriptors and deadlines, from the first try to the goodbye. */
#include "lib/transport/tcp/connection.h"
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/transport/tcp/connector.h"
#include "lib/transport/tcp/listener.h"
#include "lib/transport/tcp/stream.h"

#define DEAF_NS INT64_C(50000000)
#define LEAVE_NS INT64_C(5000000000)

struct tcp tcp = {.listener = -1, .epoll = -1, .timer = -1};
static int64_t deaf_until; /* clock_ns(): the listener is not looked at; 0: it is */

int64_t conn_patience(void)
{
    return (int64_t)knobs.CONNECT_PATIENCE * 1000000000;
}

/* ---- descriptors ---- */

bool conn_watch(int fd, uint64_t data, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = data};
    return epoll_ctl(tcp.epoll, EPOLL_CTL_ADD, fd, &e) == 0 || epoll_ctl(tcp.epoll, EPOLL_CTL_MOD, fd, &e) == 0;
}

void conn_want_write(struct conn *c, bool on)
{
    if (c->writing == on)
        return;
    c->writing = on;
    conn_watch(c->fd, (uintptr_t)c, EPOLLIN | (on ? EPOLLOUT : 0));
}

void conn_drop_fd(struct conn *c)
{
    if (c->fd >= 0) {
        close(c->fd); /* which takes it out of epoll */
        TAILQ_REMOVE(&tcp.all, c, every);
    }
    c->fd = -1;
    c->writing = false;
}

void conn_take_fd(struct conn *c, int fd)
{
    c->fd = fd;
    TAILQ_INSERT_TAIL(&tcp.all, c, every);
}

/* ---- deadlines: one timer for the earliest ---- */

static void timer_arm(int64_t at)
{
    struct itimerspec t = {.it_value = {at / 1000000000, at % 1000000000}};
    if (at == tcp.armed)
        return;
    tcp.armed = at;
    timerfd_settime(tcp.timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void timer_need(int64_t at)
{
    if (tcp.armed == 0 || at < tcp.armed)
        timer_arm(at);
}

void conn_due(struct conn *c, int64_t ns)
{
    if (c->deadline)
        TAILQ_REMOVE(&tcp.opening, c, opening);
    c->deadline = ns ? clock_ns() + ns : 0;
    if (!ns)
        return;
    TAILQ_INSERT_TAIL(&tcp.opening, c, opening);
    timer_need(c->deadline);
}

void conn_deaf(void)
{
    deaf_until = clock_ns() + DEAF_NS;
    timer_need(deaf_until);
}

void conn_expire(void)
{
    uint64_t fired;
    struct conn *c, *next;
    int64_t now = clock_ns(), earliest = 0;
    if (read(tcp.timer, &fired, sizeof fired) < 0 && errno != EAGAIN)
        return;
    tcp.armed = 0;
    if (deaf_until && deaf_until <= now) {
        deaf_until = 0;
        listener_again();
    }
    for (c = TAILQ_FIRST(&tcp.opening); c; c = next) {
        next = TAILQ_NEXT(c, opening);
        if (c->deadline <= now)
            connector_expire(c); /* which may put it at the end of the list, with a later one */
    }
    TAILQ_FOREACH(c, &tcp.opening, opening)
    earliest = earliest && earliest < c->deadline ? earliest : c->deadline;
    if (deaf_until && (!earliest || deaf_until < earliest))
        earliest = deaf_until;
    timer_arm(earliest);
}

/* ---- life ---- */

struct conn *conn_of(struct peer *p)
{
    struct conn *c = p->channel;
    if (!c && (c = calloc(1, sizeof *c)) != NULL) {
        c->peer = p;
        c->fd = -1;
        p->channel = c;
    }
    return c;
}

bool conn_open(struct conn *c)
{
    if (!stream_begin(c)) {
        conn_fail(c, "no memory for a connection");
        return false;
    }
    conn_due(c, 0);
    c->state = CONN_OPEN;
    conn_watch(c->fd, (uintptr_t)c, EPOLLIN);
    return true;
}

void conn_close(struct conn *c)
{
    conn_due(c, 0);
    conn_drop_fd(c);
    stream_end(c);
    c->state = CONN_CLOSED;
}

void conn_fail(struct conn *c, const char *why)
{
    bool said = c->lost;
    c->lost = true;
    conn_due(c, 0);
    conn_drop_fd(c);
    if (!said)
        peer_failed(c->peer, why);
}

bool conn_unsent(void)
{
    struct conn *c;
    TAILQ_FOREACH(c, &tcp.all, every)
    if (c->state == CONN_OPEN && stream_unsent(c))
        return true;
    return false;
}

int conn_event(uint64_t data, uint32_t events)
{
    if (data & 1) {
        listener_event(data);
        return 0;
    }
    struct conn *c = (struct conn *)(uintptr_t)data;
    if (c->fd < 0)
        return 0;
    if (c->state != CONN_OPEN) {
        connector_event(c);
        return 0;
    }
    bool wrote = events & EPOLLOUT && stream_write(c);
    return stream_read(c) + wrote;
}

int conn_begin(void)
{
    TAILQ_INIT(&tcp.opening);
    TAILQ_INIT(&tcp.all);
    tcp.unread = 0;
    tcp.armed = deaf_until = 0;
    memset(&tcp.own, 0, sizeof tcp.own);
    tcp.epoll = epoll_create1(EPOLL_CLOEXEC);
    tcp.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (tcp.epoll >= 0 && tcp.timer >= 0 && conn_watch(tcp.timer, CONN_TIMER, EPOLLIN))
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_OTHER, "no descriptors for connections to other nodes: %s", strerror(errno));
    return MPI_ERR_OTHER;
}

/* ---- the end ---- */

void conn_part(void)
{
    struct conn *c;
    if (tcp.epoll < 0)
        return;
    TAILQ_FOREACH(c, &tcp.all, every)
    if (c->state == CONN_OPEN && !c->lost)
        stream_part(c);
}

/* Is there something that the peer's kernel has not got? What comes is thrown away. Who is greeted reads our goodbye
 * behind the hello. */
static bool takes_leave(struct conn *c)
{
    int unacknowledged = 0;
    c->parted = c->parted || (c->state == CONN_OPEN ? stream_goodbye(c) : connector_leaves(c));
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
    int64_t until = clock_ns() + LEAVE_NS;
    for (bool more = true; more && clock_ns() < until;) {
        more = listener_leaves();
        TAILQ_FOREACH(c, &tcp.all, every)
        more |= (c->state == CONN_OPEN || c->state == CONN_GREETING) && !c->lost && takes_leave(c);
        if (more)
            usleep(200);
    }
}

void conn_end(void)
{
    struct conn *c;
    say_goodbye();
    while ((c = TAILQ_FIRST(&tcp.all)) != NULL)
        conn_close(c);
    while ((c = TAILQ_FIRST(&tcp.opening)) != NULL)
        conn_close(c);
    listener_end();
    if (tcp.timer >= 0)
        close(tcp.timer);
    if (tcp.epoll >= 0)
        close(tcp.epoll);
    tcp.timer = tcp.epoll = -1;
}
