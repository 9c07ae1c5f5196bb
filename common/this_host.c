/* SPDX-License-Identifier: BSD-3-Clause
 *
 * this_host: names are compared as text, addresses with those of the machine's interfaces, which are read once.
 */
#include "common/this_host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool this_host_names(const char *own, const char *name)
{
    size_t n = strcspn(own, "."), m = strcspn(name, ".");
    if (strcasecmp(name, "localhost") == 0 || strcasecmp(own, name) == 0)
        return true;
    return (!own[n] || !name[m]) && n == m && n > 0 && strncasecmp(own, name, n) == 0;
}

/* The bytes of an address of that family, or NULL. */
static const void *address_bytes(const struct sockaddr *a, int family)
{
    if (!a || a->sa_family != family)
        return NULL;
    return family == AF_INET ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                             : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;
}

static bool interface_has(const void *address, int family)
{
    static struct ifaddrs *all; /* for the life of the program */
    size_t size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    if (!all && getifaddrs(&all) < 0)
        return false;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        const void *own = address_bytes(i->ifa_addr, family);
        if (own && memcmp(own, address, size) == 0)
            return true;
    }
    return false;
}

bool this_host_is(const char *name)
{
    char own[256] = "", bare[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(name, "%"), name); /* an address, without its zone */
    if (inet_pton(AF_INET, name, address) == 1)
        return address[0] == 127 || interface_has(address, AF_INET);
    if (inet_pton(AF_INET6, bare, address) == 1)
        return interface_has(address, AF_INET6);
    gethostname(own, sizeof own - 1);
    return this_host_names(own, name);
}
