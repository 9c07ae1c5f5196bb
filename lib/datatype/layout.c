/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout: compiling. Constructors nest; what is compiled here is what is moved fastest, not what was written. */
#include "lib/datatype/layout.h"
#include <stdlib.h>
#include <string.h>

enum {
    SMALL_RECORD = 8, /* so many runs repeated are a record rather than a loop in a loop */
    SMALL_PART = 4,   /* so many runs in a list take no more memory than the part that they replace */
    LONG = 32         /* so many runs of one size on end are worth a part of their own */
};

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
    if (l->kind == LAYOUT_LOOP) {
        layout_unref(l->child);
    } else if (l->kind == LAYOUT_LIST) {
        for (MPI_Count i = 0; i < l->count; i++)
            layout_unref(l->pieces[i].child);
        free(l->pieces);
    } else if (l->kind == LAYOUT_BLOCKS) {
        free(l->disps);
    } else if (l->kind == LAYOUT_RUNS) {
        free(l->runs);
    }
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

/* A loop; takes over the child's reference. */
static struct layout *loop(MPI_Count count, MPI_Count stride, struct layout *child, bool *ok)
{
    struct layout *l = make(LAYOUT_LOOP, child->size * count, ok);
    if (l)
        l->count = count, l->stride = stride, l->each = child->size, l->child = child;
    else
        layout_unref(child);
    return l;
}

/* What a list consists of: runs, and layouts that stay as they are. */
struct bit {
    MPI_Count disp, at, size;
    struct layout *child; /* NULL: a run */
};

/* How many runs it is, if that is no more than most; else 0. */
static MPI_Count few_runs(const struct layout *l, MPI_Count most)
{
    MPI_Count inner = 1;
    if (l->kind == LAYOUT_RUN)
        return 1;
    if (l->kind == LAYOUT_LIST || l->count > most)
        return 0;
    if (l->kind == LAYOUT_LOOP)
        inner = few_runs(l->child, most);
    return l->count * inner <= most ? l->count * inner : 0;
}

/* Adds a run, or makes the last one longer; returns how many there are. */
static MPI_Count bits_run(struct bit *b, MPI_Count n, MPI_Count disp, MPI_Count size)
{
    struct bit *last = n ? &b[n - 1] : NULL;
    if (last && !last->child && last->disp + last->size == disp) {
        last->size += size;
        return n;
    }
    b[n] = (struct bit){disp, last ? last->at + last->size : 0, size, NULL};
    return n + 1;
}

/* All runs of l. */
static MPI_Count bits_of(struct bit *b, MPI_Count n, MPI_Count disp, const struct layout *l)
{
    if (l->kind == LAYOUT_RUN)
        return bits_run(b, n, disp, l->size);
    for (MPI_Count i = 0; i < l->count; i++) {
        struct layout_part p = layout_part(l, i);
        n = p.child ? bits_of(b, n, disp + p.disp, p.child) : bits_run(b, n, disp + p.disp, p.size);
    }
    return n;
}

/* Do both ends of these runs lie so near that 32 bits tell where? */
static bool fits(const struct bit *first, const struct bit *b)
{
    MPI_Count d;
    return !b->child && !__builtin_sub_overflow(b->disp, first->disp, &d) && d == (int32_t)d &&
           b->at - first->at + b->size <= (MPI_Count)UINT32_MAX;
}

/* Where the runs of one size end that begin at i; they must lie near enough to the first. */
static MPI_Count same_size(const struct bit *b, MPI_Count first, MPI_Count i, MPI_Count n)
{
    MPI_Count end = i;
    while (end < n && b[end].size == b[i].size && fits(&b[first], &b[end]))
        end++;
    return end;
}

/* Where the bits end that become one part together with the run i. */
static MPI_Count group_end(const struct bit *b, MPI_Count i, MPI_Count n)
{
    MPI_Count end = same_size(b, i, i, n), next;
    if (end == i) /* a layout, or a run longer than 32 bits tell */
        return i + 1;
    if (end - i >= LONG)
        return end;
    while ((next = same_size(b, i, end, n)) > end && next - end < LONG)
        end = next;
    return end;
}

/* Runs as a layout whose origin is the first of them; they fit. */
static struct layout *leaf(const struct bit *b, MPI_Count n, bool *ok)
{
    bool blocks = same_size(b, 0, 0, n) == n;
    struct layout *l = make(blocks ? LAYOUT_BLOCKS : LAYOUT_RUNS, b[n - 1].at + b[n - 1].size - b[0].at, ok);
    void *list = calloc((size_t)n + 1, blocks ? sizeof *l->disps : sizeof *l->runs);
    if (!l || !list) {
        free(l);
        free(list);
        *ok = false;
        return NULL;
    }
    l->count = n;
    l->each = b[0].size;
    l->disps = list;
    for (MPI_Count i = 0; i < n; i++)
        if (blocks)
            l->disps[i] = (int32_t)(b[i].disp - b[0].disp);
        else
            l->runs[i] = (struct layout_run){(int32_t)(b[i].disp - b[0].disp), (uint32_t)(b[i].at - b[0].at)};
    if (!blocks)
        l->runs[n].at = (uint32_t)l->size;
    return l;
}

