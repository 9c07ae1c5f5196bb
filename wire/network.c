/* SPDX-License-Identifier: BSD-3-Clause
 *
 * network.c: asks the kernel for its interfaces, and compares addresses.
 */
#include "wire/network.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAPPED_BITS = 96 };

struct in6_addr network_address(const struct sockaddr *a)
{
    struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    if (a->sa_family == AF_INET6)
        return ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    if (a->sa_family != AF_INET)
        return (struct in6_addr){.s6_addr = {0}};
    memcpy(&out.s6_addr[12], &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
    return out;
}

bool network_same(const struct in6_addr *a, const struct in6_addr *b, uint32_t bits)
{
    uint32_t whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a->s6_addr[whole] ^ b->s6_addr[whole]) >> (8 - rest) == 0);
}

/* "10.1.0.0/16", "fd00::/8", "10.1.0.2". */
static bool network_parse(const char *text, struct in6_addr *net, uint32_t *bits)
{
    char host[INET6_ADDRSTRLEN], *end = "";
    size_t n = strcspn(text, "/");
    struct in_addr v4;
    unsigned long most = 128, told;
    if (n >= sizeof host)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    if (inet_pton(AF_INET, host, &v4) == 1) {
        *net = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
        memcpy(&net->s6_addr[12], &v4, 4);
        most = 128 - MAPPED_BITS;
    } else if (inet_pton(AF_INET6, host, net) != 1) {
        return false;
    }
    told = text[n] ? strtoul(text + n + 1, &end, 10) : most;
    *bits = (uint32_t)(told + 128 - most);
    return told <= most && !*end && (!text[n] || text[n + 1]);
}

bool network_is_wanted(const struct network *n, const char *wanted)
{
    struct in6_addr net;
    uint32_t bits;
    return network_parse(wanted, &net, &bits) ? network_same(&n->host, &net, bits) : strcmp(n->name, wanted) == 0;
}

static bool is_inner(const char *name)
{
    static const char *const inner[] = {"docker", "br-", "virbr", "lxc", "lxd",   "cni", "flannel",
                                        "tun",    "tap", "wg",    "ppp", "vmnet", "zt"};
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        if (strncmp(name, inner[i], strlen(inner[i])) == 0)
            return true;
    return false;
}

/* Bits of a netmask, of 128. */
static uint32_t mask_bits(const struct sockaddr *mask)
{
    struct in6_addr m = network_address(mask);
    uint32_t bits = 0;
    if (mask->sa_family == AF_INET)
        memset(&m, 0xff, MAPPED_BITS / 8);
    while (bits < 128 && m.s6_addr[bits / 8] >> (7 - bits % 8) & 1)
        bits++;
    return bits;
}

static bool is_usable(const struct ifaddrs *i)
{
    if (!i->ifa_addr || !i->ifa_netmask || !(i->ifa_flags & IFF_UP))
        return false;
    if (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6)
        return false;
    struct in6_addr a = network_address(i->ifa_addr);
    return !IN6_IS_ADDR_LINKLOCAL(&a);
}

static struct network network_of(const struct ifaddrs *i)
{
    struct network n = {.host = network_address(i->ifa_addr), .bits = mask_bits(i->ifa_netmask)};
    n.kind = (i->ifa_flags & IFF_LOOPBACK ? NETWORK_LOOPBACK : 0) | (is_inner(i->ifa_name) ? NETWORK_INNER : 0) |
             (i->ifa_flags & IFF_RUNNING ? 0 : NETWORK_IDLE);
    snprintf(n.name, sizeof n.name, "%.*s", NETWORK_NAME_MAX, i->ifa_name);
    return n;
}

/* How useful one is: by a lower number it is likelier that other machines are reached. */
enum { RANKS = 4 };
static uint32_t rank_of(const struct network *n)
{
    return n->kind & NETWORK_IDLE ? 3 : n->kind & NETWORK_LOOPBACK ? 2 : n->kind & NETWORK_INNER ? 1 : 0;
}

int network_list(struct network *out, int most)
{
    struct ifaddrs *all;
    int n = 0;
    if (getifaddrs(&all) != 0)
        return -1;
    for (uint32_t rank = 0; rank < RANKS; rank++) /* a host of containers may have hundreds */
        for (const struct ifaddrs *i = all; i && n < most; i = i->ifa_next) {
            struct network one = is_usable(i) ? network_of(i) : (struct network){.kind = NETWORK_KINDS};
            if (one.kind < NETWORK_KINDS && rank_of(&one) == rank)
                out[n++] = one;
        }
    freeifaddrs(all);
    return n;
}

void network_text(const struct in6_addr *host, uint32_t bits, char text[NETWORK_TEXT])
{
    char name[INET6_ADDRSTRLEN] = "?";
    struct in6_addr net = *host;
    bool four = IN6_IS_ADDR_V4MAPPED(host) && bits >= MAPPED_BITS;
    for (uint32_t i = bits; i < 128; i++)
        net.s6_addr[i / 8] &= (uint8_t) ~(1u << (7 - i % 8));
    inet_ntop(four ? AF_INET : AF_INET6, four ? &net.s6_addr[12] : net.s6_addr, name, sizeof name);
    if (bits < 128)
        snprintf(text, NETWORK_TEXT, "%s/%u", name, four ? bits - MAPPED_BITS : bits);
    else
        snprintf(text, NETWORK_TEXT, "%s", name);
}

uint64_t network_machine(void)
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

uint64_t network_half(const struct in6_addr *a, int which)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | a->s6_addr[8 * which + i];
    return v;
}

struct in6_addr network_whole(uint64_t first, uint64_t second)
{
    struct in6_addr a;
    for (int i = 7; i >= 0; i--, first >>= 8, second >>= 8) {
        a.s6_addr[i] = (uint8_t)first;
        a.s6_addr[8 + i] = (uint8_t)second;
    }
    return a;
}
