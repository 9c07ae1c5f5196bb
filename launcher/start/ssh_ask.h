/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_ask: the two questions before a connection, whose answers may take their time: what is configured for a host, and
 * what its addresses are.
 */
#ifndef LAUNCHER_START_SSH_ASK_H
#define LAUNCHER_START_SSH_ASK_H

#include "common/start.h"

#include <netdb.h>

/* Runs `ssh -G` for s. done: its output, or NULL where it could not be run or found the configuration wrong; comes from
 * the loop. One at a time for a start. */
struct ssh_ask;
struct ssh_ask *ssh_ask_config(const struct start *s, void (*done)(void *arg, const char *text), void *arg);

/* Resolves in a thread. done: an error of getaddrinfo or 0, and the addresses, the callee's to free. */
struct ssh_ask *ssh_ask_addresses(const struct start *s, const char *host, const char *port,
                                  void (*done)(void *arg, int error, struct addrinfo *list), void *arg);

void ssh_ask_drop(struct ssh_ask *a); /* nothing comes any more; not needed once done was called; takes NULL */

#endif
