/* SPDX-License-Identifier: BSD-3-Clause
 *
 * self: packets and memory within this process. */
#ifndef LIB_TRANSPORT_SELF_SELF_H
#define LIB_TRANSPORT_SELF_SELF_H

#include "lib/transport/transport.h"

extern const struct transport transport_self;

#endif
