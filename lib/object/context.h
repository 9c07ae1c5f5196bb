/* SPDX-License-Identifier: BSD-3-Clause
 *
 * context: numbers that tell the messages of one communicator from those of all others, at every member alike.
 *
 *     bit 0            messages between ranks, or of collectives
 *     a communicator over the own job alone:       63: 0   32..62: rank of its maker   1..31: count
 *     one with processes of other jobs:            63: 1   43..62: tag of its maker's job   21..42: its rank   1..20:
 * count
 *
 * The maker, a member or one who speaks for the members, takes a number of its own, and tells the others: so no
 * agreement is needed, and none is used twice. Jobs that meet have different tags (process.h). */
#ifndef LIB_OBJECT_CONTEXT_H
#define LIB_OBJECT_CONTEXT_H

#include "lib/core/types.h"

enum { CONTEXT_WORLD = 2, CONTEXT_SELF = 4, CONTEXT_JOB = 6 };

/* A new one, for members of the own job, or (foreign) also of others. 0: this process has given out all that it has;
 * MPI_ERR_OTHER is noted. */
uint64_t context_new(bool foreign);
/* From 2 on, in the order in which its maker made it, so that it means something to a reader; not unique. */
uint32_t context_number(uint64_t ctx);
void context_init(void);

#endif
