/* SPDX-License-Identifier: BSD-3-Clause
 *
 * deadlock: the look at the ranks of the node, by one of them. */
#include "lib/p2p/deadlock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"
#include "lib/p2p/match.h"
#include "lib/process/failed.h"
#include "lib/process/process.h"

enum { LOOKS = 3 }; /* the first of these may have begun before the others waited */

/* A rank as it was when the look began. */
struct seen {
    bool ended;
    uint64_t call, moved;
    uint32_t looks, moves;
};
static struct seen *before; /* by local rank; NULL: no look has begun */

static void tell_unmatched(void)
{
    uint32_t n;
    const struct unexpected *u = unexpected_first(&n);
    struct rank_status *s = lib.status;
    if (u) {
        atomic_store_explicit(&s->unmatched_from, u->nodes[0].key.source, memory_order_relaxed);
        atomic_store_explicit(&s->unmatched_tag, u->nodes[0].key.tag, memory_order_relaxed);
    }
    atomic_store_explicit(&s->unmatched, n, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->looks, 1, memory_order_release);
}

/* It will never send again. */
static bool is_over(const struct rank_status *s)
{
    return atomic_load_explicit(&s->parting, memory_order_acquire) >= RANK_LEFT;
}

/* Has a rank before this one not ended, or failed? Then it looks, or nobody: the job is ending. */
static bool is_for_others(void)
{
    for (int i = 0; i < boot.local_rank; i++)
        if (!is_over(node_segment_status(boot.segment, (uint32_t)i)))
            return true;
    return false;
}

/* False: it does not wait, or not for so long. */
static bool look_at(int local, uint64_t now, struct seen *to, struct rank_wait *wait)
{
    const struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    *to = (struct seen){.ended = is_over(s)};
    if (to->ended)
        return true;
    to->looks = atomic_load_explicit(&s->looks, memory_order_acquire);
    to->moves = atomic_load_explicit(&s->moves, memory_order_relaxed);
    to->moved =
        atomic_load_explicit(&s->streamed, memory_order_relaxed) + atomic_load_explicit(&s->read, memory_order_relaxed);
    if (process_state(local) != RANK_INITIALIZED || !rank_wait_read(s, 0, wait) || wait->kind != RANK_WAITS)
        return false;
    to->call = atomic_load_explicit(&wait->call, memory_order_relaxed);
    return wait->since_ns < now && now - wait->since_ns >= knobs.DEADLOCK_AFTER * UINT64_C(1000000000);
}

static bool is_unmoved(const struct seen *was, const struct seen *is)
{
    return was->ended == is->ended && was->call == is->call && was->moved == is->moved && was->moves == is->moves;
}

/* Since the look began, has nothing happened, and has each rank looked often enough? *changed: begin anew. */
static bool is_stuck(uint64_t now, bool *changed)
{
    struct seen is;
    struct rank_wait wait;
    bool often = true;
    *changed = true;
    for (int i = 0; i < boot.local_size; i++) {
        if (!look_at(i, now, &is, &wait) || !is_unmoved(&before[i], &is))
            return false;
        often &= is.ended || is.looks - before[i].looks >= LOOKS;
    }
    *changed = false;
    return often;
}

static void begin(uint64_t now)
{
    struct rank_wait wait;
    if (!before && !(before = calloc((size_t)boot.local_size, sizeof *before)))
        return;
    for (int i = 0; i < boot.local_size; i++)
        if (!look_at(i, now, &before[i], &wait))
            before[i] = (struct seen){.call = UINT64_MAX}; /* which it never is */
}

static void tell(void)
{
    enum { ROOM = 4096 };
    struct deadlock_rank *v = calloc((size_t)boot.local_size, sizeof *v);
    char *text = calloc(1, ROOM);
    for (int i = 0; v && text && i < boot.local_size; i++) {
        const struct rank_status *s = node_segment_status(boot.segment, (uint32_t)i);
        v[i].rank = (int)node_segment_locals(boot.segment)[i];
        v[i].ended = !rank_wait_read(s, 0, &v[i].wait);
        v[i].unmatched = atomic_load_explicit(&s->unmatched, memory_order_relaxed);
        v[i].unmatched_from = atomic_load_explicit(&s->unmatched_from, memory_order_relaxed);
        v[i].unmatched_tag = atomic_load_explicit(&s->unmatched_tag, memory_order_relaxed);
    }
    if (v && text) {
        deadlock_text(v, boot.local_size, text, ROOM);
        if (knobs.DEADLOCK == DEADLOCK_ABORT)
            boot_abort(MPI_ERR_OTHER, text);
        dprintf(STDERR_FILENO, "muster: %s\n", text);
    }
    free(text);
    free(v);
}

void deadlock_look(uint64_t since)
{
    bool changed = true;
    uint64_t now = (uint64_t)clock_ns();
    tell_unmatched();
    if (now - since < knobs.DEADLOCK_AFTER * UINT64_C(1000000000) || knobs.DEADLOCK == DEADLOCK_OFF ||
        !nodemem_active || boot.local_size != boot.size || process_count != boot.size || is_for_others() ||
        atomic_load_explicit(nodemem.deadlocks, memory_order_relaxed) > 0)
        return;
    if (before && is_stuck(now, &changed) && atomic_fetch_add(nodemem.deadlocks, 1) == 0)
        tell();
    else if (changed)
        begin(now);
}

void deadlock_fini(void)
{
    free(before);
    before = NULL;
}
