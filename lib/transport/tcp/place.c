/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: the networks of this machine. All that are up are told of, so that two nodes find one that they share; those
 * of containers and tunnels come last. MUSTER_INTERFACE names the one to be used, by its name or as a network. */
#include "lib/transport/tcp/place.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include "lib/core/error.h"
#include "lib/core/types.h"

static struct in6_addr mapped(const struct sockaddr *a)
{
    struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    if (a->sa_family == AF_INET6)
        return ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    memcpy(&out.s6_addr[12], &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
    return out;
}

/* Bits of a netmask, of 128. */
static int mask_bits(const struct sockaddr *mask)
{
    struct in6_addr m = mapped(mask);
    int bits = 0;
    memset(&m, 0xff, mask->sa_family == AF_INET ? 12 : 0);
    while (bits < 128 && m.s6_addr[bits / 8] >> (7 - bits % 8) & 1)
        bits++;
    return bits;
}

static bool same_network(const struct in6_addr *a, const struct in6_addr *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, (size_t)whole) == 0 &&
           (rest == 0 || (a->s6_addr[whole] ^ b->s6_addr[whole]) >> (8 - rest) == 0);
}

/* "10.1.0.0/16", "fd00::/8". */
static bool network_parse(const char *text, struct in6_addr *net, int *bits)
{
    char host[64];
    const char *slash = strchr(text, '/');
    struct in_addr v4;
    if (!slash || (size_t)(slash - text) >= sizeof host)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(slash - text), text);
    *bits = atoi(slash + 1);
    if (inet_pton(AF_INET, host, &v4) == 1) {
        *net = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(&net->s6_addr[12], &v4, 4);
        *bits += 96;
    } else if (inet_pton(AF_INET6, host, net) != 1) {
        return false;
    }
    return *bits >= 0 && *bits <= 128;
}

static bool is_wanted(const struct ifaddrs *i, const char *wanted)
{
    struct in6_addr net, own = mapped(i->ifa_addr);
    int bits;
    return network_parse(wanted, &net, &bits) ? same_network(&own, &net, bits) : strcmp(i->ifa_name, wanted) == 0;
}

/* Is it one by which other machines are seldom reached? */
static bool is_inner(const char *name)
{
    static const char *const inner[] = {"docker", "br-", "virbr", "lxc", "lxd", "cni", "flannel", "tun", "tap", "wg",
                                        "ppp", "vmnet", "zt"};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        if (strncmp(name, inner[i], strlen(inner[i])) == 0)
            return true;
    return false;
}

static bool is_usable(const struct ifaddrs *i, const char *wanted)
{
    if (!i->ifa_addr || !i->ifa_netmask || !(i->ifa_flags & IFF_UP))
        return false;
    if (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6)
        return false;
    struct in6_addr a = mapped(i->ifa_addr);
    if (IN6_IS_ADDR_LINKLOCAL(&a))
        return false;
    return wanted ? is_wanted(i, wanted) : !(i->ifa_flags & IFF_LOOPBACK) && i->ifa_flags & IFF_RUNNING;
}

static void hosts_add(struct place *p, const struct ifaddrs *all, const char *wanted, bool inner)
{
    for (const struct ifaddrs *i = all; i && p->count < PLACE_HOSTS; i = i->ifa_next)
        if (is_usable(i, wanted) && is_inner(i->ifa_name) == inner) {
            p->prefix[p->count] = (uint8_t)mask_bits(i->ifa_netmask);
            p->hosts[p->count++] = mapped(i->ifa_addr);
        }
}

/* Who has booted together and shares a network namespace reaches each other by the loopback. */
static uint64_t machine(void)
{
    char id[40] = "";
    struct stat ns = {0};
    uint64_t h = UINT64_C(14695981039346656037);
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!f || !fgets(id, sizeof id, f) || stat("/proc/self/ns/net", &ns) != 0)
        h = 0; /* not known: nobody's */
    if (f)
        fclose(f);
    for (const char *c = id; h && *c; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return h ? (h ^ ns.st_ino) * UINT64_C(1099511628211) : 0;
}

int place_own(struct place *p)
{
    const char *wanted = getenv("MUSTER_INTERFACE");
    struct ifaddrs *all = NULL;
    memset(p, 0, sizeof *p);
    wanted = wanted && *wanted ? wanted : NULL;
    if (getifaddrs(&all) == 0) {
        hosts_add(p, all, wanted, false);
        hosts_add(p, all, wanted, true);
        freeifaddrs(all);
    }
    p->machine = wanted ? 0 : machine();
    if (wanted && p->count == 0) {
        error_detail_set(MPI_ERR_OTHER, "MUSTER_INTERFACE is %.60s: no interface that is up has that name or network",
                         wanted);
        return MPI_ERR_OTHER;
    }
    if (getrandom(p->secret, sizeof p->secret, 0) != (ssize_t)sizeof p->secret) {
        error_detail_set(MPI_ERR_OTHER, "no random bytes for a secret");
        return MPI_ERR_OTHER;
    }
    return MPI_SUCCESS;
}

static struct sockaddr_in6 address_of(const struct in6_addr *host, uint16_t port)
{
    return (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = *host};
}

static bool shared(const struct place *own, const struct in6_addr *host)
{
    for (int i = 0; i < own->count; i++)
        if (same_network(&own->hosts[i], host, own->prefix[i]))
            return true;
    return false;
}

int place_tries(const struct place *own, const struct place *of, struct sockaddr_in6 *out)
{
    static const struct in6_addr loopback = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    int n = 0, count = of->count < PLACE_HOSTS ? of->count : PLACE_HOSTS;
    if (own->machine != 0 && own->machine == of->machine)
        out[n++] = address_of(&loopback, of->port);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++)
            if (shared(own, &of->hosts[i]) == (pass == 0))
                out[n++] = address_of(&of->hosts[i], of->port);
    return n;
}

void place_text(const struct sockaddr_in6 *a, char *text, size_t n)
{
    char host[INET6_ADDRSTRLEN] = "?";
    inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof host);
    snprintf(text, n, "%s port %u", strncmp(host, "::ffff:", 7) == 0 ? host + 7 : host, ntohs(a->sin6_port));
}
