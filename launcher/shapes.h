/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shapes: what the nodes are: how many processors each has, and how they lie. Nodes that are this machine are known
 * without a word. Others are asked, all at once; a topology is fetched once for all nodes that have the same.
 */
#ifndef LAUNCHER_SHAPES_H
#define LAUNCHER_SHAPES_H

#include "launcher/cluster.h"

/* Calls done, once every node that is not lost has told its processors (map_node.processors, taken), and its topology
 * where kinds (or-ed TOPO_WANT) is not 0 (map_node.topo). Where all that is known already, before the return; else from
 * the loop. A node that cannot tell its topology has none then. */
void shapes_ask(struct cluster *c, unsigned kinds, void (*done)(void *arg), void *arg);

/* NODE_INFO and TOPO of that node. false: malformed, or not what was asked for. */
bool shapes_info(struct cluster *c, uint32_t node, struct rbuf *r);
bool shapes_topo(struct cluster *c, uint32_t node, struct rbuf *r);

void shapes_grow(struct cluster *c, uint32_t from);        /* nodes from there on are new */
void shapes_node_joined(struct cluster *c, uint32_t node); /* nobody has asked it so far */
void shapes_node_lost(struct cluster *c, uint32_t node);   /* it will not answer any more */
void shapes_fini(struct cluster *c);

#endif
