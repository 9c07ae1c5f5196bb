/* SPDX-License-Identifier: BSD-3-Clause
 *
 * self: what table.c needs of it besides the contract. */
#ifndef LIB_TRANSPORT_SELF_SELF_H
#define LIB_TRANSPORT_SELF_SELF_H

#include "lib/transport/transport.h"

extern const struct transport transport_self;
extern int self_waiting; /* packets to oneself that are not delivered yet */

#endif
