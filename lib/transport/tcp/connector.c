/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connector: tries the places of a peer in turn. A place that the launcher has told may refuse for a while, until the
 * proxy there has been told of the job; or lead to somebody else, where the port was taken: then the peer tells another
 * one itself. */
#include "lib/transport/tcp/connector.h"
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/core/clock.h"
#include "lib/core/hmac.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"

enum { REST_NS = 1000000, RESTS_LONGEST = 8, RESTS_ASK = 9 };

/* What a try came to, besides errno values. */
enum { CLOSED = 0, SOMEBODY_ELSE = -1 };

static const char *outcome_text(int error)
{
    return error == CLOSED          ? "it was closed"
           : error == SOMEBODY_ELSE ? "who listens there is not of this job"
                                    : strerror(error);
}

static const char *remedy(const struct conn *c, int error)
{
    if (error == EMFILE || error == ENFILE)
        return " (one for each rank it talks to: raise ulimit -Hn)";
    return c->born ? " (a firewall? see mpiexec --interface, --port-range)" : " (MUSTER_INTERFACE chooses a network)";
}

/* None of its places leads to it. */
static void give_up(struct conn *c, int error)
{
    char to[80], from[96] = "", why[320];
    if (c->try_count == 0) {
        conn_fail(c, "its host has no network that is up");
        return;
    }
    if (memcmp(&c->from, &in6addr_any, sizeof c->from) != 0) {
        struct sockaddr_in6 own = {.sin6_addr = c->from};
        place_text(&own, to, sizeof to);
        snprintf(from, sizeof from, "from %.*s ", (int)strcspn(to, " "), to);
    }
    place_text(&c->tries[c->try_count - 1], to, sizeof to);
    snprintf(why, sizeof why, "no connection %sto %s: %s%s", from, to, outcome_text(error), remedy(c, error));
    conn_fail(c, why);
}

static int64_t rest_ns(const struct conn *c)
{
    int n = c->rests < RESTS_LONGEST ? c->rests : RESTS_LONGEST;
    return (int64_t)REST_NS << n;
}

static bool may_pass(const struct conn *c, int error)
{
    return error == CLOSED || error == EMFILE || error == ENFILE || error == ENOBUFS || error == EADDRNOTAVAIL ||
           (c->born && (error == ECONNREFUSED || error == ECONNRESET || error == SOMEBODY_ELSE));
}

/* All places have been tried once more. */
static void rest_or_fail(struct conn *c, int error)
{
    if (!c->silent && (!may_pass(c, error) || clock_ns() - c->began > conn_patience())) {
        give_up(c, error);
        return;
    }
    c->state = CONN_RESTING;
    conn_due(c, rest_ns(c));
    c->rests += c->rests < UINT8_MAX;
    if (!c->born || c->asked || (c->rests < RESTS_ASK && error == ECONNREFUSED))
        return;
    c->asked = true;
    if (!address_fetch(c->peer))
        conn_fail(c, "no memory for a connection");
}

/* Returns 0: it is under way; else an errno value. */
static int try_one(struct conn *c)
{
    struct sockaddr_storage to;
    socklen_t n = place_sockaddr(&c->tries[c->try_at], &to);
    int one = 1, fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    conn_take_fd(c, fd);
    if ((connect(fd, (const struct sockaddr *)&to, n) == 0 || errno == EINPROGRESS) &&
        conn_watch(fd, (uintptr_t)c, EPOLLOUT)) {
        c->from = place_bound(fd).sin6_addr;
        c->state = CONN_CONNECTING;
        c->writing = true;
        return 0;
    }
    int error = errno;
    conn_drop_fd(c);
    return error;
}

static void try_next(struct conn *c)
{
    int error = ENETUNREACH;
    conn_due(c, conn_patience());
    for (; c->try_at < c->try_count; c->try_at++)
        if ((error = try_one(c)) == 0)
            return;
    rest_or_fail(c, error);
}

static void next_or_rest(struct conn *c, int error)
{
    conn_drop_fd(c);
    if (++c->try_at < c->try_count)
        try_next(c);
    else
        rest_or_fail(c, error);
}

static void try_all(struct conn *c)
{
    c->try_at = 0;
    c->silent = false;
    try_next(c);
}

/* A listener who says nothing may compute, or be somebody else: if there is another place it is tried, in turn. */
static bool has_other(const struct conn *c)
{
    return c->try_count > 1 || (c->born && !c->asked);
}

static bool places_find(struct conn *c, const void *address)
{
    c->born = !address;
    if (address)
        memcpy(&c->place, address, sizeof c->place);
    else if (!place_of_rank(c->peer->proc, &c->place)) {
        conn_fail(c, hmac_why());
        return false;
    }
    c->try_count = place_tries(&c->place, c->tries);
    c->began = clock_ns();
    c->rests = 0;
    return true;
}

