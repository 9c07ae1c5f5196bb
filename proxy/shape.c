/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shape: nodes of one shape are many, so the shape is told as a digest, and sent only where mpiexec has not seen it.
 */
#include "proxy/shape.h"

#include "common/cpus.h"
#include "common/log.h"
#include "common/topo/topo.h"
#include "common/topo/topo_pretend.h"
#include "wire/fabric.h"
#include "wire/network.h"

#include <stdlib.h>
#include <string.h>

/* NULL: a test has this node be another machine that cannot be, or this one cannot be found out; the user was told. */
static struct topo *find_topo(struct proxy *proxy, uint32_t kinds)
{
    struct err e;
    struct topo *t = proxy->pretends ? topo_synthetic(proxy->pretends, NULL, &e) : topo_load(kinds, &e);
    if (!t)
        proxy_warn(proxy, "host %s does not know its own processors: %s", proxy_name(proxy), e.text);
    return t;
}

static uint64_t encode_topo(struct proxy *proxy, uint32_t kinds, uint32_t *processors)
{
    struct topo *t = find_topo(proxy, kinds);
    buf_clear(&proxy->topo);
    if (!t)
        return 0;
    topo_put(&proxy->topo, t);
    if (proxy->topo.failed)
        log_fatal("out of memory");
    if (proxy->pretends)
        *processors = topo_capacity(t);
    topo_destroy(t);
    return topo_digest(proxy->topo.data, proxy->topo.len);
}

/* As text that the caller frees. */
static char *find_taken(struct proxy *proxy)
{
    struct cpulist mine, taken;
    cpulist_init(&mine);
    cpulist_init(&taken);
    if (proxy->claims.fd < 0)
        claims_open(&proxy->claims);
    if (cpulist_affinity(&mine, 0, NULL) == 0)
        claims_read(&proxy->claims, &mine, &taken);
    char *text = cpulist_format(&taken);
    cpulist_fini(&mine);
    cpulist_fini(&taken);
    return text;
}

/* Those of which a job could make use. */
static struct list find_networks(struct buf *b)
{
    struct network v[CONTROL_NETWORKS_MAX];
    int n = network_list(v, CONTROL_NETWORKS_MAX);
    for (int i = 0; i < n; i++) {
        struct control_node_network m = {network_half(&v[i].host, 0), network_half(&v[i].host, 1), v[i].bits, v[i].kind,
                                         ""};
        memcpy(m.name, v[i].name, sizeof v[i].name);
        control_node_network_put(b, &m);
    }
    return list_of(n > 0 ? (uint32_t)n : 0, b);
}

void shape_tell(struct proxy *proxy, uint32_t kinds)
{
    proxy->pretends = topo_pretended(proxy_name(proxy));
    struct control_node_info info = {.processors = cpus_usable()};
    if (kinds || proxy->pretends)
        info.digest = encode_topo(proxy, kinds, &info.processors);
    info.digest = kinds ? info.digest : 0;
    char *taken = find_taken(proxy);
    if (strlen(taken) <= WIRE_LINE_MAX)
        info.taken = bytes_of(taken);
    struct buf b, networks;
    buf_init(&b);
    buf_init(&networks);
    info.machine = network_machine();
    info.link_first = network_half(&proxy->link, 0);
    info.link_second = network_half(&proxy->link, 1);
    info.fabric = fabric_is_there();
    info.networks = find_networks(&networks);
    control_node_info_put(&b, &info);
    b.failed |= networks.failed;
    buf_fini(&networks);
    peer_send(proxy->parent, CONTROL_NODE_INFO, 0, proxy_node(proxy), &b);
    buf_fini(&b);
    free(taken);
}

void shape_send(struct proxy *proxy)
{
    peer_send(proxy->parent, CONTROL_TOPO, 0, proxy_node(proxy), &proxy->topo);
}
