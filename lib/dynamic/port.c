/* SPDX-License-Identifier: BSD-3-Clause
 *
 * port: those that are open here, and who knocks at them. What has come is looked at while somebody waits in an accept;
 * before, it lies in the kernel. */
#include "lib/dynamic/port.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/hmac.h"
#include "lib/dynamic/greeting.h"
#include "lib/dynamic/port_name.h"
#include "lib/dynamic/socket.h"

enum { GUESTS_MAX = 64 };

/* Who has connected. */
struct guest {
    struct greeting greeting;
    bool proven; /* it may connect, and waits for an accept */
    TAILQ_ENTRY(guest) more;
};
TAILQ_HEAD(guests, guest);

struct port {
    struct port_facts facts;
    char name[PORT_NAME_MAX];
    int near, far, epoll; /* listeners for this machine, for others; -1: none */
    int users;            /* accepts that wait */
    bool closed;
    struct guests guests; /* in the order of their coming */
    int strangers;        /* that are not proven */
    LIST_ENTRY(port) more;
};
static LIST_HEAD(, port) ports = LIST_HEAD_INITIALIZER(ports);

static int failed(int error)
{
    char why[128];
    place_listen_why(error, why, sizeof why);
    error_detail_set(MPI_ERR_OTHER, "a port cannot be opened: %s", why);
    return MPI_ERR_OTHER;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void guest_drop(struct port *p, struct guest *g, bool close_it)
{
    TAILQ_REMOVE(&p->guests, g, more);
    p->strangers -= !g->proven;
    if (!g->proven) /* a child of fork may hold the socket too, so that closing it here does not end the watch */
        epoll_ctl(p->epoll, EPOLL_CTL_DEL, g->greeting.fd, NULL);
    if (close_it)
        close(g->greeting.fd);
    free(g);
}

static void destroy(struct port *p)
{
    for (struct guest *g; (g = TAILQ_FIRST(&p->guests)) != NULL;)
        guest_drop(p, g, true);
    shut(&p->near);
    shut(&p->far);
    shut(&p->epoll);
    free(p);
}

static bool listen_near(struct port *p)
{
    struct sockaddr_un a;
    socklen_t n = greeting_address(p->facts.id, &a);
    p->near = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return p->near >= 0 && bind(p->near, (struct sockaddr *)&a, n) == 0 && listen(p->near, SOMAXCONN) == 0;
}

/* A machine without a network has none for others. */
static bool listen_far(struct port *p)
{
    p->far = place_listen(&p->facts.place.port);
    return p->far >= 0 || errno == EAFNOSUPPORT;
}

static bool watch(struct port *p, int fd, void *what)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = what};
    return fd < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static int open_sockets(struct port *p)
{
    int rc = place_own(&p->facts.place);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!hmac_load() || !hmac_random(p->facts.secret, GREETING_KEY) ||
        !hmac_random((unsigned char *)&p->facts.id, sizeof p->facts.id)) {
        error_detail_set(MPI_ERR_OTHER, "a port cannot be opened: %s", hmac_why());
        return MPI_ERR_OTHER;
    }
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (p->epoll < 0 || !listen_near(p) || !listen_far(p) || !watch(p, p->near, &p->near) || !watch(p, p->far, &p->far))
        return failed(errno);
    return MPI_SUCCESS;
}

int port_open(struct port **out)
{
    struct port *p = calloc(1, sizeof *p);
    if (!p)
        return MPI_ERR_NO_MEM;
    p->near = p->far = p->epoll = -1;
    TAILQ_INIT(&p->guests);
    int rc = open_sockets(p);
    if (rc != MPI_SUCCESS) {
        destroy(p);
        return rc;
    }
    port_name_write(&p->facts, p->name);
    LIST_INSERT_HEAD(&ports, p, more);
    *out = p;
    return MPI_SUCCESS;
}

const char *port_name(const struct port *p)
{
    return p->name;
}

