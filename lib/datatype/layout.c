/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout: compiling. Constructors nest; what is compiled here is what is moved fastest, not what was written. */
#include "lib/datatype/layout.h"
#include <stdlib.h>
#include <string.h>

enum {
    SMALL_RECORD = 8, /* so many runs repeated are a record rather than a loop in a loop */
    SMALL_PART = 4    /* so many runs in a list take no more memory than the part that they replace */
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
    if (l->kind == LAYOUT_LOOP)
        layout_unref(l->child);
    for (MPI_Count i = 0; l->kind == LAYOUT_LIST && i < l->count; i++)
        layout_unref(l->pieces[i].child);
    free(l);
}

struct layout *layout_new(enum layout_kind kind, MPI_Count size, MPI_Count count, bool *ok)
{
    static const struct {
        uint8_t each, more;
    } room[] = {[LAYOUT_LOOP] = {0, 0},
                [LAYOUT_BLOCKS] = {sizeof(int32_t), 0},
                [LAYOUT_RUNS] = {sizeof(struct layout_run), 1},
                [LAYOUT_LIST] = {sizeof(struct layout_piece), 1}};
    struct layout *l = malloc(sizeof *l + room[kind].each * (size_t)(count + room[kind].more));
    if (!l) {
        *ok = false;
        return NULL;
    }
    *l = (struct layout){.refs = 1, .kind = kind, .size = size, .count = count};
    l->rest = l + 1;
    return l;
}

