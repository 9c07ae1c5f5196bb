/* SPDX-License-Identifier: BSD-3-Clause
 *
 * server: the links of mpiexecs to the table of names. What an mpiexec has published goes with its link.
 */
#ifndef REGISTRY_SERVER_H
#define REGISTRY_SERVER_H

#include "common/listen.h"

#include <event2/event.h>

struct server;

/* Listens, and serves in the base's loop. key is borrowed. NULL with e set. */
struct server *server_create(struct event_base *base, const struct listen_wish *wish, const char *key, struct err *e);
const char *server_addresses(const struct server *s);
void server_destroy(struct server *s); /* NULL is allowed */

#endif
