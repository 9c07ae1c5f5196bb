/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shm: what table.c needs of it besides the contract. */
#ifndef LIB_TRANSPORT_SHM_SHM_H
#define LIB_TRANSPORT_SHM_SHM_H

#include "lib/transport/transport.h"

extern struct transport transport_shm; /* its lengths depend on the number of ranks */

int shm_init(void); /* of the node's ranks, at least two; 0 or an error class */
void shm_fini(void);
bool shm_connect(struct peer *p);

#endif
