/* SPDX-License-Identifier: BSD-3-Clause
 *
 * listener: guests come in, prove who they are, and are let to their connection. */
#include "lib/transport/tcp/listener.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/hmac.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/tcp/connector.h"
#include "lib/transport/tcp/stream.h"
#include "lib/transport/tcp/tcp.h"

enum { GUESTS_MAX = 256 };

enum guest_state {
    GUEST_NEW,    /* has not said who it is */
    GUEST_EARLY,  /* has, and is not known so far; what it sends meanwhile stays in the socket, also when it has gone */
    GUEST_WELCOME /* is to consent */
};

struct guest {
    int fd;
    uint8_t state;
    bool parted; /* we have said goodbye */
    int proc;    /* of a welcome one */
    uint32_t got;
    struct hello hello;
    struct answer answer;
    struct consents consents;
    TAILQ_ENTRY(guest) more;
};
static TAILQ_HEAD(guests, guest) guests = TAILQ_HEAD_INITIALIZER(guests); /* new ones */
static TAILQ_HEAD(, guest) known = TAILQ_HEAD_INITIALIZER(known);         /* who have proved something */
static int guest_count, early_count;                                      /* new ones, and early ones */
static bool keyed;                                                        /* tcp.own has its key */

/* ---- the door ---- */