bool connector_begin(struct peer *p, const void *address)
{
    struct conn *c = conn_of(p);
    if (!c)
        return false;
    bool told = c->born && c->asked && address && c->state < CONN_AWAITED; /* it is elsewhere */
    bool awaited = c->state == CONN_AWAITED && c->try_count == 0;          /* it came first, but has not consented */
    if ((c->state != CONN_NONE && !told && !awaited) || c->lost || !places_find(c, address))
        return true;
    if (awaited) {
        conn_due(c, conn_patience());
        return true;
    }
    conn_drop_fd(c);
    try_all(c);
    return true;
}

/* A hello that is not acknowledged, or a host that falls silent before it answers, is an error in time; whether who has
 * got it answers soon, nobody can know. seconds 0: it has answered. */
static void silence_bound(const struct conn *c, int seconds)
{
    int on = seconds > 0, idle = seconds / 2 > 0 ? seconds / 2 : 1,
        ms = seconds < INT_MAX / 1000 ? seconds * 1000 : INT_MAX;
    setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    if (on) {
        setsockopt(c->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
        setsockopt(c->fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof idle);
    }
}

static bool hello_send(struct conn *c)
{
    const struct process_job *own = process_job_own();
    c->hello = (struct hello){.rank = (uint32_t)process_self, .size = (uint32_t)own->size, .job = own->tag};
    c->got = 0;
    if (!hello_prove(&c->hello, c->place.key)) {
        conn_fail(c, hmac_why());
        return true;
    }
    return send(c->fd, &c->hello, sizeof c->hello, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof c->hello;
}

/* It is connected, or it is not. */
static void connected(struct conn *c)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0) {
        next_or_rest(c, error);
        return;
    }
    silence_bound(c, (int)(conn_patience() / 1000000000));
    if (!hello_send(c)) {
        next_or_rest(c, errno);
        return;
    }
    if (c->lost)
        return;
    /* The answer comes when the peer is next in MPI. */
    c->state = CONN_GREETING;
    conn_due(c, has_other(c) ? conn_patience() : 0);
    conn_want_write(c, false);
}

static void welcomed(struct conn *c)
{
    struct consents s = {.what = STAYS};
    if (!consents_prove(&s, &c->hello, &c->answer, c->place.key))
        conn_fail(c, hmac_why());
    else if (send(c->fd, &s, sizeof s, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof s)
        next_or_rest(c, errno);
    else {
        silence_bound(c, 0);
        conn_open(c);
    }
}

static void answered(struct conn *c)
{
    ssize_t n = recv(c->fd, (char *)&c->answer + c->got, sizeof c->answer - c->got, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        next_or_rest(c, n < 0 ? errno : CLOSED);
        return;
    }
    c->got += (uint32_t)n;
    if (c->got < sizeof c->answer)
        return;
    if (!answer_is_true(&c->answer, &c->hello, c->place.key)) {
        next_or_rest(c, SOMEBODY_ELSE);
    } else if (c->answer.verdict == WELCOME) {
        welcomed(c);
    } else {
        conn_drop_fd(c);
        c->state = CONN_AWAITED;
        conn_due(c, conn_patience());
    }
}

void connector_event(struct conn *c)
{
    if (c->state == CONN_CONNECTING)
        connected(c);
    else if (c->state == CONN_GREETING)
        answered(c);
}

/* Who has got the hello, and says nothing, may be the peer, which computes. */
static bool is_heard(const struct conn *c)
{
    int unacknowledged = 0;
    return c->state == CONN_GREETING && ioctl(c->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
}

void connector_expire(struct conn *c)
{
    if (c->state == CONN_RESTING || c->state == CONN_AWAITED) {
        try_all(c);
    } else if (c->state == CONN_GREETING && c->born && !c->asked) {
        /* It may be the peer all the same: what it has told itself, if it ever did, decides. */
        c->asked = true;
        conn_due(c, 0);
        if (!address_fetch(c->peer))
            conn_fail(c, "no memory for a connection");
    } else {
        c->silent |= is_heard(c);
        next_or_rest(c, ETIMEDOUT);
    }
}

void connector_resume(struct conn *c)
{
    if (c->state != CONN_AWAITED || c->lost)
        return;
    if (c->try_count > 0)
        try_all(c);
    else
        c->state = CONN_NONE;
}

bool connector_leaves(struct conn *c)
{
    struct consents s = {.what = LEAVES};
    return consents_prove(&s, &c->hello, NULL, c->place.key) &&
           send(c->fd, &s, sizeof s, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof s;
}
