/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodes: on which node each rank of a communicator is. */
#ifndef LIB_TOPO_NODES_H
#define LIB_TOPO_NODES_H

#include "lib/object/comm.h"

/* Those of the first n ranks of c (place_node); a rank of another job is on node 0, which costs nothing but quality. */
void nodes_of(const struct comm *c, int n, uint32_t *node);

#endif
