/* SPDX-License-Identifier: BSD-3-Clause
 *
 * segment: the runtime's part of the node's segment: boxes, lists of senders, channels, areas for collectives. The
 * areas come last, as many as the limits of a process allow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/transport/shm/state.h"

enum { PAGE = 4096, AREAS = 128 };

struct shm shm;
bool shm_active;

static size_t clamp(size_t n, size_t least, size_t most)
{
    return n < least ? least : n > most ? most : n;
}

/* Where each rank has a processor, long rings are fast: what is written has left the writer's own cache for the common
 * one when it is read. Where ranks take turns, short ones stay in the caches. */
static void sizes_choose(int ranks, bool crowded)
{
    enum { MOST = 1 << 20, ALL = 1 << 25 };
    size_t pairs = (size_t)ranks * (size_t)ranks, longer = crowded || boot.scarce ? 0 : MOST;
    shm.slots = ranks <= 16 ? 128 : ranks <= 64 ? 64 : 32;
    shm.stride = ranks <= 16 ? 65536 : ranks <= 64 ? 32768 : 16384;
    while (longer * pairs > ALL)
        longer /= 2;
    if (longer > shm.stride)
        shm.stride = longer;
    shm.bytes = shm.stride - sizeof(struct channel) - shm.slots * sizeof(struct slot);
    shm.bytes -= shm.bytes % SHM_LINE;
    /* The smallest ring holds three packets. */
    transport_shm.max_payload = clamp(shm.bytes / 6 / PAGE * PAGE, 4096, 32768);
    transport_shm.eager_max = clamp(transport_shm.max_payload, 4096, 8192);
}

/* Long rings let ranks run ahead; all of an area's have 16 MiB at most. Memory that nobody touches costs nothing; but
 * where it must be asked for before, less does. */
static size_t areas_plan(int n)
{
    enum { RING_MOST = 1 << 20, RING_LEAST = 1 << 15 };
    const size_t most = (size_t)1 << (boot.bounded ? 22 : 24);
    size_t head = SHM_AREA_HEAD + (size_t)n * SHM_AREA_MEMBER;
    shm.ring_bytes = RING_MOST;
    while (shm.ring_bytes > RING_LEAST && shm.ring_bytes * (size_t)n > most)
        shm.ring_bytes /= 2;
    shm.area_head = (head + PAGE - 1) / PAGE * PAGE;
    shm.area_bytes = shm.area_head + (size_t)n * shm.ring_bytes;
    return AREAS * shm.area_bytes;
}

char *shm_area(int number)
{
    return shm.areas + (size_t)number * shm.area_bytes;
}

char *shm_area_rings(int number, size_t *bytes)
{
    *bytes = shm.ring_bytes;
    return shm_area(number) + shm.area_head;
}

bool shm_area_has(int number)
{
    return number >= 0 && number < shm.area_count;
}

int shm_area_take(void)
{
    for (int i = 0; i < shm.area_count; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        /* Acquire: what those who had it before left in it. */
        if (atomic_fetch_or_explicit(&shm.taken_areas[i / 64], bit, memory_order_acquire) & bit)
            continue;
        if (boot_segment_reserve(shm_area(i), shm.area_bytes))
            return i;
        boot_segment_release(shm_area(i), shm.area_bytes);
        shm_area_give(i);
        break;
    }
    return -1;
}

void shm_area_give(int number)
{
    atomic_fetch_and_explicit(&shm.taken_areas[number / 64], ~(UINT64_C(1) << number % 64), memory_order_release);
}

static int no_memory(size_t bytes)
{
    int error = errno;
    error_note(MPI_ERR_NO_MEM, "the %d ranks of this node cannot share %zu KiB of memory: %s%s", boot.local_size,
               bytes >> 10, strerror(error), boot_segment_hint(error));
    return MPI_ERR_NO_MEM;
}

int shm_init(const struct boot *b)
{
    int n = b->local_size;
    sizes_choose(n, n > b->local_cpus);
    shm.ranks = n;
    shm.me = b->local_rank;
    shm.words = ((size_t)n + 511) / 512 * 8;
    size_t boxes = (size_t)n * sizeof(struct box), maps = (size_t)n * shm.words * 8;
    size_t lists = (boxes + maps + PAGE - 1) / PAGE * PAGE + PAGE;
    size_t least = lists + (size_t)n * (size_t)n * shm.stride, most = least + areas_plan(n);
    if (!boot_segment_extend(least, &most))
        return no_memory(least);
    char *base = (char *)b->segment + b->segment->lib_at;
    if (!boot_segment_reserve(base, lists))
        return no_memory(lists);
    shm.boxes = (struct box *)base;
    shm.senders = (_Atomic uint64_t *)(base + boxes) + (size_t)shm.me * shm.words;
    shm.taken_areas = (_Atomic uint64_t *)(base + lists - PAGE);
    shm.channels = base + lists;
    shm.areas = base + least;
    shm.area_count = (int)((most - least) / shm.area_bytes);
    shm.in = calloc((size_t)n, sizeof *shm.in);
    shm.active = calloc((size_t)n, sizeof *shm.active);
    shm.seen = calloc(shm.words, sizeof *shm.seen);
    if (!shm.in || !shm.active || !shm.seen)
        return MPI_ERR_NO_MEM;
    shm_sleep_init(b);
    const char *copy = getenv("MUSTER_SHM_COPY");
    shm.two_copies = copy && strcmp(copy, "two") == 0;
    shm_read_init(&shm.boxes[shm.me]);
    shm_active = true;
    return MPI_SUCCESS;
}

void shm_fini(void)
{
    if (!shm_active)
        return;
    shm_active = false;
    free(shm.in);
    free(shm.active);
    free(shm.seen);
}
