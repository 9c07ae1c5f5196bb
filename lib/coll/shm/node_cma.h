/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_cma: long blocks of all members for all members: through the rings, or out of one another's memory, whichever
 * takes less on the machine at hand. Member 0 measures, chooses, and tells the others. */
#ifndef LIB_COLL_SHM_NODE_CMA_H
#define LIB_COLL_SHM_NODE_CMA_H

#include "lib/coll/shm/node.h"

/* Is there a choice, for blocks of up to so many bytes (-1: not known)? The same on all members. */
bool node_cma_fits(const struct node *a, MPI_Count bytes);
int node_cma_allgather(struct node *a, const struct blocks *all);
int node_cma_alltoall(struct node *a, const struct blocks *out, const struct blocks *in);

#endif
