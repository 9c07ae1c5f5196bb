/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nodemem: how the runtime's part of the node's segment is laid out. */
#include "lib/nodemem/nodemem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/nodemem/porch.h"

struct nodemem nodemem;
bool nodemem_active;

static int no_memory(size_t bytes)
{
    int error = errno;
    error_detail_set(MPI_ERR_NO_MEM, "the %d ranks of this node cannot share %zu KiB of memory: %s%s", boot.local_size,
                     bytes >> 10, strerror(error), boot_segment_hint(error));
    return MPI_ERR_NO_MEM;
}

/* What is laid out by knobs fits together only where all ranks have the same. */
static bool knobs_agree(_Atomic uint64_t *sum)
{
    uint64_t theirs = 0, ours = knobs_sum();
    if (atomic_compare_exchange_strong(sum, &theirs, ours) || theirs == ours)
        return true;
    error_detail_set(MPI_ERR_OTHER, "variables MUSTER_... of the runtime differ among the ranks of this node");
    return false;
}

int nodemem_init(const struct boot *b, size_t dense, size_t sparse, char **dense_at, char **sparse_at)
{
    int n = b->local_size;
    size_t porches = (size_t)n * sizeof(struct porch);
    size_t lists = (porches + dense + NODEMEM_PAGE - 1) / NODEMEM_PAGE * NODEMEM_PAGE + NODEMEM_PAGE;
    size_t least = lists + sparse, most = least + arenas_plan(n);
    nodemem.ranks = n;
    nodemem.me = b->local_rank;
    nodemem.sparse_bytes = sparse;
    if (!boot_segment_extend(least, &most))
        return no_memory(least);
    char *base = (char *)b->segment + b->segment->lib_at;
    if (!boot_segment_reserve(base, lists))
        return no_memory(lists);
    nodemem.porches = (struct porch *)base;
    *dense_at = base + porches;
    nodemem.arenas_used = (_Atomic uint64_t *)(base + lists - NODEMEM_PAGE);
    nodemem.crashes = (_Atomic uint32_t *)(base + lists - (ptrdiff_t)2 * NODEMEM_LINE);
    nodemem.deadlocks = nodemem.crashes + 1;
    nodemem.unwritten = nodemem.crashes + 2;
    if (!knobs_agree((_Atomic uint64_t *)(base + lists - NODEMEM_LINE)))
        return MPI_ERR_OTHER;
    *sparse_at = base + lists;
    nodemem.arenas = base + least;
    nodemem.arena_count = (int)((most - least) / nodemem.arena_bytes);
    if (!(nodemem.cma = calloc((size_t)n, sizeof *nodemem.cma)))
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < n; i++)
        nodemem.cma[i].of = doorbell_of(i);
    doorbell_init(b);
    doorbell_move(doorbell_of(nodemem.me));
    cma_init(doorbell_own());
    nodemem_active = true;
    return MPI_SUCCESS;
}

void nodemem_fini(void)
{
    if (!nodemem_active)
        return;
    nodemem_active = false;
    doorbell_move(NULL);
    free(nodemem.cma);
    nodemem.cma = NULL;
}

bool nodemem_place(const void *at, size_t n, uint64_t *place)
{
    uint64_t from = (uint64_t)((uintptr_t)at - (uintptr_t)boot.segment);
    *place = from;
    return nodemem_active && from <= boot.segment_bytes && n <= boot.segment_bytes - from;
}

void *nodemem_at(uint64_t place, size_t n)
{
    bool here = nodemem_active && place <= boot.segment_bytes && n <= boot.segment_bytes - place;
    return here ? (char *)boot.segment + place : NULL;
}
