/* SPDX-License-Identifier: BSD-3-Clause
 *
 * setup: how long channels are, and where they lie. */
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/transport/shm/abroad.h"

struct shm shm;

static size_t clamp(size_t n, size_t least, size_t most)
{
    return n < least ? least : n > most ? most : n;
}

/* Where each rank has a processor, long rings are fast: what is written has left the writer's own cache for the common
 * one when it is read. Where ranks take turns, short ones stay in the caches. */
static void sizes_choose(int ranks)
{
    size_t pairs = (size_t)ranks * (size_t)ranks, longer = boot.scarce ? 0 : knobs.SHM_CHANNEL_MAX;
    shm.slots = ranks <= 16 ? 128 : ranks <= 64 ? 64 : 32;
    shm.stride = ranks <= 16 ? 65536 : ranks <= 64 ? 32768 : 16384;
    while (longer * pairs > knobs.SHM_CHANNELS_MAX)
        longer /= 2;
    longer = longer / NODEMEM_PAGE * NODEMEM_PAGE;
    if (longer > shm.stride)
        shm.stride = longer;
    shm.bytes = shm.stride - channel_head(shm.slots);
    shm.bytes -= shm.bytes % NODEMEM_LINE;
    /* The smallest ring holds three packets. */
    transport_shm.max_payload = clamp(shm.bytes / 6 / NODEMEM_PAGE * NODEMEM_PAGE, 4096, 32768);
    shm_tune();
}

void shm_tune(void)
{
    transport_shm.eager_max = clamp(transport_shm.max_payload, 64, knobs.SHM_EAGER_MAX);
}

int shm_init(uint32_t attention)
{
    size_t n = (size_t)boot.local_size;
    char *senders;
    shm.attention = attention;
    TAILQ_INIT(&shm.active);
    sizes_choose(boot.local_size);
    if (boot.local_size <= 1)
        return MPI_SUCCESS;
    shm.words = (n + 511) / 512 * 8;
    int rc = nodemem_init(&boot, n * shm.words * 8, n * n * shm.stride, &senders, &shm.channels);
    if (rc != MPI_SUCCESS)
        return rc;
    shm.senders = (_Atomic uint64_t *)senders + (size_t)nodemem.me * shm.words;
    shm.seen = calloc(shm.words, sizeof *shm.seen);
    if (!shm.seen)
        return MPI_ERR_NO_MEM;
    transport_attention |= attention;
    return MPI_SUCCESS;
}

void shm_fini(void)
{
    abroad_fini();
    nodemem_fini();
    free(shm.seen);
    shm.seen = NULL;
    shm.words = 0;
}
