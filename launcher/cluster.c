/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cluster: what is asked of the nodes, and more of them.
 */
#include "launcher/cluster.h"

#include "common/cpus.h"
#include "common/this_host.h"
#include "common/xalloc.h"

#include <string.h>

const char *cluster_node_name(const struct cluster *c, uint32_t node)
{
    return node < c->nnodes ? c->nodes[node].name : "?";
}

/* By any of its names. */
static long find_this_host(const struct cluster *c)
{
    for (uint32_t i = 0; i < c->nnodes; i++)
        if (this_host_is(c->nodes[i].name))
            return i;
    return -1;
}

long cluster_find_node(const struct cluster *c, const char *name)
{
    long at = c->hosts.n ? hostlist_find(&c->hosts, name) : strcmp(name, c->nodes[0].name) == 0 ? 0 : -1;
    return at >= 0 || c->is_simulated || !this_host_is(name) ? at : find_this_host(c);
}

static void add_node(struct cluster *c, const struct hostlist_host *h, unsigned processors)
{
    c->nodes[c->nnodes] =
        (struct map_node){.name = h->name, .bind_to = h->binding, .slots = h->slots, .processors = processors};
    c->names[c->nnodes] = h->name;
    c->node_lost[c->nnodes] = true;
    c->nnodes++;
}

int cluster_grow(struct cluster *c, const struct hostlist *more, struct err *e)
{
    size_t first = c->nnodes, most = c->hosts.max ? c->hosts.max : HOSTLIST_MAX;
    if (more->n > most - first) /* one that is in the list, and no node, would be looked up as one */
        return err_set(e, "more than %zu hosts", most);
    if (!c->hosts.n && hostlist_add(&c->hosts, &(struct hostlist_host){.name = (char *)c->nodes[0].name}, e) < 0)
        return -1;
    for (size_t i = 0; i < more->n; i++)
        if (hostlist_add(&c->hosts, &more->hosts[i], e) < 0)
            return -1;
    size_t n = c->hosts.n;
    c->nodes = xreallocarray(c->nodes, n, sizeof *c->nodes);
    c->names = xreallocarray(c->names, n, sizeof *c->names);
    c->unstarted = xreallocarray(c->unstarted, n, sizeof *c->unstarted);
    c->node_lost = xreallocarray(c->node_lost, n, sizeof *c->node_lost);
    unsigned processors = cpus_usable();
    for (size_t i = first; i < n; i++)
        add_node(c, &c->hosts.hosts[i], processors);
    c->starter.remote.hosts = c->far.remote.hosts = c->hosts.hosts;
    links_grow(&c->links, c->nnodes, c->names);
    return 0;
}
