/* SPDX-License-Identifier: BSD-3-Clause
 *
 * socket: waiting for sockets as for anything else (progress_wait), and the line of two leaders over one. */
#ifndef LIB_DYNAMIC_SOCKET_H
#define LIB_DYNAMIC_SOCKET_H

#include "lib/comm/meeting.h"

/* Of times; clock_ns(). */
#define SOCKET_FOREVER INT64_MAX
#define SOCKET_TRADE_NS INT64_C(60000000000) /* for what the other leader says while both are in the call */

/* What ends a wait, and what is shown of it. */
struct socket_patience {
    int64_t until;
    const struct comm *comm; /* or NULL */
    bool (*over)(void *arg); /* asked now and then: is there nothing to wait for any more? NULL: there is */
    void *arg;
};
/* Waits until poll(2) would tell one of the events. False: it got too late, or is over. */
bool socket_await(int fd, short events, const struct socket_patience *p);
/* All n bytes, of a socket that may block or not. 0; an errno value; or -1: the other end has closed it. */
int socket_send(int fd, const void *bytes, size_t n, int64_t until, const struct comm *comm);
int socket_recv(int fd, void *bytes, size_t n, int64_t until, const struct comm *comm);
/* What such a value says. */
const char *socket_error(int error);

/* A line over a connected socket, which stays the caller's. Both ends send at once, so that neither waits for the other
 * to read. */
struct socket_line {
    struct line line;
    int fd;
    const struct comm *comm;
};
struct socket_line socket_line(int fd, const struct comm *comm);

#endif
