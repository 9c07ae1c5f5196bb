/* SPDX-License-Identifier: BSD-3-Clause
 *
 * listen: sockets that listen where the hosts can reach them, and nowhere else.
 */
#ifndef COMMON_LISTEN_H
#define COMMON_LISTEN_H

#include "common/err.h"

#define LISTEN_MAX 8

/* What the user asked for. */
struct listen_wish {
    const char *iface;            /* an interface or an address; NULL: not said */
    unsigned port_low, port_high; /* 0: any */
};

struct listen {
    int fd[LISTEN_MAX]; /* non-blocking; the caller's to close */
    unsigned n;
    char addresses[LISTEN_MAX * 64]; /* "10.0.0.1:4711,[fd00::1]:4712" */
};

/* At what the user named (wish->iface: an interface or an address), with a port of the range if there is one. Else at
 * the address by which this machine reaches `host`; where that name has no address here, at all of its own but those
 * that only it can reach. 0, or -1 with e set. */
int listen_open(struct listen *l, const struct listen_wish *wish, const char *host, struct err *e);

#endif
