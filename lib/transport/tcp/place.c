/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: under our own launcher one address a node, which the inherited segment names. Otherwise all networks that are
 * up are told of, so that two nodes find one that they share; those of containers and tunnels come last.
 * MUSTER_INTERFACE names the one to be used, by its name or as a network, and MUSTER_PORT_RANGE the ports. */
#include "lib/transport/tcp/place.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/core/types.h"
#include "wire/network.h"

enum { NETWORKS = 64 };

static const struct in6_addr loopback = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};

static bool is_usable(const struct network *n, const char *wanted)
{
    return wanted ? network_is_wanted(n, wanted) : !(n->kind & (NETWORK_LOOPBACK | NETWORK_IDLE));
}

static void hosts_add(struct place *p, const struct network *all, int n, const char *wanted, uint32_t inner)
{
    for (int i = 0; i < n && p->count < PLACE_HOSTS; i++)
        if (is_usable(&all[i], wanted) && (all[i].kind & NETWORK_INNER) == inner) {
            p->prefix[p->count] = (uint8_t)all[i].bits;
            p->hosts[p->count++] = all[i].host;
        }
}

static const char *wanted_interface(void)
{
    const char *wanted = getenv("MUSTER_INTERFACE");
    return wanted && *wanted ? wanted : NULL;
}

/* False with errno: the kernel does not say. */
static bool hosts_find(struct place *p)
{
    const char *wanted = wanted_interface();
    struct network all[NETWORKS];
    int n = network_list(all, NETWORKS);
    memset(p, 0, sizeof *p);
    hosts_add(p, all, n, wanted, 0);
    hosts_add(p, all, n, wanted, NETWORK_INNER);
    return n >= 0;
}

int place_own(struct place *p)
{
    const char *wanted = wanted_interface();
    if (!hosts_find(p)) {
        error_detail_set(MPI_ERR_OTHER, "the networks of this host cannot be listed: %s", strerror(errno));
        return MPI_ERR_OTHER;
    }
    p->machine = wanted ? 0 : network_machine();
    if (wanted && p->count == 0) {
        error_detail_set(MPI_ERR_OTHER, "MUSTER_INTERFACE is %.60s: no interface that is up has that name or network",
                         wanted);
        return MPI_ERR_OTHER;
    }
    if (getrandom(p->key, sizeof p->key, 0) != (ssize_t)sizeof p->key) {
        error_detail_set(MPI_ERR_OTHER, "no random bytes for a key");
        return MPI_ERR_OTHER;
    }
    return MPI_SUCCESS;
}

bool place_is_told(void)
{
    return boot.segment && boot.segment->host_count > 0;
}

bool place_of_rank(int rank, struct place *p)
{
    const struct node_host *at = place_is_told() ? node_segment_host(boot.segment, (uint32_t)rank, &p->port) : NULL;
    if (!at)
        return false;
    p->machine = 0;
    p->count = 1;
    p->prefix[0] = 128;
    memcpy(&p->hosts[0], at->address, sizeof p->hosts[0]);
    if (memcmp(&p->hosts[0], &loopback, sizeof loopback) == 0)
        p->machine = network_machine();
    return proof_key(boot.segment->secret, (uint32_t)rank, p->key);
}

static struct sockaddr_in6 address_of(const struct in6_addr *host, uint16_t port)
{
    return (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = *host};
}

static bool shared(const struct place *own, const struct in6_addr *host)
{
    for (int i = 0; i < own->count; i++)
        if (network_same(&own->hosts[i], host, own->prefix[i]))
            return true;
    return false;
}

static int tries_add(struct sockaddr_in6 *out, int n, const struct in6_addr *host, uint16_t port)
{
    if (n > 0 && memcmp(host, &out[0].sin6_addr, sizeof *host) == 0)
        return n;
    out[n] = address_of(host, port);
    return n + 1;
}

int place_tries(const struct place *of, struct sockaddr_in6 *out)
{
    struct place own = {.count = 0};
    int n = 0, count = of->count < PLACE_HOSTS ? of->count : PLACE_HOSTS;
    if (of->machine != 0 && !wanted_interface() && of->machine == network_machine())
        n = tries_add(out, n, &loopback, of->port);
    if (count > 1)
        hosts_find(&own);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++)
            if (shared(&own, &of->hosts[i]) == (pass == 0))
                n = tries_add(out, n, &of->hosts[i], of->port);
    return n;
}

