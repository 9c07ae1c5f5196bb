/* SPDX-License-Identifier: BSD-3-Clause
 *
 * address: where processes are reached: published by each, fetched when one is first spoken to, and nobody waits for
 * that. */
#ifndef LIB_TRANSPORT_ADDRESS_H
#define LIB_TRANSPORT_ADDRESS_H

#include "lib/transport/peer.h"

/* Its bit of transport_attention. */
#define ADDRESS_ATTENTION (UINT32_C(1) << 31)

/* Publishes the address of this process by that row of the table: as soon as it is known; at once, where the launcher
 * answers nobody who asks before. An error class with a note. */
int address_publish(uint32_t row);
/* Fetches the address of p by p->transport, then connects. False: without memory. */
bool address_fetch(struct peer *p);
/* Where this process is reached by all transports that need an address, for processes of other jobs: the bytes, at most
 * ADDRESS_EXPORT, the same number in all processes. An error class with a note. */
enum { ADDRESS_EXPORT = 3 * TRANSPORT_ADDRESS_MAX };
int address_export(unsigned char to[ADDRESS_EXPORT]);
/* What a process of another job has exported: kept until address_forget. What is known already stays. MPI_SUCCESS, or
 * MPI_ERR_NO_MEM. */
int address_tell(int proc, const unsigned char from[ADDRESS_EXPORT]);
extern uint32_t address_tells; /* how often one has told something new */
/* Of so many processes from first on. */
void address_forget(int first, int count);
/* The part of what was told of a process of another job that is for t; NULL: nothing was, or t was not among it. */
const void *address_told(int proc, const struct transport *t);
/* How many of those have come or failed. */
int address_poll(void);
/* The launcher is about to be told that MPI is over here: what it has not answered is asked for again when MPI begins
 * once more. */
void address_rest(void);
void address_fini(void);

#endif
