/* SPDX-License-Identifier: BSD-3-Clause
 *
 * listen: which address reaches a host is asked of the kernel, by a datagram socket that sends nothing.
 */
#include "common/listen.h"

#include "common/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BACKLOG 4096

static void port_set(struct sockaddr *a, unsigned port)
{
    if (a->sa_family == AF_INET)
        ((struct sockaddr_in *)a)->sin_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in6 *)a)->sin6_port = htons((uint16_t)port);
}

static socklen_t size_of(const struct sockaddr *a)
{
    return a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static int bind_one(struct sockaddr *a, unsigned port)
{
    int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        return -1;
    port_set(a, port);
    if (a->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* so that ends of our connections are in nobody's way */
    if (bind(fd, a, size_of(a)) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Jobs that share a range begin at different places in it. */
static int bind_range(struct sockaddr *a, unsigned low, unsigned high)
{
    unsigned n = high - low + 1, first = 0;
    int fd = -1;
    if (!high)
        return bind_one(a, 0);
    if (getrandom(&first, sizeof first, 0) != sizeof first)
        first = (unsigned)getpid();
    for (unsigned i = 0; fd < 0 && i < n && (i == 0 || errno == EADDRINUSE); i++)
        fd = bind_one(a, low + (first % n + i) % n);
    return fd;
}

static void note_address(struct listen *l, int fd)
{
    struct sockaddr_storage ss;
    socklen_t size = sizeof ss;
    char host[64], port[16];
    size_t len = strlen(l->addresses);
    if (getsockname(fd, (struct sockaddr *)&ss, &size) < 0 ||
        getnameinfo((struct sockaddr *)&ss, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        log_fatal("a socket has no address: %m");
    snprintf(l->addresses + len, sizeof l->addresses - len, "%s%s%s%s:%s", len ? "," : "", strchr(host, ':') ? "[" : "",
             host, strchr(host, ':') ? "]" : "", port);
}

static int add_address(struct listen *l, const struct listen_wish *w, const struct sockaddr *a, struct err *e)
{
    struct sockaddr_storage own;
    char host[64] = "?";
    if (l->n == LISTEN_MAX)
        return 0;
    memcpy(&own, a, size_of(a));
    int fd = bind_range((struct sockaddr *)&own, w->port_low, w->port_high);
    if (fd < 0) {
        int error = errno;
        getnameinfo(a, size_of(a), host, sizeof host, NULL, 0, NI_NUMERICHOST);
        return w->port_high ? err_set(e, "unable to listen on %s with a port of %u to %u (--port-range): %s", host,
                                      w->port_low, w->port_high, strerror(error))
                            : err_set(e, "unable to listen on %s: %s", host, strerror(error));
    }
    note_address(l, fd);
    l->fd[l->n++] = fd;
    return 0;
}

/* An address that is only good on its own link, or on this machine, is no use to others. */
static bool is_reachable(const struct sockaddr *a)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 != 127;
    return a->sa_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) &&
           !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
}

/* Those of one interface, or of all (NULL). */
static int add_interfaces(struct listen *l, const struct listen_wish *w, const char *name, struct err *e)
{
    struct ifaddrs *all;
    int rc = 0;
    if (getifaddrs(&all) < 0)
        return err_set(e, "unable to read the interfaces of this machine: %m");
    for (const struct ifaddrs *i = all; rc == 0 && i; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_flags & IFF_UP && (name ? !strcmp(i->ifa_name, name) : true) &&
            (is_reachable(i->ifa_addr) || (name && i->ifa_addr->sa_family == AF_INET)))
            rc = add_address(l, w, i->ifa_addr, e);
    freeifaddrs(all);
    return rc;
}

static int open_named(struct listen *l, const struct listen_wish *w, struct err *e)
{
    struct addrinfo *a, hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(w->iface, NULL, &hints, &a) == 0) {
        int rc = add_address(l, w, a->ai_addr, e);
        freeaddrinfo(a);
        return rc;
    }
    if (add_interfaces(l, w, w->iface, e) < 0)
        return -1;
    return l->n ? 0
                : err_set(e, "--iface %s: this machine has no such address, nor an interface of that name with one",
                          w->iface);
}

/* The own address towards another one. */
static bool route_to(const struct addrinfo *to, struct sockaddr_storage *own)
{
    int fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof *own;
    bool ok = fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
              getsockname(fd, (struct sockaddr *)own, &size) == 0 && is_reachable((struct sockaddr *)own);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool find_route(const char *host, struct sockaddr_storage *own)
{
    struct addrinfo *all, hints = {.ai_socktype = SOCK_DGRAM};
    bool found = false;
    if (!host || getaddrinfo(host, "9", &hints, &all))
        return false;
    for (const struct addrinfo *a = all; a && !found; a = a->ai_next)
        found = route_to(a, own);
    freeaddrinfo(all);
    return found;
}

int listen_open(struct listen *l, const struct listen_wish *wish, const char *host, struct err *e)
{
    struct sockaddr_storage own;
    int rc;
    *l = (struct listen){.n = 0};
    if (wish->iface)
        rc = open_named(l, wish, e);
    else if (find_route(host, &own))
        rc = add_address(l, wish, (struct sockaddr *)&own, e);
    else
        rc = add_interfaces(l, wish, NULL, e);
    if (rc == 0 && l->n == 0)
        rc = err_set(e, "this machine has no address that other hosts can reach");
    for (unsigned i = 0; rc < 0 && i < l->n; i++)
        close(l->fd[i]);
    return rc;
}
