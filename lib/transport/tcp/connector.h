/* SPDX-License-Identifier: BSD-3-Clause
 *
 * connector: the side of a connection that begins. */
#ifndef LIB_TRANSPORT_TCP_CONNECTOR_H
#define LIB_TRANSPORT_TCP_CONNECTOR_H

#include "lib/transport/tcp/connection.h"

/* Begins to connect. NULL: to the place that the launcher has told. False: no memory. */
bool connector_begin(struct peer *p, const void *address);
/* Its socket has connected, or not; the answer has come, in part or whole; its time is over. */
void connector_event(struct conn *c);
void connector_expire(struct conn *c);
/* The peer's own attempt has come to nothing: ours goes on, if there was one. */
void connector_resume(struct conn *c);
/* We leave, and do not wait for an answer any more. False: it cannot be said now. */
bool connector_leaves(struct conn *c);

#endif
