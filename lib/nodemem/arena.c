/* SPDX-License-Identifier: BSD-3-Clause
 *
 * arena: shared memory that collectives and windows ask for while the job runs. */
#include "lib/boot/boot.h"
#include "lib/nodemem/nodemem.h"

enum { ARENAS = 128 };

/* Long rings let ranks run ahead; all of an arena's have 16 MiB at most. Memory that nobody touches costs nothing; but
 * where it must be asked for before, less does. */
size_t arenas_plan(int n)
{
    enum { RING_MOST = 1 << 20, RING_LEAST = 1 << 15 };
    const size_t most = (size_t)1 << (boot.bounded ? 22 : 24);
    size_t head = ARENA_HEAD + (size_t)n * ARENA_MEMBER;
    nodemem.ring_bytes = RING_MOST;
    while (nodemem.ring_bytes > RING_LEAST && nodemem.ring_bytes * (size_t)n > most)
        nodemem.ring_bytes /= 2;
    nodemem.arena_head = (head + NODEMEM_PAGE - 1) / NODEMEM_PAGE * NODEMEM_PAGE;
    nodemem.arena_bytes = nodemem.arena_head + (size_t)n * nodemem.ring_bytes;
    return ARENAS * nodemem.arena_bytes;
}

char *arena_at(int number)
{
    return nodemem.arenas + (size_t)number * nodemem.arena_bytes;
}

char *arena_rings(int number, size_t *bytes)
{
    *bytes = nodemem.ring_bytes;
    return arena_at(number) + nodemem.arena_head;
}

bool arena_reachable(int number)
{
    return number >= 0 && number < nodemem.arena_count;
}

/* Collectives go by messages where there is no arena; without memory for messages nothing goes. So that is left alone,
 * also for the moment in which it turns out that an arena does not fit. */
int arena_alloc(void)
{
    if (!boot_segment_roomy(nodemem.arena_bytes + nodemem.sparse_bytes))
        return -1;
    for (int i = 0; i < nodemem.arena_count; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        /* Acquire: what those who had it before left in it. */
        if (atomic_fetch_or_explicit(&nodemem.arenas_used[i / 64], bit, memory_order_acquire) & bit)
            continue;
        if (boot_segment_reserve(arena_at(i), nodemem.arena_bytes))
            return i;
        boot_segment_release(arena_at(i), nodemem.arena_bytes);
        arena_free(i);
        break;
    }
    return -1;
}

void arena_free(int number)
{
    atomic_fetch_and_explicit(&nodemem.arenas_used[number / 64], ~(UINT64_C(1) << number % 64), memory_order_release);
}
