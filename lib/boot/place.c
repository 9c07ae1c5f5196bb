/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: under a launcher of others, which ranks share a node. The lowest rank of each node makes the node's segment
 * and publishes its name; one fence makes it known. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/pmi_client.h"

static char ticket[SHARE_TICKET]; /* of the node's segment */

static int leader_of(const struct boot *b, const uint32_t *node)
{
    int leader = 0;
    while (node[leader] != node[b->rank])
        leader++;
    return leader;
}

/* The lowest rank of a node makes, the others open. */
static bool segment_share(struct boot *b, struct kvs *k, const uint32_t *node, uint32_t nodes, const char *job)
{
    char key[64];
    int leader = leader_of(b, node);
    bool leads = leader == b->rank, nameable;
    snprintf(key, sizeof key, "muster-segment-%u", node[b->rank]);
    if (leads && boot_segment_make(b, node, nodes, job, &nameable) != 0)
        return false;
    if (leads)
        share_ticket(b, nameable, ticket);
    if ((leads && !k->ops->put(k, key, ticket)) || !k->ops->fence(k))
        return false;
    char *told = leads ? NULL : kvs_get(k, leader, key);
    errno = ENODATA;
    if (told)
        snprintf(ticket, sizeof ticket, "%s", told);
    bool ok = leads || (told && share_open(b, ticket));
    free(told);
    b->local_rank = 0;
    for (int r = 0; r < b->rank; r++)
        b->local_rank += node[r] == node[b->rank];
    if (!ok)
        return false;
    boot_segment_unwatched(b);
    share_done(b, ticket, leads);
    return true;
}

/* Launchers leave it out where it is longer than a value of PMI may be. */
static bool read_map(const struct boot *b, struct kvs *k, const char *told, uint32_t *node, uint32_t *nodes)
{
    char *found = told ? NULL : pmi_hosts_map(k, (uint32_t)b->rank, (uint32_t)b->size);
    const char *map = told ? told : found;
    bool ok = map && pmi_mapping_read(map, node, (uint32_t)b->size, nodes);
    free(found);
    return ok;
}

bool boot_place(struct boot *b, struct kvs *k, const char *map, const char *job, char *why, size_t n)
{
    uint32_t nodes, *node = calloc((size_t)b->size, sizeof *node);
    bool ok = false;
    if (!node)
        snprintf(why, n, "out of memory");
    else if (!read_map(b, k, map, node, &nodes))
        snprintf(why, n, "the launcher does not say which ranks share a node%s%s",
                 k->why[0] ? ", and they cannot tell one another: "
                 : map     ? " in words that are known here"
                           : "",
                 k->why);
    else if (!(ok = segment_share(b, k, node, nodes, job)))
        snprintf(why, n, "the ranks of this node cannot share memory: %s%s", k->why[0] ? k->why : strerror(errno),
                 k->why[0] ? "" : boot_segment_hint(errno));
    free(node);
    return ok;
}

void boot_place_drop(void)
{
    if (ticket[0])
        share_drop(ticket);
}
