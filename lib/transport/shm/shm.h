/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shm: packets and memory between ranks of one node. */
#ifndef LIB_TRANSPORT_SHM_SHM_H
#define LIB_TRANSPORT_SHM_SHM_H

#include "lib/transport/transport.h"

extern struct transport transport_shm; /* its lengths depend on the number of ranks */

#endif
