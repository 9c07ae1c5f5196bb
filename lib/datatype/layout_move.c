/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout_move: packing, unpacking, and the pieces of memory of a layout. A part of the packed stream is found without
 * walking: by division in loops and blocks, by bisection in lists. */
#include <string.h>
#include "lib/core/bytes.h"
#include "lib/datatype/layout.h"

/* Any number of elements, as a layout: a loop, or where each is a loop that the next one goes on with, that loop. */
static struct layout elements(const struct layout *l, MPI_Count extent)
{
    MPI_Count whole;
    struct layout all = {
        .kind = LAYOUT_LOOP, .each = l->size, .stride = extent, .child = (struct layout *)(uintptr_t)l};
    if (l->kind != LAYOUT_LOOP)
        return all;
    if (l->count == 1)
        all.child = l->child;
    else if (!__builtin_mul_overflow(l->count, l->stride, &whole) && whole == extent)
        all.each = l->each, all.stride = l->stride, all.child = l->child;
    return all;
}

static MPI_Count part_at(const struct layout *l, MPI_Count i)
{
    return l->kind == LAYOUT_RUNS ? l->runs[i].at : l->pieces[i].at;
}

static MPI_Count bisect(const struct layout *l, MPI_Count at, MPI_Count *inside)
{
    MPI_Count lo = 0, hi = l->count;
    while (lo < hi) {
        MPI_Count mid = (lo + hi + 1) / 2;
        if (part_at(l, mid) <= at)
            lo = mid;
        else
            hi = mid - 1;
    }
    *inside = at - part_at(l, lo);
    return lo;
}

/* The part that holds byte `at` of the packed stream, and how far inside it that is; (count, 0) at the end. */
static inline MPI_Count find(const struct layout *l, MPI_Count at, MPI_Count *inside)
{
    if (l->kind != LAYOUT_LOOP && l->kind != LAYOUT_BLOCKS)
        return bisect(l, at, inside);
    *inside = at % l->each;
    return at / l->each;
}

/* So many records at a time that they stay in the nearest cache. */
static MPI_Count records_batch(const struct layout *c)
{
    enum { MOST = 128, BYTES = 8192 };
    MPI_Count n = BYTES / c->size;
    return n < 4 ? 4 : n > MOST ? MOST : n;
}

/* A few short runs? */
static bool is_record(const struct layout *c)
{
    enum { RUNS = 16, SHORT = 64 };
    return c->kind != LAYOUT_LIST && !(c->kind == LAYOUT_LOOP && c->child) && c->count <= RUNS &&
           c->size <= c->count * SHORT;
}

struct bytes16 {
    char line __attribute__((vector_size(16)));
};
struct __attribute__((packed)) bytes24 {
    struct bytes16 first;
    uint64_t last;
};
struct bytes32 {
    struct bytes16 half[2];
};
struct bytes64 {
    struct bytes32 half[2];
};

/* n bytes, at least the size of the type and at most twice that, in two loads and two stores that may overlap. */
#define COPY_OVER(to, from, n, type)                                                                                   \
    do {                                                                                                               \
        type a_, b_;                                                                                                   \
        memcpy(&a_, from, sizeof a_), memcpy(&b_, (from) + (n) - sizeof b_, sizeof b_);                                \
        memcpy(to, &a_, sizeof a_), memcpy((to) + (n) - sizeof b_, &b_, sizeof b_);                                    \
    } while (0)

/* A run of unknown size, likely short. */
static inline __attribute__((always_inline)) void few(char *to, const char *from, size_t n)
{
    if (n > 64)
        memcpy(to, from, n);
    else if (n >= 32)
        COPY_OVER(to, from, n, struct bytes32);
    else if (n >= 16)
        COPY_OVER(to, from, n, struct bytes16);
    else if (n >= 8)
        COPY_OVER(to, from, n, uint64_t);
    else if (n >= 4)
        COPY_OVER(to, from, n, uint32_t);
    else if (n >= 2)
        COPY_OVER(to, from, n, uint16_t);
    else
        *to = *from;
}

/* The smallest size that is copied like this one. */
static size_t size_class(size_t n)
{
    static const uint8_t class[65] = {1,         1,
                                      2,         3,
                                      4,         5,
                                      5,         5,
                                      8,         [9 ... 15] = 9,
                                      [16] = 16, [17 ... 23] = 17,
                                      [24] = 24, [25 ... 31] = 17,
                                      [32] = 32, [33 ... 63] = 33,
                                      [64] = 64};
    return n > 64 ? 65 : class[n];
}

/* The stream mostly lies where another processor has written or read it, and short copies run into too few lines at a
 * time: all of them are asked for before. */
#define LINES(stream, n, ask)                                                                                          \
    do {                                                                                                               \
        enum { LINE = 64, MOST = 8192 };                                                                               \
        for (size_t i_ = 0; i_ < n && n <= MOST; i_ += LINE)                                                           \
            ask((stream) + i_);                                                                                        \
    } while (0)

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)

#define MOVE layout_pack
#define MEM const char *
#define STREAM char *
#define COPY(mem, stream, n) memcpy(stream, mem, n)
#define COPY_TWICE(mem, stream, n, type) COPY_OVER(stream, mem, n, type)
#define FEW(mem, stream, n) few(stream, mem, n)
#define SOON(stream, n) LINES(stream, n, bytes_prefetch_for_write)
#include "lib/datatype/layout_move.h"
#undef MOVE
#undef MEM
#undef STREAM
#undef COPY
#undef COPY_TWICE
#undef FEW
#undef SOON

#define MOVE layout_unpack
#define MEM char *
#define STREAM const char *
#define COPY(mem, stream, n) memcpy(mem, stream, n)
#define COPY_TWICE(mem, stream, n, type) COPY_OVER(mem, stream, n, type)
#define FEW(mem, stream, n) few(mem, stream, n)
#define SOON(stream, n) LINES(stream, n, __builtin_prefetch)
#include "lib/datatype/layout_move.h"

struct pieces {
    struct iovec *out;
    int n, max;
};

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

/* Returns the bytes covered: fewer than n when the array is full. */
static size_t collect(const struct layout *l, char *base, MPI_Count from, size_t n, struct pieces *p)
{
    MPI_Count inside;
    size_t done = 0, got = 0, want = 0;
    for (MPI_Count i = find(l, from, &inside); done < n && got == want; i++, inside = 0) {
        struct layout_part q = layout_part(l, i);
        want = (size_t)(q.size - inside) < n - done ? (size_t)(q.size - inside) : n - done;
        got = q.child ? collect(q.child, base + q.disp, inside, want, p) : collect_run(base + q.disp + inside, want, p);
        done += got;
    }
    return done;
}

int layout_pieces(const struct layout *l, MPI_Count extent, char *base, MPI_Count from, size_t *n, struct iovec *out,
                  int max)
{
    const struct layout all = elements(l, extent);
    struct pieces p = {out, 0, max};
    *n = collect(&all, base, from, *n, &p);
    return p.n;
}
