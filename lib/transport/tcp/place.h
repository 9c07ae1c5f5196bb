/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: where a process listens, as others are told of it, and which of these places another one tries. */
#ifndef LIB_TRANSPORT_TCP_PLACE_H
#define LIB_TRANSPORT_TCP_PLACE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { PLACE_SECRET = 16, PLACE_HOSTS = 5 };

/* What is published: hosts in the order in which their owner would have them tried. */
struct place {
    uint64_t machine; /* the same for all who reach each other by the loopback */
    uint16_t port;
    uint8_t count;
    uint8_t prefix[PLACE_HOSTS]; /* bits of their networks, of 128 */
    unsigned char secret[PLACE_SECRET];
    struct in6_addr hosts[PLACE_HOSTS]; /* IPv4 ones as ::ffff:a.b.c.d */
};

/* Fills in machine, hosts and secret. An error class with a note: what MUSTER_INTERFACE names is not there, or there is
 * no randomness. */
int place_own(struct place *p);
/* The addresses of a process to be tried, the best first; returns how many, PLACE_TRIES at most. */
enum { PLACE_TRIES = PLACE_HOSTS + 1 };
int place_tries(const struct place *own, const struct place *of, struct sockaddr_in6 *out);
/* "10.0.0.1 port 40000", for messages. */
void place_text(const struct sockaddr_in6 *a, char *text, size_t n);

#endif
