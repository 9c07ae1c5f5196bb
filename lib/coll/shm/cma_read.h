/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cma_read: long blocks of all members for all members: through the rings, or out of one another's memory, whichever
 * takes less on the machine at hand. Member 0 measures, chooses, and tells the others. */
#ifndef LIB_COLL_SHM_CMA_READ_H
#define LIB_COLL_SHM_CMA_READ_H

#include "lib/coll/shm/phase.h"

/* Is there a choice, for blocks of up to so many bytes (-1: not known)? The same on all members. */
bool shm_cma_fits(const struct shm_coll *a, MPI_Count bytes);
int shm_cma_allgather(struct shm_coll *a, const struct blocks *all);
int shm_cma_alltoall(struct shm_coll *a, const struct blocks *out, const struct blocks *in);

#endif
