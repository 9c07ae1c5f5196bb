/* SPDX-License-Identifier: BSD-3-Clause
 *
 * back: a proxy that connects back to mpiexec over TCP, for backends whose start command gives no stream to each host.
 * Both sides prove that they know the secret of the run (wire/back.h), which the proxy has from its environment: on
 * Linux that is readable by the user alone (and root), as the memory of the programs is. The proxy wipes it there.
 */
#ifndef COMMON_BACK_H
#define COMMON_BACK_H

#include "common/err.h"
#include "wire/back.h"

#define BACK_SECRET "MUSTER_LINK_SECRET" /* the variable */

/* The proof of one side, see back_text. 0, or -1 with e set. */
int back_prove(unsigned char proof[BACK_PROOF_SIZE], enum back_side side, const char *secret,
               const unsigned char challenge[BACK_NONCE_SIZE], const struct back_answer *a, struct err *e);

/* For a proxy, before its loop: calls "address:port[,address:port...]" until one of them has proven that it is the
 * mpiexec of this run, and has been shown the same of us, for half a minute at most. Returns the connection, or -1. */
int back_call(const char *addresses, const char *name, const char *secret, struct err *e);

#endif
