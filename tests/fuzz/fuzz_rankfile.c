/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The file's text, then planned with on two hosts of four cores each.
 */
#include "launcher/map/binding.h"
#include "launcher/map/place.h"
#include "launcher/map/map.h"
#include "launcher/map/rankfile.h"
#include "common/topo/topo.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct topo *load(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    return arg;
}

static void plan(const struct rankfile *f, struct topo *t)
{
    struct map_node nodes[] = {{.name = "a"}, {.name = "b"}};
    struct map_app app = {0};
    struct map_request r = {.nodes = nodes, .nnodes = 2, .apps = &app, .napps = 1, .topo_load = load, .arg = t};
    struct map_plan p = {0};
    struct err e;
    if (!place_count_ranks(&p, &r, f->nentries, &e) && !rankfile_apply(f, &p, &r, &e) && !rankfile_bind(f, &p, &r, &e))
        for (uint32_t i = 0; i < p.nranks; i++)
            if (p.ranks[i].node > 1 || p.ranks[i].binding >= (int32_t)p.nbindings)
                abort();
    map_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct topo *t;
    struct rankfile f;
    struct err e;
    if (!t && !(t = topo_synthetic("pack:2 core:2 pu:2", NULL, &e)))
        abort();
    if (!rankfile_parse(&f, "fuzz", (const char *)data, size, &e))
        plan(&f, t);
    rankfile_fini(&f);
    return 0;
}
