/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tcp: packets between nodes, over plain sockets. Nothing is opened in a job of one node. */
#ifndef LIB_TRANSPORT_TCP_TCP_H
#define LIB_TRANSPORT_TCP_TCP_H

#include "lib/transport/transport.h"

extern const struct transport transport_tcp;

#endif
