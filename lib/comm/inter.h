/* SPDX-License-Identifier: BSD-3-Clause
 *
 * inter: new intercommunicators, out of an intracommunicator or of another one. */
#ifndef LIB_COMM_INTER_H
#define LIB_COMM_INTER_H

#include "lib/object/comm.h"

/* Calls of all members of both groups of an intercommunicator; MPI 5.0, section 7.4.2, says what they come to. */
int inter_create(struct comm *c, struct group *group, MPI_Comm *newcomm);
int inter_split(struct comm *c, int color, int key, MPI_Comm *newcomm);

/* The contexts of an intercommunicator: of messages between its groups, and within each. */
struct inter_contexts {
    uint64_t between, within;
};
/* New ones if this process is to make them for all members of c, else zeros. */
struct inter_contexts inter_contexts_new(const struct comm *c);
static inline void inter_contexts_set(struct comm *c, struct inter_contexts x)
{
    c->ctx = x.between;
    c->local_ctx = x.within;
}

#endif