/* Many peers want many descriptors. */
static void descriptors_raise(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* The one that the launcher has given, if a script has not closed it, or uses that number otherwise. It may have
 * listened before, for MPI that has ended in this process since. */
static bool inherit(void)
{
    int fd = place_is_told() ? boot.segment->listener : -1;
    struct sockaddr_in6 at = {.sin6_port = 0};
    struct node_host *own = NULL;
    uint16_t port;
    if (fd >= 0 && is_stream(fd)) {
        own = (struct node_host *)(uintptr_t)node_segment_host(boot.segment, (uint32_t)process_self, &port);
        at = place_bound(fd);
    }
    if (!own || at.sin6_port == 0 || memcmp(&at.sin6_addr, own->address, sizeof at.sin6_addr) != 0 ||
        listen(fd, SOMAXCONN) != 0)
        return false;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    tcp.listener = fd;
    tcp.own = (struct place){.port = ntohs(at.sin6_port), .count = 1, .prefix = {128}, .hosts = {at.sin6_addr}};
    return true;
}

int listener_begin(void)
{
    descriptors_raise();
    keyed = false;
    if (!inherit()) {
        int rc = place_own(&tcp.own);
        if (rc != MPI_SUCCESS)
            return rc;
        keyed = !place_is_told();
        if ((tcp.listener = place_listen(&tcp.own.port)) < 0)
            goto failed;
    }
    if (conn_watch(tcp.listener, CONN_KNOCK, EPOLLIN))
        return MPI_SUCCESS;
failed:;
    char why[128];
    place_listen_why(errno, why, sizeof why);
    error_detail_set(MPI_ERR_OTHER, "no socket for ranks of other nodes: %s", why);
    return MPI_ERR_OTHER;
}

bool listener_is_expected(void)
{
    uint16_t port;
    return place_is_told() && tcp.listener == boot.segment->listener &&
           node_segment_host(boot.segment, (uint32_t)process_self, &port) && port == tcp.own.port;
}

int listener_own(void)
{
    struct place told;
    if (keyed)
        return MPI_SUCCESS;
    if (!proof_key(boot.segment->secret, (uint32_t)process_self, tcp.own.key)) {
        error_detail_set(MPI_ERR_OTHER, "ranks of other nodes cannot prove who they are: %s", hmac_why());
        return MPI_ERR_OTHER;
    }
    if (tcp.listener == boot.segment->listener && place_of_rank(process_self, &told))
        tcp.own.machine = told.machine;
    keyed = true;
    return MPI_SUCCESS;
}

/* ---- guests ---- */

static void guest_drop(struct guest *g, bool shut)
{
    if (g->state == GUEST_NEW) {
        TAILQ_REMOVE(&guests, g, more);
        guest_count--;
    } else {
        TAILQ_REMOVE(&known, g, more);
    }
    early_count -= g->state == GUEST_EARLY;
    if (shut)
        close(g->fd);
    free(g);
}

static void guest_promote(struct guest *g, enum guest_state state)
{
    if (g->state == GUEST_NEW) {
        TAILQ_REMOVE(&guests, g, more);
        guest_count--;
        TAILQ_INSERT_TAIL(&known, g, more);
    }
    early_count += (state == GUEST_EARLY) - (g->state == GUEST_EARLY);
    g->state = (uint8_t)state;
}

/* Of those who are early the one that has waited longest: it may come again. */
static bool early_drop(void)
{
    struct guest *g;
    TAILQ_FOREACH(g, &known, more)
    if (g->state == GUEST_EARLY) {
        guest_drop(g, true);
        return true;
    }
    return false;
}

static bool answer(struct guest *g, enum verdict verdict)
{
    g->answer.verdict = verdict;
    return answer_prove(&g->answer, &g->hello, tcp.own.key) &&
           send(g->fd, &g->answer, sizeof g->answer, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof g->answer;
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

/* The connection of that process, if it goes by this transport, and has not been made or lost yet. */
static struct conn *conn_for(int proc)
{
    struct peer *p = peer_get(proc);
    struct conn *c = p && p->carrier && strcmp(p->carrier->name, "tcp") == 0 ? conn_of(p) : NULL;
    return c && !c->lost && c->state < CONN_OPEN ? c : NULL;
}

/* What we had begun rests until the guest has consented. */
static void wait_for(struct conn *c)
{
    conn_drop_fd(c);
    c->state = CONN_AWAITED;
    conn_due(c, c->try_count > 0 ? conn_patience() : 0);
}

static void invite(struct guest *g, int proc)
{
    struct conn *c = conn_for(proc);
    bool early = g->state == GUEST_EARLY, stays = c && yields(c, &g->hello);
    if (!c || !answer(g, stays ? WELCOME : WAIT_FOR_MINE) || !stays) {
        guest_drop(g, true);
        return;
    }
    guest_promote(g, GUEST_WELCOME);
    g->proc = proc;
    g->got = 0;
    wait_for(c);
    if (early && !conn_watch(g->fd, (uintptr_t)g | 1, EPOLLIN))
        guest_drop(g, true);
}

/* It has said who it is, and is to be believed. */
static void guest_judge(struct guest *g)
{
    int proc = sender_of(&g->hello);
    if (proc == process_self) {
        guest_drop(g, true);
    } else if (proc >= 0) {
        invite(g, proc);
    } else if (g->state == GUEST_NEW) {
        if (early_count == GUESTS_MAX)
            early_drop();
        guest_promote(g, GUEST_EARLY);
        if (!conn_watch(g->fd, (uintptr_t)g | 1, EPOLLRDHUP))
            guest_drop(g, true);
    }
}

static void admit(struct guest *g)
{
    struct conn *c = conn_for(g->proc);
    int fd = g->fd;
    guest_drop(g, !c);
    if (!c)
        return;
    conn_drop_fd(c);
    conn_take_fd(c, fd);
    conn_open(c);
}

static void leave(struct guest *g)
{
    struct conn *c = conn_for(g->proc);
    guest_drop(g, true);
    if (!c)
        return;
    conn_close(c);
    c->goodbye = c->lost = true;
    peer_finalized(c->peer);
}

static void consented(struct guest *g)
{
    if (!consents_is_true(&g->consents, &g->hello, &g->answer, tcp.own.key))
        guest_drop(g, true);
    else if (g->consents.what == LEAVES)
        leave(g);
    else
        admit(g);
}

/* It has gone, or broken what it began. */
static void guest_lost(struct guest *g)
{
    struct conn *c = g->state == GUEST_WELCOME ? conn_for(g->proc) : NULL;
    guest_drop(g, true);
    if (c)
        connector_resume(c);
}

static void guest_read(struct guest *g)
{
    bool is_new = g->state == GUEST_NEW;
    char *to = is_new ? (char *)&g->hello : (char *)&g->consents;
    size_t size = is_new ? sizeof g->hello : sizeof g->consents;
    ssize_t n = recv(g->fd, to + g->got, size - g->got, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        guest_lost(g);
        return;
    }
    g->got += (uint32_t)n;
    if (g->got < size)
        return;
    if (!is_new)
        consented(g);
    else if (listener_own() == MPI_SUCCESS && hello_is_true(&g->hello, tcp.own.key))
        guest_judge(g);
    else
        guest_drop(g, true);
}

/* An early one has gone. If it has said so, that is to be read when it is known. */
static void early_gone(struct guest *g)
{
    char byte;
    if (recv(g->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
        epoll_ctl(tcp.epoll, EPOLL_CTL_DEL, g->fd, NULL);
    else
        guest_drop(g, true);
}

void listener_event(uint64_t data)
{
    struct guest *g = (struct guest *)(uintptr_t)(data & ~UINT64_C(1));
    if (g->state == GUEST_EARLY)
        early_gone(g);
    else
        guest_read(g);
}

void listener_recognise(void)
{
    static uint32_t seen;
    struct guest *g, *next;
    if (seen == address_tells || TAILQ_EMPTY(&known))
        return;
    seen = address_tells;
    for (g = TAILQ_FIRST(&known); g; g = next) {
        next = TAILQ_NEXT(g, more);
        if (g->state == GUEST_EARLY)
            guest_judge(g);
    }
}

/* ---- the door is opened ---- */

static void take_in(int fd)
{
    struct guest *g = calloc(1, sizeof *g);
    int one = 1;
    if (!g) {
        close(fd);
        return;
    }
    if (guest_count == GUESTS_MAX)
        guest_drop(TAILQ_FIRST(&guests), true);
    g->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    TAILQ_INSERT_TAIL(&guests, g, more);
    guest_count++;
    if (conn_watch(fd, (uintptr_t)g | 1, EPOLLIN))
        guest_read(g);
    else
        guest_drop(g, true);
}

/* Without descriptors the oldest who has proved nothing makes room, or who is early; with nobody like that we are deaf
 * for a moment. */
static bool make_room(void)
{
    if (errno != EMFILE && errno != ENFILE)
        return false;
    if (guest_count > 0) {
        guest_drop(TAILQ_FIRST(&guests), true);
        return true;
    }
    if (early_drop())
        return true;
    conn_watch(tcp.listener, CONN_KNOCK, 0);
    conn_deaf();
    return false;
}

/* Most have said hello by now. Who has not may have begun to compute; but the oldest goes where there are too many, so
 * that strangers who say nothing keep nobody out. */
void listener_accept(void)
{
    int fd;
    do
        while ((fd = accept4(tcp.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
            take_in(fd);
    while (make_room());
}

void listener_again(void)
{
    if (tcp.listener >= 0)
        conn_watch(tcp.listener, CONN_KNOCK, EPOLLIN);
}

/* ---- the end ---- */

bool listener_leaves(void)
{
    struct guest *g;
    bool more = false;
    TAILQ_FOREACH(g, &known, more)
    {
        int unacknowledged = 0;
        char byte;
        if (g->state != GUEST_WELCOME)
            continue;
        g->parted = g->parted || stream_goodbye_early(g->fd);
        bool there = recv(g->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
        more |= there && (!g->parted || (ioctl(g->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0));
    }
    return more;
}

/* The socket that was given stays: MPI may begin once more in this process, and others know no other place. Until then
 * it does not listen. */
void listener_end(void)
{
    struct guest *g;
    while ((g = TAILQ_FIRST(&guests)) != NULL || (g = TAILQ_FIRST(&known)) != NULL)
        guest_drop(g, true);
    if (tcp.listener >= 0 && place_is_told() && tcp.listener == boot.segment->listener) {
        epoll_ctl(tcp.epoll, EPOLL_CTL_DEL, tcp.listener, NULL);
        shutdown(tcp.listener, SHUT_RDWR);
    } else if (tcp.listener >= 0) {
        close(tcp.listener);
    }
    tcp.listener = -1;
}
