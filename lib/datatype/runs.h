/* SPDX-License-Identifier: BSD-3-Clause
 *
 * runs: a list whose members are all runs, as most indexed types are. It is gone through twice: first to learn what it
 * amounts to, then to write down exactly that, so that nothing is kept or allocated on the way. Runs that touch are
 * joined. */
#ifndef LIB_DATATYPE_RUNS_H
#define LIB_DATATYPE_RUNS_H

#include "lib/datatype/layout.h"

struct runs {
    MPI_Count at, end;        /* the present run, which the next one may make longer; end RUNS_NONE: none yet */
    MPI_Count count, total;   /* of the runs before it, and their bytes */
    MPI_Count bytes;          /* of all of them, once that is known */
    MPI_Count first, size;    /* of the first run */
    MPI_Count step;           /* from the first to the second */
    MPI_Count before, length; /* of the last complete run: where, and how long */
    MPI_Count lo, hi;         /* bytes that are touched */
    MPI_Count streak;         /* so many of one size on end */
    bool uneven;              /* sizes differ */
    bool irregular;           /* distances differ */
    bool far;                 /* 32 bits do not tell all places */
    bool streaks;             /* parts of it are long and of one size */
    struct layout *to;        /* while it is written down */
};
#define RUNS_NONE INT64_MIN

static inline void runs_init(struct runs *r)
{
    *r = (struct runs){.end = RUNS_NONE, .lo = INT64_MAX, .hi = INT64_MIN};
}

void runs_first(struct runs *r);

/* The present run is complete: first time. */
ALWAYS_INLINE void runs_learn(struct runs *r)
{
    MPI_Count size = r->end - r->at, d;
    if (UNLIKELY(r->count < 2))
        runs_first(r);
    r->irregular |= r->at - r->before != r->step;
    r->far |= __builtin_sub_overflow(r->at, r->first, &d) || d != (int32_t)d;
    if (size == r->length) {
        r->streak++;
    } else {
        r->streaks |= r->streak >= LAYOUT_STREAK;
        r->streak = 1;
        r->uneven |= size != r->size;
    }
    r->lo = r->at < r->lo ? r->at : r->lo;
    r->hi = r->end > r->hi ? r->end : r->hi;
    r->before = r->at;
    r->length = size;
    r->total += size;
    r->count++;
}

/* Second time. */
ALWAYS_INLINE void runs_write(struct runs *r)
{
    if (r->to->kind == LAYOUT_BLOCKS)
        r->to->disps[r->count++] = (int32_t)(r->at - r->first);
    else
        r->to->runs[r->count++] = (struct layout_run){(int32_t)(r->at - r->first), (uint32_t)r->total};
    r->total += r->end - r->at;
}

/* The next run, of at least one byte; `complete` is runs_learn or runs_write. */
ALWAYS_INLINE void runs_next(struct runs *r, MPI_Count disp, MPI_Count size, void complete(struct runs *r))
{
    if (disp == r->end) {
        r->end += size;
        return;
    }
    if (LIKELY(r->end != RUNS_NONE))
        complete(r);
    r->at = disp;
    r->end = disp + size;
}

/* After the first time. Is it to be written down? If it has a simpler form, *p becomes it, and it is not. */
enum runs_form { RUNS_DONE, RUNS_WRITE, RUNS_OTHERWISE /* as a list of parts */ };
enum runs_form runs_form(struct runs *r, struct placed *p, bool *ok);
/* After the second time. */
struct placed runs_end(struct runs *r);

#endif
