/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout: where the bytes of one element lie, compiled. A layout is immutable and shared.
 *
 *     LOOP    count times the child, stride apart
 *     BLOCKS  count runs of one size, at displacements
 *     RUNS    count runs of several sizes, at displacements
 *     LIST    pieces, each a displacement and a child
 *
 * A child of NULL is a run: bytes in a row. What is one run altogether has no layout.
 *
 * A `placed` is a layout and the displacement of its origin. What the constructors get is merged as far as it goes:
 * runs that touch become one, loops over touching runs become runs, regular lists become loops, small parts of a list
 * become runs of it. Displacements in BLOCKS and RUNS have 32 bits; what lies farther apart becomes several parts of a
 * LIST. The memory of a layout is in proportion to its description, whatever the counts. */
#ifndef LIB_DATATYPE_LAYOUT_H
#define LIB_DATATYPE_LAYOUT_H

#include <sys/uio.h>
#include "lib/core/types.h"

enum layout_kind { LAYOUT_LOOP, LAYOUT_BLOCKS, LAYOUT_RUNS, LAYOUT_LIST };

struct layout_run {
    int32_t disp;
    uint32_t at; /* in the packed stream; the next one's tells the size */
};

struct layout_piece {
    MPI_Count disp;
    MPI_Count at;         /* in the packed stream; the next one's tells the size */
    struct layout *child; /* NULL: a run */
};

struct layout {
    int refs;
    enum layout_kind kind;
    MPI_Count size; /* packed */
    MPI_Count count;
    MPI_Count each;   /* LOOP, BLOCKS: size of a part */
    MPI_Count stride; /* LOOP */
    union {
        void *rest;
        struct layout *child;        /* LOOP */
        int32_t *disps;              /* BLOCKS */
        struct layout_run *runs;     /* RUNS: one more than count, for the end */
        struct layout_piece *pieces; /* LIST: one more than count */
    };
};

struct placed {
    MPI_Count disp, size;
    struct layout *layout; /* NULL: a run, or nothing if size is 0 */
};

/* So many runs of one size on end are worth a part of their own. */
enum { LAYOUT_STREAK = 32 };

/* With one reference, and room for what its count asks for behind it; the rest is the caller's to fill. */
struct layout *layout_new(enum layout_kind kind, MPI_Count size, MPI_Count count, bool *ok);
struct layout *layout_ref(struct layout *l);
void layout_unref(struct layout *l);

/* Each takes over its arguments' references and gives one; without memory it gives nothing, and ok becomes false. */
struct placed placed_loop(MPI_Count count, MPI_Count stride, struct placed child, bool *ok);
struct placed placed_list(struct placed *items, MPI_Count n, bool *ok); /* items stay the caller's array */
/* As a layout also where it is a run; for elements that do not touch. NULL: nothing, or no memory. */
struct layout *placed_layout(struct placed p, bool *ok);

struct layout_part {
    MPI_Count disp, size;
    const struct layout *child; /* NULL: a run */
};
/* Part i. */
static inline struct layout_part layout_part(const struct layout *l, MPI_Count i)
{
    switch (l->kind) {
    case LAYOUT_LOOP:
        return (struct layout_part){i * l->stride, l->each, l->child};
    case LAYOUT_BLOCKS:
        return (struct layout_part){l->disps[i], l->each, NULL};
    case LAYOUT_RUNS:
        return (struct layout_part){l->runs[i].disp, l->runs[i + 1].at - l->runs[i].at, NULL};
    default:
        return (struct layout_part){l->pieces[i].disp, l->pieces[i + 1].at - l->pieces[i].at, l->pieces[i].child};
    }
}

/* Its runs in the order of the packed stream: where the first and the last begin, and the farthest one ends; whether
 * each begins no earlier than the one before it, and none earlier than that ends. l NULL: one run of `size`. */
struct layout_order {
    MPI_Count first, last, end;
    bool rises, disjoint;
};
struct layout_order layout_order(const struct layout *l, MPI_Count size);

/* Bytes [from, from + n) of the packed stream of elements, `extent` apart, whose layout is l at base. */
void layout_pack(const struct layout *l, MPI_Count extent, const char *base, MPI_Count from, char *out, size_t n);
void layout_unpack(const struct layout *l, MPI_Count extent, char *base, MPI_Count from, const char *in, size_t n);
/* The same bytes as at most max pieces of memory; returns how many, *n becomes the bytes that they cover. */
int layout_pieces(const struct layout *l, MPI_Count extent, char *base, MPI_Count from, size_t *n, struct iovec *out,
                  int max);

#endif
