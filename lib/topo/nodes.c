/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodes: where the ranks of a communicator are. */
#include "lib/topo/nodes.h"
#include "lib/coll/base/place.h"

void nodes_of(const struct comm *c, int n, uint32_t *node)
{
    for (int i = 0; i < n; i++) {
        int is = place_node(comm_proc(c, i));
        node[i] = is < 0 ? 0 : (uint32_t)is;
    }
}
