/* SPDX-License-Identifier: BSD-3-Clause
 *
 * roster: a group in bytes, for processes that may know its members by other numbers, or not at all: the jobs, runs of
 * their ranks, and where each is reached. */
#ifndef LIB_COMM_ROSTER_H
#define LIB_COMM_ROSTER_H

#include "lib/object/comm.h"

/* The bytes (malloc) and how many; NULL without memory, or if there were more than an int counts. addresses: what each
 * member exports, ADDRESS_EXPORT bytes a rank; NULL: whoever reads it is of the same job, or knows them. */
void *roster_pack(const struct group *g, const unsigned char *addresses, int *bytes);
/* A group from bytes that another process sent; the addresses of those of other jobs are told (address_tell).
 * MPI_SUCCESS, MPI_ERR_NO_MEM, or MPI_ERR_OTHER with a note: a job cannot be reached, or these are no such bytes. */
int roster_unpack(const void *roster, int bytes, struct group **out);

#endif
