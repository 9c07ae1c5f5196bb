/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tcp: packets between nodes, and between jobs, over plain sockets. In a job of one node nothing is opened before
 * somebody of another one is to reach it. */
#ifndef LIB_TRANSPORT_TCP_TCP_H
#define LIB_TRANSPORT_TCP_TCP_H

#include "lib/transport/transport.h"

extern const struct transport transport_tcp;

#endif