socklen_t place_sockaddr(const struct sockaddr_in6 *from, struct sockaddr_storage *to)
{
    memset(to, 0, sizeof *to);
    if (!IN6_IS_ADDR_V4MAPPED(&from->sin6_addr)) {
        memcpy(to, from, sizeof *from);
        return sizeof *from;
    }
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = from->sin6_port};
    memcpy(&v4.sin_addr, &from->sin6_addr.s6_addr[12], sizeof v4.sin_addr);
    memcpy(to, &v4, sizeof v4);
    return sizeof v4;
}

struct sockaddr_in6 place_bound(int fd)
{
    struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
    socklen_t n = sizeof ss;
    struct sockaddr_in6 at = {.sin6_family = AF_INET6};
    if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0)
        return at;
    if (ss.ss_family == AF_INET6)
        memcpy(&at, &ss, sizeof at);
    if (ss.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&ss;
        at.sin6_port = v4->sin_port;
        at.sin6_addr = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(&at.sin6_addr.s6_addr[12], &v4->sin_addr, sizeof v4->sin_addr);
    }
    return at;
}

/* Ports of which the user wants one; 0 and 0: any. What cannot be read is none: EINVAL. */
static bool range_wanted(unsigned *low, unsigned *high)
{
    const char *v = getenv("MUSTER_PORT_RANGE");
    int n = 0;
    *low = *high = 0;
    if (!v || !*v)
        return true;
    bool both = sscanf(v, "%5u%*1[-:]%5u%n", low, high, &n) == 2 && !v[n];
    if (!both && sscanf(v, "%5u%n", low, &n) == 1 && !v[n])
        *high = *low;
    else if (!both)
        *low = 0;
    errno = EINVAL;
    return *low > 0 && *low <= *high && *high <= UINT16_MAX;
}

/* Port 0: any. reuse: also where ends of older connections linger. */
static int listen_at(sa_family_t family, bool reuse, uint16_t *port)
{
    struct sockaddr_in6 at = {.sin6_family = family, .sin6_port = htons(*port)}; /* ports lie at one place in both */
    socklen_t n = family == AF_INET6 ? sizeof at : sizeof(struct sockaddr_in);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0, on = reuse;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if ((family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0) ||
        bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    *port = ntohs(at.sin6_port);
    return fd;
}

/* Where others look for one at the same moment, each begins elsewhere. */
static int listen_within(sa_family_t family, unsigned low, unsigned high, uint16_t *port)
{
    unsigned ports = high - low + 1, first = (unsigned)clock_ns() % ports;
    for (unsigned i = 0; i < 2 * ports; i++) {
        *port = (uint16_t)(low ? low + (first + i) % ports : 0);
        int fd = listen_at(family, i >= ports, port);
        if (fd >= 0 || (errno != EADDRINUSE && errno != EACCES))
            return fd;
    }
    return -1;
}

int place_listen(uint16_t *port)
{
    unsigned low, high;
    if (!range_wanted(&low, &high))
        return -1;
    int fd = listen_within(AF_INET6, low, high, port);
    return fd >= 0 || errno == EADDRINUSE ? fd : listen_within(AF_INET, low, high, port);
}

void place_listen_why(int error, char *text, size_t n)
{
    const char *range = getenv("MUSTER_PORT_RANGE");
    if (range && *range && error == EINVAL)
        snprintf(text, n, "MUSTER_PORT_RANGE is no LOW:HIGH: %.40s", range);
    else if (range && *range && error == EADDRINUSE)
        snprintf(text, n, "no port of %.40s is free (mpiexec --port-range, or MUSTER_PORT_RANGE: name more)", range);
    else
        snprintf(text, n, "%s", strerror(error));
}

void place_text(const struct sockaddr_in6 *a, char *text, size_t n)
{
    char host[NETWORK_TEXT];
    network_text(&a->sin6_addr, 128, host);
    snprintf(text, n, "%s port %u", host, ntohs(a->sin6_port));
}
