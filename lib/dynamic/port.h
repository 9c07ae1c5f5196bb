/* SPDX-License-Identifier: BSD-3-Clause
 *
 * port: where other jobs connect to. Each listens on a socket of its own for this machine and on one for others; both
 * go when it is closed, and with the process.
 *
 *     connector             listener
 *     hello, nonce    ->
 *                     <-    nonce, and a code over both    made with the secret of the port's name
 *     code over both  ->                                   so each knows that the other one knows it
 *                     <-    welcome                        an accept has taken it; then the leaders trade
 *
 * On one machine the kernel says besides whose process the other end is: the same user's, or it is closed. Nothing that
 * arrives is believed before it has proved that it may connect, and little is kept of who has not. */
#ifndef LIB_DYNAMIC_PORT_H
#define LIB_DYNAMIC_PORT_H

#include "lib/object/comm.h"

struct port;
struct socket_patience;

/* A new one. An error class with a note. */
int port_open(struct port **out);
const char *port_name(const struct port *p); /* less than MPI_MAX_PORT_NAME bytes */
struct port *port_find(const char *name);    /* of this process; NULL: none of that name is open */
void port_close(struct port *p);             /* who waits in an accept on it gets an error */
void port_close_all(void);

/* Waits for somebody who may connect: his socket, which is the caller's. -1 with a note of class MPI_ERR_PORT: the port
 * was closed meanwhile, the patience is at its end, or there is no descriptor for him. */
int port_accept(struct port *p, const struct socket_patience *patience);
/* Connects to a port of any process. -1 with a note of class MPI_ERR_PORT: that is not a port's name, nobody listens
 * there any more, he is another one, or nobody has accepted in time. */
int port_connect(const char *name, int64_t until, const struct comm *comm);

#endif
