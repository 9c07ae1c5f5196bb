/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodes: the rank map of the job, with an index for many questions. */
#include "lib/topo/nodes.h"
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/coll/base/place.h"
#include "lib/process/process.h"

bool nodes_several(void)
{
    return boot.segment && (boot.segment->node_count > 1 || place_pretended() > 1);
}

static uint32_t run_ranks(const struct rankmap_block *b)
{
    return b->nodes * b->ranks_per_node * b->repeat;
}

/* The first rank of each run, and the last one's end; NULL without memory. */
static uint32_t *run_begins(const struct node_segment *h)
{
    const struct rankmap_block *runs = node_segment_runs(h);
    uint32_t *begins = malloc(((size_t)h->run_count + 1) * sizeof *begins), at = 0;
    for (uint32_t i = 0; begins && i <= h->run_count; i++) {
        begins[i] = at;
        at += i < h->run_count ? run_ranks(&runs[i]) : 0;
    }
    return begins;
}

static uint32_t node_of(const struct node_segment *h, const uint32_t *begins, uint32_t rank)
{
    uint32_t lo = 0, hi = h->run_count - 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo + 1) / 2;
        if (begins[mid] <= rank)
            lo = mid;
        else
            hi = mid - 1;
    }
    const struct rankmap_block *b = &node_segment_runs(h)[lo];
    return b->first + (rank - begins[lo]) / b->ranks_per_node % b->nodes;
}

/* On one node: those that it is taken for. */
static int pretended_nodes(const struct comm *c, int n, uint32_t *node)
{
    for (int i = 0; i < n; i++) {
        int is = place_node(comm_proc(c, i));
        node[i] = is < 0 ? 0 : (uint32_t)is;
    }
    return MPI_SUCCESS;
}

int nodes_of(const struct comm *c, int n, uint32_t *node)
{
    if (boot.segment->node_count == 1)
        return pretended_nodes(c, n, node);
    uint32_t *begins = run_begins(boot.segment);
    if (!begins)
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < n; i++) {
        int proc = comm_proc(c, i);
        node[i] = process_is_foreign(proc) ? 0 : node_of(boot.segment, begins, (uint32_t)proc);
    }
    free(begins);
    return MPI_SUCCESS;
}
