/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A user's words for a plan, a line each: map-by, rank-by, bind-to, rank map, and number of ranks. An empty line is a
 * word that was not given.
 */
#include "common/xalloc.h"
#include "launcher/map/map.h"
#include "common/topo/topo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct topo *load(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    return arg;
}

static const char *next_line(char **rest)
{
    const char *line = *rest ? strsep(rest, "\n") : NULL;
    return line && *line ? line : NULL;
}

static void check(const struct map_plan *p)
{
    uint32_t seen[3] = {0};
    for (uint32_t i = 0; i < p->nranks; i++) {
        const struct map_rank *rank = &p->ranks[i];
        if (rank->node > 2 || rank->local_rank != seen[rank->node]++ || rank->binding >= (int32_t)p->nbindings)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct topo *t;
    struct err e;
    if (!t && !(t = topo_synthetic("pack:2 l3:2 core:2 pu:2", "1-14", &e)))
        abort();
    char *text = xstrndup((const char *)data, size), *rest = text;
    struct map_node nodes[] = {{.name = "a", .slots = 4}, {.name = "b", .slots = 1}, {.name = "c"}};
    struct map_app app = {0};
    struct map_request r = {.nodes = nodes, .nnodes = 3, .apps = &app, .napps = 1, .topo_load = load, .arg = t};
    r.map_by = next_line(&rest);
    r.rank_by = next_line(&rest);
    r.bind_to = next_line(&rest);
    r.rankmap = next_line(&rest);
    const char *np = next_line(&rest);
    app.np = np ? (uint32_t)strtoul(np, NULL, 10) % 1000 : 0;
    struct map_plan p;
    if ((!r.map_by || !strcasestr(r.map_by, "file=")) && !map_make(&p, &r, &e)) {
        check(&p);
        map_fini(&p);
    }
    free(text);
    return 0;
}
