/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shape: what this node is, told when mpiexec asks: the processors that ranks may use, and the objects that hold them.
 */
#ifndef PROXY_SHAPE_H
#define PROXY_SHAPE_H

#include "proxy/proxy.h"

/* NODE_ASK: answers NODE_INFO. kinds: of objects that planning will need (wire/topo.h), 0: none. A kind beyond cores
 * takes hwloc, some milliseconds; nothing of it is done unasked. */
void shape_tell(struct proxy *proxy, uint32_t kinds);

/* TOPO_ASK: the topology whose digest was told last. */
void shape_send(struct proxy *proxy);

#endif
