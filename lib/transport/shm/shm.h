/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shm: what transport.c and the wait need besides the contract. */
#ifndef LIB_TRANSPORT_SHM_SHM_H
#define LIB_TRANSPORT_SHM_SHM_H

#include "lib/transport/transport.h"

struct boot;
extern bool shm_active;
extern int self_waiting; /* packets to oneself */

int shm_init(const struct boot *b); /* 0 or an error class */
void shm_fini(void);
bool shm_connect(struct peer *p);
/* May single copy be used (process_vm_readv)? Tests set MUSTER_SHM_COPY=two to say no. */
bool shm_single_copy(void);

#endif
