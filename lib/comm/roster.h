/* SPDX-License-Identifier: BSD-3-Clause
 *
 * roster: a group in bytes, for processes that may know its members by other numbers, or not at all: the jobs, and runs
 * of their ranks. */
#ifndef LIB_COMM_ROSTER_H
#define LIB_COMM_ROSTER_H

#include "lib/object/comm.h"

/* The bytes (malloc) and how many; NULL without memory, or if there were more than an int counts. */
void *roster_pack(const struct group *g, int *bytes);
/* A group from bytes that another process sent: MPI_SUCCESS, MPI_ERR_NO_MEM, or MPI_ERR_OTHER with a note: a job cannot
 * be reached, or these are no such bytes. */
int roster_unpack(const void *roster, int bytes, struct group **out);

#endif
