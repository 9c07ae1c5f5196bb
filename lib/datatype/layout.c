/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/datatype/layout.h"
#include <stdlib.h>
#include <string.h>

struct layout *layout_ref(struct layout *l)
{
    if (l)
        l->refs++;
    return l;
}

void layout_unref(struct layout *l)
{
    if (!l || --l->refs > 0)
        return;
    layout_unref(l->child);
    if (l->kind == LAYOUT_LIST)
        for (MPI_Count i = 0; i < l->count; i++)
            layout_unref(l->pieces[i].child);
    free(l->pieces);
    free(l);
}

static struct layout *make(enum layout_kind kind, MPI_Count size, bool *ok)
{
    struct layout *l = calloc(1, sizeof *l);
    if (!l) {
        *ok = false;
        return NULL;
    }
    l->refs = 1;
    l->kind = kind;
    l->size = size;
    return l;
}

struct placed placed_run(MPI_Count disp, MPI_Count size, bool *ok)
{
    return (struct placed){disp, size > 0 ? make(LAYOUT_RUN, size, ok) : NULL};
}

struct placed placed_loop(MPI_Count count, MPI_Count stride, struct placed child, bool *ok)
{
    struct layout *c = child.layout, *l;
    if (!c || count == 1)
        return child;
    if (count == 0) {
        layout_unref(c);
        return (struct placed){0, NULL};
    }
    if (c->kind == LAYOUT_RUN && stride == c->size) {
        l = make(LAYOUT_RUN, c->size * count, ok);
    } else if (c->kind == LAYOUT_LOOP && c->stride * c->count == stride) {
        if ((l = make(LAYOUT_LOOP, c->size * count, ok)))
            l->count = c->count * count, l->stride = c->stride, l->child = layout_ref(c->child);
    } else if ((l = make(LAYOUT_LOOP, c->size * count, ok))) {
        l->count = count, l->stride = stride, l->child = layout_ref(c);
    }
    layout_unref(c);
    return (struct placed){child.disp, l};
}

/* Drops what is empty and joins runs that touch; returns how many are left. A join makes a new run: layouts are shared.
 */
static MPI_Count join(struct placed *p, MPI_Count n, bool *ok)
{
    MPI_Count kept = 0;
    for (MPI_Count i = 0; i < n; i++) {
        struct placed *last = kept ? &p[kept - 1] : NULL;
        if (!p[i].layout)
            continue;
        if (!last || last->layout->kind != LAYOUT_RUN || p[i].layout->kind != LAYOUT_RUN ||
            last->disp + last->layout->size != p[i].disp) {
            p[kept++] = p[i];
            continue;
        }
        if (last->layout->refs > 1) {
            struct layout *l = make(LAYOUT_RUN, last->layout->size, ok);
            if (!l) {
                layout_unref(p[i].layout);
                continue;
            }
            layout_unref(last->layout);
            last->layout = l;
        }
        last->layout->size += p[i].layout->size;
        layout_unref(p[i].layout);
    }
    return kept;
}

static bool alike(const struct layout *a, const struct layout *b)
{
    return a == b || (a->kind == LAYOUT_RUN && b->kind == LAYOUT_RUN && a->size == b->size) ||
           (a->kind == LAYOUT_LOOP && b->kind == LAYOUT_LOOP && a->count == b->count && a->stride == b->stride &&
            alike(a->child, b->child));
}

static bool regular(const struct placed *p, MPI_Count n)
{
    for (MPI_Count i = 1; i < n; i++)
        if (!alike(p[i].layout, p[0].layout) || p[i].disp - p[i - 1].disp != p[1].disp - p[0].disp)
            return false;
    return n > 2;
}

static struct layout *list(const struct placed *p, MPI_Count n, bool *ok)
{
    struct layout *l = make(LAYOUT_LIST, 0, ok);
    if (!l || !(l->pieces = calloc((size_t)n, sizeof *l->pieces))) {
        free(l);
        *ok = false;
        return NULL;
    }
    for (MPI_Count i = 0; i < n; i++) {
        struct layout *c = p[i].layout;
        l->pieces[i] = (struct layout_piece){p[i].disp, l->size, c->size, c->kind == LAYOUT_RUN ? NULL : layout_ref(c)};
        l->size += c->size;
    }
    l->count = n;
    return l;
}

