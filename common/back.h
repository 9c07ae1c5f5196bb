/* SPDX-License-Identifier: BSD-3-Clause
 *
 * back: who calls a program that listens (strangers.h): a proxy that connects back to mpiexec over TCP, for backends
 * whose start command gives no stream to each host; or mpiexec, that calls muster-names.
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

/* What is to be called. All borrowed. */
struct back_end {
    const char *addresses; /* "address:port[,address:port...]", tried in turn */
    const char *secret;
    const char *what;     /* for messages: "mpiexec" */
    const char *key;      /* the file that the secret is of; NULL: it is that of a run */
    bool resolve;         /* hosts may be named too */
    unsigned patience_ms; /* for all of it but the resolver's own time */
};

#define BACK_MPIEXEC_MS 30000

/* Blocks until one of them has proven that it knows the secret, and has been shown the same of us, whose name is of 1
 * to BACK_NAME_MAX bytes. Returns the connection, or -1. */
int back_call(const struct back_end *to, const char *name, struct err *e);

#endif
