/* SPDX-License-Identifier: BSD-3-Clause
 *
 * topology: life of topologies. */
#include "lib/object/topology.h"
#include <stdlib.h>

struct topology *topology_new(int kind, size_t numbers)
{
    struct topology *t = calloc(1, sizeof *t + numbers * sizeof *t->numbers);
    if (t) {
        t->refs = 1;
        t->kind = kind;
    }
    return t;
}

struct topology *topology_ref(struct topology *t)
{
    if (t)
        t->refs++;
    return t;
}

void topology_unref(struct topology *t)
{
    if (t && --t->refs == 0)
        free(t);
}
