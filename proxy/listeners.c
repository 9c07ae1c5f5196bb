/* SPDX-License-Identifier: BSD-3-Clause
 *
 * listeners: bound to the address that others are told of, and to no other.
 */
#include "proxy/listeners.h"

#include "wire/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t address_of(struct sockaddr_storage *ss, const struct in6_addr *host, uint32_t port)
{
    memset(ss, 0, sizeof *ss);
    if (IN6_IS_ADDR_V4MAPPED(host)) {
        struct sockaddr_in *a = (struct sockaddr_in *)ss;
        a->sin_family = AF_INET;
        a->sin_port = htons((uint16_t)port);
        memcpy(&a->sin_addr, &host->s6_addr[12], sizeof a->sin_addr);
        return sizeof *a;
    }
    struct sockaddr_in6 *a = (struct sockaddr_in6 *)ss;
    a->sin6_family = AF_INET6;
    a->sin6_port = htons((uint16_t)port);
    a->sin6_addr = *host;
    return sizeof *a;
}

/* Returns it, or -1 with errno. */
static int open_at(const struct in6_addr *host, uint32_t port)
{
    struct sockaddr_storage ss;
    socklen_t n = address_of(&ss, host, port);
    int on = 1, fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* ends of older connections may linger there */
    if (bind(fd, (struct sockaddr *)&ss, n) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_one(const struct job *j, const struct launch_host *at, uint32_t local)
{
    struct in6_addr host = network_whole(at->first, at->second);
    uint32_t low = j->spec.port_low, high = j->spec.port_high;
    int fd = -1;
    errno = EADDRINUSE;
    if (at->port && at->port + local <= UINT16_MAX)
        fd = open_at(&host, at->port + local);
    if (fd < 0 && errno == EADDRINUSE && !low)
        fd = open_at(&host, 0);
    for (uint32_t port = low; fd < 0 && errno == EADDRINUSE && low && port <= high; port++)
        fd = open_at(&host, port);
    return fd;
}

static void complain(const struct job *j, const struct launch_host *at)
{
    char text[NETWORK_TEXT], range[64] = "";
    struct in6_addr host = network_whole(at->first, at->second);
    network_text(&host, 128, text);
    int error = errno;
    if (j->spec.port_low)
        snprintf(range, sizeof range, " with a port of %u to %u (--port-range)", j->spec.port_low, j->spec.port_high);
    proxy_warn(j->proxy, "host %s: no socket for ranks of other hosts at %s%s: %s", proxy_name(j->proxy), text, range,
               strerror(error));
}

void listeners_open(struct job *j)
{
    bool told = false;
    const struct launch_host *at = j->spec.nhosts ? &j->spec.hosts[proxy_node(j->proxy)] : NULL;
    for (uint32_t i = 0; at && i < j->nranks; i++) {
        j->ranks[i].listener = open_one(j, at, i);
        if (j->ranks[i].listener < 0 && !told)
            complain(j, at);
        told |= j->ranks[i].listener < 0;
    }
}

void listeners_close(struct rank *r)
{
    if (r->listener >= 0)
        close(r->listener);
    r->listener = -1;
}
