/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: on which node a process is: the rank map of the job, with an index for many questions. */
#include "lib/coll/base/place.h"
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/process/process.h"

static int pretended = 1; /* nodes that this one is taken for */
static uint32_t *begins;  /* the first rank of each run of the map; NULL: one node */

static int pretended_read(void)
{
    enum { MOST = 1 << 20 };
    const char *text = getenv("MUSTER_COLL_NODES");
    char *end = NULL;
    long n = text && *text ? strtol(text, &end, 10) : 1;
    if (n < 1 || n > MOST || (end && *end)) {
        error_detail_set(MPI_ERR_OTHER, "MUSTER_COLL_NODES=%s is not a number of nodes", text);
        return MPI_ERR_OTHER;
    }
    pretended = (int)n;
    return MPI_SUCCESS;
}

static uint32_t run_ranks(const struct rankmap_block *b)
{
    return b->nodes * b->ranks_per_node * b->repeat;
}

static int index_make(const struct node_segment *h)
{
    const struct rankmap_block *runs = node_segment_runs(h);
    begins = malloc(((size_t)h->run_count + 1) * sizeof *begins);
    if (!begins)
        return MPI_ERR_NO_MEM;
    for (uint32_t i = 0, at = 0; i < h->run_count; at += run_ranks(&runs[i++]))
        begins[i] = at;
    return MPI_SUCCESS;
}

int place_init(void)
{
    int rc = pretended_read();
    return rc == MPI_SUCCESS && boot.segment && boot.segment->node_count > 1 ? index_make(boot.segment) : rc;
}

void place_fini(void)
{
    free(begins);
    begins = NULL;
}

static uint32_t node_of(const struct node_segment *h, uint32_t rank)
{
    uint32_t low = 0, high = h->run_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (begins[middle] <= rank)
            low = middle;
        else
            high = middle - 1;
    }
    const struct rankmap_block *b = &node_segment_runs(h)[low];
    return b->first + (rank - begins[low]) / b->ranks_per_node % b->nodes;
}

int place_node(int proc)
{
    if (begins)
        return process_is_foreign(proc) ? -1 : (int)node_of(boot.segment, (uint32_t)proc);
    int local = boot_local_of(proc);
    return local < 0 ? -1 : (int)((long long)local * pretended / boot.local_size);
}

bool place_several(void)
{
    return begins != NULL || (boot.segment && pretended > 1);
}
