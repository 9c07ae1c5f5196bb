/* SPDX-License-Identifier: BSD-3-Clause
 *
 * listeners: a socket for each rank of a job on several nodes, which listens at the place that follows from the launch
 * description before the rank runs: who wants to speak to it finds it, whenever it comes to MPI_Init. The rank inherits
 * it. Where the port is taken it listens at another, and the rank tells the others.
 */
#ifndef PROXY_LISTENERS_H
#define PROXY_LISTENERS_H

#include "proxy/proxy.h"

/* For all ranks of the job here, into rank.listener; -1 where there is none, with a warning for the first. */
void listeners_open(struct job *j);
/* The rank has it, or never will. */
void listeners_close(struct rank *r);

#endif