struct placed placed_list(struct placed *p, MPI_Count n, bool *ok)
{
    MPI_Count kept = join(p, n, ok);
    struct placed out = {0, NULL};
    if (kept == 1)
        return p[0];
    if (kept > 1 && regular(p, kept))
        out = placed_loop(kept, p[1].disp - p[0].disp, (struct placed){p[0].disp, layout_ref(p[0].layout)}, ok);
    else if (kept > 1)
        out.layout = list(p, kept, ok);
    for (MPI_Count i = 0; i < kept; i++)
        layout_unref(p[i].layout);
    return out;
}

/* The piece that holds byte `from` of the packed stream. */
static MPI_Count piece_at(const struct layout *l, MPI_Count from)
{
    MPI_Count lo = 0, hi = l->count - 1;
    while (lo < hi) {
        MPI_Count mid = (lo + hi + 1) / 2;
        if (l->pieces[mid].at <= from)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)

#define MOVE layout_pack
#define MEM const char *
#define STREAM char *
#define COPY(mem, stream, n) memcpy(stream, mem, n)
#include "lib/datatype/layout_move.h"
#undef MOVE
#undef MEM
#undef STREAM
#undef COPY

#define MOVE layout_unpack
#define MEM char *
#define STREAM const char *
#define COPY(mem, stream, n) memcpy(mem, stream, n)
#include "lib/datatype/layout_move.h"

struct pieces {
    struct iovec *out;
    int n, max;
};

/* Returns the bytes covered: fewer than n when the array is full. */
static size_t collect(const struct layout *l, char *base, MPI_Count from, size_t n, struct pieces *p);

static size_t collect_run(char *at, size_t n, struct pieces *p)
{
    struct iovec *last = p->n ? &p->out[p->n - 1] : NULL;
    if (last && (char *)last->iov_base + last->iov_len == at) {
        last->iov_len += n;
        return n;
    }
    if (p->n == p->max)
        return 0;
    p->out[p->n++] = (struct iovec){at, n};
    return n;
}

static size_t collect_loop(const struct layout *child, MPI_Count stride, char *base, MPI_Count from, size_t n,
                           struct pieces *p)
{
    size_t done = 0;
    while (done < n) {
        MPI_Count i = (from + (MPI_Count)done) / child->size, off = (from + (MPI_Count)done) % child->size;
        size_t want = (size_t)(child->size - off) < n - done ? (size_t)(child->size - off) : n - done;
        size_t got = collect(child, base + i * stride, off, want, p);
        done += got;
        if (got < want)
            break;
    }
    return done;
}

static size_t collect_list(const struct layout *l, char *base, MPI_Count from, size_t n, struct pieces *p)
{
    size_t done = 0;
    for (MPI_Count i = piece_at(l, from); done < n; i++) {
        const struct layout_piece *q = &l->pieces[i];
        MPI_Count off = from + (MPI_Count)done - q->at;
        size_t want = (size_t)(q->size - off) < n - done ? (size_t)(q->size - off) : n - done;
        size_t got =
            q->child ? collect(q->child, base + q->disp, off, want, p) : collect_run(base + q->disp + off, want, p);
        done += got;
        if (got < want)
            break;
    }
    return done;
}

static size_t collect(const struct layout *l, char *base, MPI_Count from, size_t n, struct pieces *p)
{
    switch (l->kind) {
    case LAYOUT_RUN:
        return collect_run(base + from, n, p);
    case LAYOUT_LOOP:
        return collect_loop(l->child, l->stride, base, from, n, p);
    default:
        return collect_list(l, base, from, n, p);
    }
}

int layout_pieces(const struct layout *l, MPI_Count extent, char *base, MPI_Count from, size_t *n, struct iovec *out,
                  int max)
{
    struct pieces p = {out, 0, max};
    *n = collect_loop(l, extent, base, from, *n, &p);
    return p.n;
}
