/* SPDX-License-Identifier: BSD-3-Clause
 *
 * peers: who may connect to the library's port. Every user of the machine can reach it; ranks are of one.
 */
#ifndef PROXY_PMIX_PEERS_H
#define PROXY_PMIX_PEERS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The user whose socket is the other end of this connection within this machine, as the kernel has it. false: it is
 * not known. */
bool peer_user(int fd, uid_t *user);

/* The library takes its connections by this name, which the program has before libc does: a connection of another user
 * is closed before a byte of it is read or answered. */
int accept(int fd, struct sockaddr *restrict addr, socklen_t *restrict len);

#endif
