/* SPDX-License-Identifier: BSD-3-Clause
 *
 * claim: the claims of this process.
 */
#include "launcher/claim.h"

#include <stdlib.h>

static void read_taken(struct cluster *c)
{
    struct cpulist mine, taken;
    cpulist_init(&mine);
    cpulist_init(&taken);
    if (cpulist_affinity(&mine, 0, NULL) == 0)
        claims_read(&c->claims, &mine, &taken);
    free(c->taken);
    c->taken = cpulist_count(&taken) ? cpulist_format(&taken) : NULL;
    cpulist_fini(&mine);
    cpulist_fini(&taken);
}

void claim_begin(struct cluster *c)
{
    if (!c->is_here)
        return;
    if (!c->claimed)
        claims_open(&c->claims);
    c->claimed = true;
    claims_lock(&c->claims);
    read_taken(c);
    for (uint32_t i = 0; i < c->nnodes; i++)
        c->nodes[i].taken = c->taken;
}

void claim_end(struct cluster *c, const struct map_plan *p)
{
    if (!c->is_here)
        return;
    for (uint32_t i = 0; p && i < p->nbindings; i++) {
        struct cpulist l;
        cpulist_init(&l);
        if (cpulist_parse(&l, p->bindings[i], NULL) == 0)
            claims_make(&c->claims, &l);
        cpulist_fini(&l);
    }
    claims_unlock(&c->claims);
}
