/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shape: nodes of one shape are many, so the shape is told as a digest, and sent only where mpiexec has not seen it.
 */
#include "proxy/shape.h"

#include "common/cpus.h"
#include "common/log.h"
#include "common/topo/topo.h"
#include "common/topo/topo_pretend.h"

#include <stdlib.h>

/* NULL: a test has this node be another machine that cannot be, or this one cannot be found out; the user was told. */
static struct topo *find_topo(struct node *n, uint32_t kinds)
{
    struct err e;
    struct topo *t = n->pretends ? topo_synthetic(n->pretends, NULL, &e) : topo_load(kinds, &e);
    if (!t)
        node_warn(n, "host %s does not know its own processors: %s", node_name(n), e.text);
    return t;
}

static uint64_t encode_topo(struct node *n, uint32_t kinds, uint32_t *processors)
{
    struct topo *t = find_topo(n, kinds);
    buf_clear(&n->topo);
    if (!t)
        return 0;
    topo_put(&n->topo, t);
    if (n->topo.failed)
        log_fatal("out of memory");
    if (n->pretends)
        *processors = topo_capacity(t);
    topo_destroy(t);
    return topo_digest(n->topo.data, n->topo.len);
}

void shape_tell(struct node *n, uint32_t kinds)
{
    n->pretends = topo_pretended(node_name(n));
    struct control_node_info info = {.processors = cpus_usable()};
    if (kinds || n->pretends)
        info.digest = encode_topo(n, kinds, &info.processors);
    info.digest = kinds ? info.digest : 0;
    struct buf b;
    buf_init(&b);
    control_node_info_put(&b, &info);
    peer_send(n->parent, CONTROL_NODE_INFO, 0, node_number(n), &b);
    buf_fini(&b);
}

void shape_send(struct node *n)
{
    peer_send(n->parent, CONTROL_TOPO, 0, node_number(n), &n->topo);
}