/* A loop; takes over the child's reference. */
static struct layout *loop(MPI_Count count, MPI_Count stride, MPI_Count each, struct layout *child, bool *ok)
{
    struct layout *l = layout_new(LAYOUT_LOOP, each * count, count, ok);
    if (l)
        l->stride = stride, l->each = each, l->child = child;
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
    if (!l)
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

/* Adds all runs of l, or the run of that size. */
static MPI_Count bits_of(struct bit *b, MPI_Count n, MPI_Count disp, MPI_Count size, const struct layout *l)
{
    if (!l)
        return bits_run(b, n, disp, size);
    for (MPI_Count i = 0; i < l->count; i++) {
        struct layout_part p = layout_part(l, i);
        n = bits_of(b, n, disp + p.disp, p.size, p.child);
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
    if (end - i >= LAYOUT_STREAK)
        return end;
    while ((next = same_size(b, i, end, n)) > end && next - end < LAYOUT_STREAK)
        end = next;
    return end;
}

/* Runs as a layout whose origin is the first of them; they fit. */
static struct layout *leaf(const struct bit *b, MPI_Count n, bool *ok)
{
    bool blocks = same_size(b, 0, 0, n) == n;
    struct layout *l = layout_new(blocks ? LAYOUT_BLOCKS : LAYOUT_RUNS, b[n - 1].at + b[n - 1].size - b[0].at, n, ok);
    if (!l)
        return NULL;
    l->each = b[0].size;
    for (MPI_Count i = 0; i < n; i++)
        if (blocks)
            l->disps[i] = (int32_t)(b[i].disp - b[0].disp);
        else
            l->runs[i] = (struct layout_run){(int32_t)(b[i].disp - b[0].disp), (uint32_t)(b[i].at - b[0].at)};
    if (!blocks)
        l->runs[n] = (struct layout_run){0, (uint32_t)l->size};
    return l;
}

/* A loop that is repeated, as a record if it is small. Takes over the reference and gives one. */
static struct placed record(struct placed p, bool *ok)
{
    struct bit b[SMALL_RECORD];
    struct layout *l = p.layout;
    if (!l || l->kind != LAYOUT_LOOP || !few_runs(l, SMALL_RECORD))
        return p;
    MPI_Count n = bits_of(b, 0, p.disp, p.size, l);
    if (group_end(b, 0, n) < n)
        return p;
    layout_unref(l);
    return (struct placed){b[0].disp, p.size, leaf(b, n, ok)};
}

struct placed placed_loop(MPI_Count count, MPI_Count stride, struct placed p, bool *ok)
{
    struct layout *c = p.layout;
    MPI_Count size = p.size * count;
    if (p.size == 0 || count == 1)
        return p;
    if (count == 0) {
        layout_unref(c);
        return (struct placed){0, 0, NULL};
    }
    if (!c && stride == p.size)
        return (struct placed){p.disp, size, NULL};
    if (c && c->kind == LAYOUT_LOOP && c->stride * c->count == stride) {
        struct layout *l = loop(c->count * count, c->stride, c->each, layout_ref(c->child), ok);
        layout_unref(c);
        return (struct placed){p.disp, size, l};
    }
    p = record(p, ok);
    return (struct placed){p.disp, size, *ok ? loop(count, stride, p.size, p.layout, ok) : NULL};
}

struct layout *placed_layout(struct placed p, bool *ok)
{
    return p.layout || p.size == 0 ? p.layout : loop(1, 0, p.size, NULL, ok);
}

static bool alike(const struct layout *a, const struct layout *b)
{
    if (a == b)
        return true;
    if (!a || !b)
        return false;
    if (a->kind != b->kind || a->size != b->size || a->count != b->count)
        return false;
    switch (a->kind) {
    case LAYOUT_LOOP:
        return a->stride == b->stride && a->each == b->each && alike(a->child, b->child);
    case LAYOUT_BLOCKS:
        return a->each == b->each && memcmp(a->disps, b->disps, (size_t)a->count * sizeof *a->disps) == 0;
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
        if (p[i].disp - p[i - 1].disp != p[1].disp - p[0].disp || p[i].size != p[0].size ||
            !alike(p[i].layout, p[0].layout))
            return false;
    return n > 2;
}

static MPI_Count drop_empty(struct placed *p, MPI_Count n)
{
    MPI_Count kept = 0;
    for (MPI_Count i = 0; i < n; i++)
        if (p[i].size)
            p[kept++] = p[i];
    return kept;
}

/* Small things as their runs, which are joined where they touch. The caller frees; *n becomes how many. */
static struct bit *bits_new(const struct placed *p, MPI_Count *n)
{
    MPI_Count kept = 0, room = 0;
    for (MPI_Count i = 0; i < *n; i++)
        room += few_runs(p[i].layout, SMALL_PART) ? few_runs(p[i].layout, SMALL_PART) : 1;
    struct bit *b = malloc((size_t)room * sizeof *b);
    for (MPI_Count i = 0; b && i < *n; i++) {
        if (few_runs(p[i].layout, SMALL_PART)) {
            kept = bits_of(b, kept, p[i].disp, p[i].size, p[i].layout);
        } else {
            b[kept] = (struct bit){p[i].disp, kept ? b[kept - 1].at + b[kept - 1].size : 0, p[i].size, p[i].layout};
            kept++;
        }
    }
    *n = kept;
    return b;
}

/* The layout of n bits that are a group; NULL for a run, and without memory. */
static struct layout *group(const struct bit *b, MPI_Count n, bool *ok)
{
    if (n == 1)
        return layout_ref(b->child);
    MPI_Count stride = b[1].disp - b[0].disp, k = 1;
    while (k < n && b[k].size == b[0].size && b[k].disp - b[k - 1].disp == stride)
        k++;
    return k < n || n == 2 ? leaf(b, n, ok) : loop(n, stride, b->size, NULL, ok);
}

/* The groups of bits as a list, or what they are if they are one. */
static struct placed list(const struct bit *b, MPI_Count n, bool *ok)
{
    MPI_Count groups = 0, end, size = b[n - 1].at + b[n - 1].size;
    for (MPI_Count i = 0; i < n; i = end, groups++)
        end = group_end(b, i, n);
    if (groups == 1)
        return (struct placed){b->disp, size, group(b, n, ok)};
    struct layout *l = layout_new(LAYOUT_LIST, size, groups, ok);
    if (!l)
        return (struct placed){0, 0, NULL};
    struct layout_piece *p = l->pieces;
    for (MPI_Count i = 0; i < n; i = end) {
        end = group_end(b, i, n);
        *p++ = (struct layout_piece){b[i].disp, b[i].at, group(b + i, end - i, ok)};
    }
    *p = (struct layout_piece){0, size, NULL};
    return (struct placed){0, size, l};
}

struct placed placed_list(struct placed *p, MPI_Count n, bool *ok)
{
    struct placed out = {0, 0, NULL};
    struct bit *b;
    MPI_Count kept = drop_empty(p, n), bits = kept;
    if (kept < 2)
        return kept ? p[0] : out;
    if (regular(p, kept)) {
        out = p[0];
        layout_ref(out.layout);
        out = placed_loop(kept, p[1].disp - p[0].disp, out, ok);
    } else if ((b = bits_new(p, &bits))) {
        out = list(b, bits, ok);
        free(b);
    } else {
        *ok = false;
    }
    for (MPI_Count i = 0; i < kept; i++)
        layout_unref(p[i].layout);
    return out;
}
