/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster: what is asked of the nodes.
 */
#include "launcher/cluster.h"

const char *cluster_node_name(const struct cluster *c, uint32_t node)
{
    return node < c->nnodes ? c->nodes[node].name : "?";
}
