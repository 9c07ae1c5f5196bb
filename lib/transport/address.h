/* SPDX-License-Identifier: BSD-3-Clause
 *
 * address: where processes are reached: published by each, fetched when one is first spoken to, and nobody waits for
 * that. */
#ifndef LIB_TRANSPORT_ADDRESS_H
#define LIB_TRANSPORT_ADDRESS_H

#include "lib/transport/peer.h"

/* Its bit of transport_attention. */
#define ADDRESS_ATTENTION (UINT32_C(1) << 31)

/* Publishes the address of this process by t. An error class with a note. */
int address_publish(const struct transport *t);
/* Fetches the address of p by p->transport, then connects. False: without memory, or p is of another job, whose keys
 * cannot be asked for. */
bool address_fetch(struct peer *p);
/* How many of those have come or failed. */
int address_poll(void);
/* The launcher is about to be told that MPI is over here: what it has not answered is asked for again when MPI begins
 * once more. */
void address_rest(void);
void address_fini(void);

#endif
