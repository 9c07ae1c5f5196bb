/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: where a process listens, as others are told of it, and which of these places another one tries. */
#ifndef LIB_TRANSPORT_TCP_PLACE_H
#define LIB_TRANSPORT_TCP_PLACE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "lib/transport/tcp/proof.h"

enum { PLACE_HOSTS = 5 };

/* What is published: hosts in the order in which their owner would have them tried. */
struct place {
    uint64_t machine; /* the same for all who reach each other by the loopback; 0: by that it is not reached */
    uint16_t port;
    uint8_t count;
    uint8_t prefix[PLACE_HOSTS];        /* bits of their networks, of 128 */
    unsigned char key[PROOF_KEY];       /* who knows it may connect */
    struct in6_addr hosts[PLACE_HOSTS]; /* IPv4 ones as ::ffff:a.b.c.d */
};

/* Fills in machine, hosts and key of a process that listens on all interfaces. An error class with a note: what
 * MUSTER_INTERFACE names is not there, or there is no randomness. */
int place_own(struct place *p);
/* Does the launcher tell where all ranks of the job listen? */
bool place_is_told(void);
/* Where a rank of the job listens, as the launcher tells. False: it does not, or the key cannot be made (hmac_why). */
bool place_of_rank(int rank, struct place *p);
/* The addresses of a process to be tried, the best first; returns how many, PLACE_TRIES at most. */
enum { PLACE_TRIES = PLACE_HOSTS + 1 };
int place_tries(const struct place *of, struct sockaddr_in6 *out);
/* The same as connect(2) takes it where the kernel has no IPv6; returns its length. */
socklen_t place_sockaddr(const struct sockaddr_in6 *from, struct sockaddr_storage *to);
/* A socket that listens on all interfaces for IPv6 and IPv4, or on a kernel without IPv6 for IPv4, at a port of
 * MUSTER_PORT_RANGE if that is set, and its port; -1 with errno: EADDRINUSE: none of those is free, EINVAL: it is no
 * range. */
int place_listen(uint16_t *port);
/* In words, of that errno. */
void place_listen_why(int error, char *text, size_t n);
struct sockaddr_in6 place_bound(int fd); /* what a socket is bound to; port 0: nothing */
/* "10.0.0.1 port 40000", for messages. */
void place_text(const struct sockaddr_in6 *a, char *text, size_t n);

#endif
