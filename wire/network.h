/* SPDX-License-Identifier: BSD-3-Clause
 *
 * network: the networks of a machine, as it tells others of them. Addresses of IPv4 are kept as ::ffff:a.b.c.d.
 */
#ifndef WIRE_NETWORK_H
#define WIRE_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum network_kind {
    NETWORK_LOOPBACK = 1,
    NETWORK_INNER = 2, /* of containers or a tunnel: other machines are seldom reached by it */
    NETWORK_IDLE = 4,  /* no cable: IFF_UP without IFF_RUNNING */
    NETWORK_KINDS = 8
};

enum { NETWORK_NAME_MAX = 15, NETWORK_TEXT = 80 };

struct network {
    struct in6_addr host;
    uint32_t bits; /* of the network, of 128 */
    uint32_t kind; /* enum network_kind, or-ed */
    char name[NETWORK_NAME_MAX + 1];
};

/* Those that are up and have an address that is good beyond its link, those first that are of no kind, then by kind; at
 * most `most`. How many, or -1 with errno. */
int network_list(struct network *out, int most);
/* Do the first `bits` bits agree? */
bool network_same(const struct in6_addr *a, const struct in6_addr *b, uint32_t bits);
/* Is it the one that is meant by its interface's name, a network "10.1.0.0/16", or an address? */
bool network_is_wanted(const struct network *n, const char *wanted);
/* The address in a sockaddr; ::, if it is of another family than AF_INET and AF_INET6. */
struct in6_addr network_address(const struct sockaddr *a);
/* "10.0.0.1", "10.0.0.0/24" (all with bits 128: the address alone) */
void network_text(const struct in6_addr *host, uint32_t bits, char text[NETWORK_TEXT]);
/* The same number for all who reach each other by the loopback: who have booted together and share a network namespace;
 * 0: not known. */
uint64_t network_machine(void);

/* An address as two numbers. */
uint64_t network_half(const struct in6_addr *a, int which);
struct in6_addr network_whole(uint64_t first, uint64_t second);

#endif
