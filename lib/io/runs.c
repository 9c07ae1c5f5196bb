/* SPDX-License-Identifier: BSD-3-Clause
 *
 * runs: made of a view, and walked. */
#include "lib/io/runs.h"
#include <stdlib.h>

static int push(struct runs *r, int64_t place, int64_t length)
{
    if (r->n == r->room) {
        int64_t room = r->room ? 2 * r->room : 16;
        struct run *all = realloc(r->all, (size_t)room * sizeof *all);
        if (!all)
            return MPI_ERR_NO_MEM;
        r->all = all;
        r->room = room;
    }
    r->all[r->n++] = (struct run){place, length, 0, 1};
    return MPI_SUCCESS;
}

/* Does that piece go on with the last run? Then it belongs to it. */
static bool extend(struct runs *r, int64_t place, int64_t length)
{
    struct run *last = r->n > 0 ? &r->all[r->n - 1] : NULL;
    if (!last)
        return false;
    if (last->count == 1 && place == last->place + last->length) {
        last->length += length;
        return true;
    }
    if (length != last->length)
        return false;
    if (last->count == 1)
        last->stride = place - last->place;
    if (place != last->place + last->count * last->stride)
        return false;
    last->count++;
    return true;
}

int runs_make(struct runs *r, const struct view *v, MPI_Count from, MPI_Count to)
{
    enum { PIECES = 64 };
    struct iovec p[PIECES];
    int rc = MPI_SUCCESS;
    *r = (struct runs){0};
    while (from < to && rc == MPI_SUCCESS) {
        size_t n = (size_t)(to - from);
        int pieces = view_pieces(v, from, &n, p, PIECES);
        for (int i = 0; i < pieces && rc == MPI_SUCCESS; i++)
            if (!extend(r, (int64_t)(uintptr_t)p[i].iov_base, (int64_t)p[i].iov_len))
                rc = push(r, (int64_t)(uintptr_t)p[i].iov_base, (int64_t)p[i].iov_len);
        from += (MPI_Count)n;
    }
    return rc;
}

void runs_free(struct runs *r)
{
    free(r->all);
    *r = (struct runs){0};
}

bool runs_valid(const struct run *r, int64_t n, int64_t begin, int64_t end)
{
    for (int64_t i = 0; i < n; i++, r++) {
        int64_t reach, last;
        if (r->length <= 0 || r->count <= 0 || (r->count > 1 && r->stride < r->length) || r->place < begin ||
            __builtin_mul_overflow(r->count - 1, r->stride, &reach) ||
            __builtin_add_overflow(reach, r->length, &reach) || __builtin_add_overflow(r->place, reach, &last) ||
            last > end)
            return false;
        begin = last;
    }
    return true;
}

static int64_t piece_place(const struct runs_cursor *c)
{
    return c->run->place + c->piece * c->run->stride;
}

int64_t runs_place(const struct runs_cursor *c)
{
    return c->left > 0 ? piece_place(c) + c->offset : INT64_MAX;
}

static void next_piece(struct runs_cursor *c)
{
    c->offset = 0;
    if (++c->piece < c->run->count)
        return;
    c->piece = 0;
    c->run++;
    c->left--;
}

bool runs_next(struct runs_cursor *c, int64_t end, int64_t *place, int64_t *n)
{
    int64_t at = runs_place(c);
    if (at >= end)
        return false;
    int64_t rest = c->run->length - c->offset, most = end - at;
    *place = at;
    *n = rest < most ? rest : most;
    c->offset += *n;
    if (c->offset == c->run->length)
        next_piece(c);
    return true;
}

/* Whole pieces of this run, this one and further ones, that end at `end` or before it. */
static int64_t whole_pieces(const struct runs_cursor *c, int64_t end)
{
    int64_t room = end - piece_place(c) - c->run->length, left = c->run->count - c->piece;
    if (room < 0)
        return 0;
    int64_t n = left > 1 ? room / c->run->stride + 1 : 1;
    return n < left ? n : left;
}

int64_t runs_skip(struct runs_cursor *c, int64_t end, int64_t *last)
{
    int64_t bytes = 0, place = 0, n = 0;
    while (runs_place(c) < end) {
        int64_t whole = c->offset == 0 ? whole_pieces(c, end) : 0;
        if (whole > 1) {
            c->piece += whole - 1;
            bytes += (whole - 1) * c->run->length;
        }
        runs_next(c, end, &place, &n);
        bytes += n;
        *last = place + n;
    }
    return bytes;
}
