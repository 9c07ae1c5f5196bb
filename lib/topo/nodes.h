/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodes: on which node each rank of a communicator is. */
#ifndef LIB_TOPO_NODES_H
#define LIB_TOPO_NODES_H

#include "lib/object/comm.h"

/* Is there more than one, or is one taken for more (place.h)? */
bool nodes_several(void);
/* Those of the first n ranks of c; a rank of another job is on node 0, which costs nothing but quality. Takes
 * O(runs of the rank map + n log runs). MPI_SUCCESS or MPI_ERR_NO_MEM. */
int nodes_of(const struct comm *c, int n, uint32_t *node);

#endif
