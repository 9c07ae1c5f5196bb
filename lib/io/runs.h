/* SPDX-License-Identifier: BSD-3-Clause
 *
 * runs: pieces of a file in rising order, of which regular ones take one entry however many there are. So what a rank
 * tells another of its access stays short where the pieces are not. */
#ifndef LIB_IO_RUNS_H
#define LIB_IO_RUNS_H

#include "lib/io/view.h"

/* count pieces of `length` bytes, each `stride` bytes behind the one before it. */
struct run {
    int64_t place, length, stride, count;
};
struct runs {
    struct run *all; /* owned */
    int64_t n, room;
};

/* Bytes [from, to) of a view's stream. MPI_ERR_NO_MEM. */
int runs_make(struct runs *r, const struct view *v, MPI_Count from, MPI_Count to);
void runs_free(struct runs *r);
/* Do n of them rise, within [begin, end)? They come from other ranks. */
bool runs_valid(const struct run *r, int64_t n, int64_t begin, int64_t end);

/* How far one has come in them. */
struct runs_cursor {
    const struct run *run;
    int64_t left;   /* runs, this one counted */
    int64_t piece;  /* of this run */
    int64_t offset; /* in that piece */
};
static inline struct runs_cursor runs_begin(const struct run *all, int64_t n)
{
    return (struct runs_cursor){all, n, 0, 0};
}
/* The place where it is; INT64_MAX: behind all. */
int64_t runs_place(const struct runs_cursor *c);
/* Goes on to the first byte at `end` or behind it; the bytes before that. *last: the end of those, if there are any. */
int64_t runs_skip(struct runs_cursor *c, int64_t end, int64_t *last);
/* The next piece before `end`, as far as it goes; false: there is none. */
bool runs_next(struct runs_cursor *c, int64_t end, int64_t *place, int64_t *n);

#endif
