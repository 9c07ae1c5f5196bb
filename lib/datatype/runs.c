/* SPDX-License-Identifier: BSD-3-Clause
 *
 * runs: runs of bytes, joined where they touch. */
#include "lib/datatype/runs.h"

/* What the others are compared with: the first run with itself, the second one at any distance. */
void runs_first(struct runs *r)
{
    if (r->count == 0) {
        r->first = r->before = r->at;
        r->size = r->length = r->end - r->at;
    } else {
        r->step = r->at - r->before;
    }
}

enum runs_form runs_form(struct runs *r, struct placed *p, bool *ok)
{
    if (r->end != RUNS_NONE)
        runs_learn(r);
    r->streaks |= r->streak >= LAYOUT_STREAK;
    r->bytes = r->total;
    *p = (struct placed){r->first, r->total, NULL};
    if (r->count < 2)
        return RUNS_DONE;
    if (!r->uneven && !r->irregular && r->count > 2) {
        p->size = r->size;
        *p = placed_loop(r->count, r->step, *p, ok);
        return RUNS_DONE;
    }
    if (r->far || r->total > (MPI_Count)UINT32_MAX || (r->uneven && r->streaks))
        return RUNS_OTHERWISE;
    r->to = layout_new(r->uneven ? LAYOUT_RUNS : LAYOUT_BLOCKS, r->total, r->count, ok);
    if (!r->to)
        return RUNS_DONE;
    r->to->each = r->size;
    r->count = r->total = 0;
    r->end = RUNS_NONE;
    return RUNS_WRITE;
}

struct placed runs_end(struct runs *r)
{
    runs_write(r);
    if (r->to->kind == LAYOUT_RUNS)
        r->to->runs[r->count] = (struct layout_run){0, (uint32_t)r->total};
    return (struct placed){r->first, r->total, r->to};
}