/* A loop that is repeated, as a record if it is small. Takes over the reference and gives one; *disp moves. */
static struct layout *record(struct layout *l, MPI_Count *disp, bool *ok)
{
    struct bit b[SMALL_RECORD];
    if (l->kind != LAYOUT_LOOP || !few_runs(l, SMALL_RECORD))
        return l;
    MPI_Count n = bits_of(b, 0, 0, l);
    if (group_end(b, 0, n) < n)
        return l;
    layout_unref(l);
    *disp += b[0].disp;
    return leaf(b, n, ok);
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
        layout_unref(c);
    } else if (c->kind == LAYOUT_LOOP && c->stride * c->count == stride) {
        l = loop(c->count * count, c->stride, layout_ref(c->child), ok);
        layout_unref(c);
    } else {
        l = (c = record(c, &child.disp, ok)) ? loop(count, stride, c, ok) : NULL;
    }
    return (struct placed){child.disp, l};
}

static bool alike(const struct layout *a, const struct layout *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->size != b->size || a->count != b->count)
        return false;
    switch (a->kind) {
    case LAYOUT_RUN:
        return true;
    case LAYOUT_LOOP:
        return a->stride == b->stride && alike(a->child, b->child);
    case LAYOUT_BLOCKS:
        return memcmp(a->disps, b->disps, (size_t)a->count * sizeof *a->disps) == 0;
    case LAYOUT_RUNS:
        return memcmp(a->runs, b->runs, (size_t)a->count * sizeof *a->runs) == 0;
    default:
        return false;
    }
}

/* The same thing at equal distances? */
static bool regular(const struct placed *p, MPI_Count n)
{
    for (MPI_Count i = 1; i < n; i++)
        if (!alike(p[i].layout, p[0].layout) || p[i].disp - p[i - 1].disp != p[1].disp - p[0].disp)
            return false;
    return n > 2;
}

static MPI_Count drop_empty(struct placed *p, MPI_Count n)
{
    MPI_Count kept = 0;
    for (MPI_Count i = 0; i < n; i++)
        if (p[i].layout)
            p[kept++] = p[i];
    return kept;
}

/* Small things as their runs, which are joined where they touch. The caller frees; *n becomes how many. */
static struct bit *bits_new(const struct placed *p, MPI_Count *n)
{
    MPI_Count kept = 0;
    struct bit *b = calloc((size_t)*n * SMALL_PART, sizeof *b);
    for (MPI_Count i = 0; b && i < *n; i++) {
        struct layout *l = p[i].layout;
        if (few_runs(l, SMALL_PART)) {
            kept = bits_of(b, kept, p[i].disp, l);
        } else {
            b[kept] = (struct bit){p[i].disp, kept ? b[kept - 1].at + b[kept - 1].size : 0, l->size, l};
            kept++;
        }
    }
    *n = kept;
    return b;
}

/* The layout of bits [i, end), which are a group; NULL without memory. */
static struct layout *group(const struct bit *b, MPI_Count i, MPI_Count end, bool *ok)
{
    if (b[i].child)
        return layout_ref(b[i].child);
    if (end - i == 1)
        return make(LAYOUT_RUN, b[i].size, ok);
    MPI_Count stride = b[i + 1].disp - b[i].disp, k = i + 1;
    while (k < end && b[k].size == b[i].size && b[k].disp - b[k - 1].disp == stride)
        k++;
    if (k < end || k - i == 2)
        return leaf(b + i, end - i, ok);
    struct layout *run = make(LAYOUT_RUN, b[i].size, ok);
    return run ? loop(end - i, stride, run, ok) : NULL;
}

/* The groups of bits as a list, or what they are if they are one. */
static struct placed list(const struct bit *b, MPI_Count n, bool *ok)
{
    struct layout *l = NULL;
    MPI_Count groups = 0, end;
    for (MPI_Count i = 0; i < n; i = end, groups++)
        end = group_end(b, i, n);
    if (groups == 1)
        return (struct placed){b[0].disp, group(b, 0, n, ok)};
    if ((l = make(LAYOUT_LIST, b[n - 1].at + b[n - 1].size, ok)))
        l->pieces = calloc((size_t)groups + 1, sizeof *l->pieces);
    if (!l || !l->pieces) {
        free(l);
        *ok = false;
        return (struct placed){0, NULL};
    }
    for (MPI_Count i = 0; i < n; i = end) {
        end = group_end(b, i, n);
        struct layout *c = end - i > 1 || b[i].child ? group(b, i, end, ok) : NULL;
        l->pieces[l->count++] = (struct layout_piece){b[i].disp, b[i].at, c};
    }
    l->pieces[l->count].at = l->size;
    return (struct placed){0, l};
}

struct placed placed_list(struct placed *p, MPI_Count n, bool *ok)
{
    struct placed out = {0, NULL};
    struct bit *b;
    MPI_Count kept = drop_empty(p, n), bits = kept;
    if (kept == 0)
        return out;
    if (kept == 1)
        return p[0];
    if (regular(p, kept))
        out = placed_loop(kept, p[1].disp - p[0].disp, (struct placed){p[0].disp, layout_ref(p[0].layout)}, ok);
    else if ((b = bits_new(p, &bits))) {
        out = list(b, bits, ok);
        free(b);
    } else
        *ok = false;
    for (MPI_Count i = 0; i < kept; i++)
        layout_unref(p[i].layout);
    return out;
}