struct port *port_find(const char *name)
{
    struct port *p;
    LIST_FOREACH(p, &ports, more)
    if (strcmp(p->name, name) == 0)
        return p;
    return NULL;
}

/* Who waits on it sees that something has come. */
void port_close(struct port *p)
{
    LIST_REMOVE(p, more);
    p->closed = true;
    shutdown(p->near, SHUT_RDWR);
    if (p->users == 0)
        destroy(p);
}

void port_close_all(void)
{
    for (struct port *p; (p = LIST_FIRST(&ports)) != NULL;)
        port_close(p);
}

/* ---- accept ---- */

static void guest_take(struct port *p, int fd, bool near)
{
    struct guest *g = greeting_allows(fd, near) ? calloc(1, sizeof *g) : NULL;
    if (!g) {
        close(fd);
        return;
    }
    g->greeting.fd = fd;
    TAILQ_INSERT_TAIL(&p->guests, g, more);
    p->strangers++;
    if (!watch(p, fd, g))
        guest_drop(p, g, true);
}

/* The oldest stranger goes where there are too many: who says nothing keeps nobody out. */
static void make_room(struct port *p)
{
    struct guest *g = TAILQ_FIRST(&p->guests);
    while (g && g->proven)
        g = TAILQ_NEXT(g, more);
    if (g && p->strangers >= GUESTS_MAX)
        guest_drop(p, g, true);
}

/* 0, or an errno value: nobody can be taken in. One who has gone since is no failure. */
static int knock(struct port *p, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ? errno : 0;
    make_room(p);
    guest_take(p, fd, listener == p->near);
    return 0;
}

static void guest_read(struct port *p, struct guest *g)
{
    enum greeting_state s = greeting_listen(&g->greeting, p->facts.secret);
    if (s == GREETING_FAILED) {
        guest_drop(p, g, true);
    } else if (s == GREETING_DONE) {
        epoll_ctl(p->epoll, EPOLL_CTL_DEL, g->greeting.fd, NULL);
        g->proven = true;
        p->strangers--;
    }
}

/* One event at a time: what it leads to may be the end of what others are of. As knock. */
static int look(struct port *p)
{
    struct epoll_event e;
    int error = 0;
    while (error == 0 && !p->closed && epoll_wait(p->epoll, &e, 1, 0) == 1) {
        if (e.data.ptr == &p->near || e.data.ptr == &p->far)
            error = knock(p, *(int *)e.data.ptr);
        else
            guest_read(p, e.data.ptr);
    }
    return error;
}

/* The socket of the first who is still there, and has been told so; -1: nobody. */
static int first_proven(struct port *p)
{
    struct guest *g, *next;
    for (g = TAILQ_FIRST(&p->guests); g; g = next) {
        next = TAILQ_NEXT(g, more);
        if (!g->proven)
            continue;
        int fd = g->greeting.fd;
        bool there = greeting_welcome(fd);
        guest_drop(p, g, !there);
        if (there)
            return fd;
    }
    return -1;
}

int port_accept(struct port *p, const struct socket_patience *patience)
{
    int fd = -1, error;
    p->users++;
    do {
        error = look(p);
    } while (!p->closed && (fd = first_proven(p)) < 0 && error == 0 && socket_await(p->epoll, POLLIN, patience));
    bool closed = p->closed;
    if (--p->users == 0 && closed)
        destroy(p);
    if (closed)
        error_detail_set(MPI_ERR_PORT, "the port was closed while it was waited on");
    else if (fd < 0 && error != 0)
        error_detail_set(MPI_ERR_PORT, "who connects cannot be taken in: %s%s", strerror(error),
                         error == EMFILE ? "; a higher limit (ulimit -n) may help" : "");
    else if (fd < 0)
        error_detail_set(MPI_ERR_PORT, "nobody has connected in time");
    return closed ? -1 : fd;
}
