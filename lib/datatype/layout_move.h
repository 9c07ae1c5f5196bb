/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout_move: one direction of moving, written once. Included by layout.c with MOVE (the name), MEM and STREAM (the
 * pointer types of the two sides) and COPY(mem, stream, n) set; it has no guard. */

/* Many runs of one small size: the size is a constant in each loop, so that a copy is a load and a store. */
static void CAT(MOVE, _runs)(MEM base, MPI_Count stride, MPI_Count count, STREAM s, size_t size)
{
#define RUNS(N)                                                                                                        \
    case N:                                                                                                            \
        for (MPI_Count i = 0; i < count; i++)                                                                          \
            COPY(base + i * stride, s + i * N, N);                                                                     \
        return
    switch (size) {
        RUNS(1);
        RUNS(2);
        RUNS(4);
        RUNS(8);
        RUNS(12);
        RUNS(16);
        RUNS(24);
        RUNS(32);
        RUNS(64);
    default:
        for (MPI_Count i = 0; i < count; i++)
            COPY(base + i * stride, s + (size_t)i * size, size);
    }
#undef RUNS
}

static void CAT(MOVE, _part)(const struct layout *l, MEM base, MPI_Count from, STREAM s, size_t n);

/* Children of a loop: a partial one, whole ones, a partial one. */
static void CAT(MOVE, _loop)(const struct layout *child, MPI_Count stride, MEM base, MPI_Count from, STREAM s, size_t n)
{
    MPI_Count size = child->size, i = from / size, off = from % size;
    if (off || (MPI_Count)n < size) {
        size_t part = (size_t)(size - off) < n ? (size_t)(size - off) : n;
        CAT(MOVE, _part)(child, base + i * stride, off, s, part);
        s += part, n -= part, i++;
    }
    MPI_Count whole = (MPI_Count)n / size;
    if (child->kind == LAYOUT_RUN)
        CAT(MOVE, _runs)(base + i * stride, stride, whole, s, (size_t)size);
    else
        for (MPI_Count k = 0; k < whole; k++)
            CAT(MOVE, _part)(child, base + (i + k) * stride, 0, s + k * size, (size_t)size);
    size_t done = (size_t)(whole * size);
    if (n > done)
        CAT(MOVE, _part)(child, base + (i + whole) * stride, 0, s + done, n - done);
}

static void CAT(MOVE, _list)(const struct layout *l, MEM base, MPI_Count from, STREAM s, size_t n)
{
    const struct layout_piece *p = l->pieces + (from ? piece_at(l, from) : 0);
    while (n > 0) {
        MPI_Count off = from - p->at;
        size_t part = (size_t)(p->size - off) < n ? (size_t)(p->size - off) : n;
        if (p->child)
            CAT(MOVE, _part)(p->child, base + p->disp, off, s, part);
        else if (part == 8)
            COPY(base + p->disp + off, s, 8);
        else if (part == 4)
            COPY(base + p->disp + off, s, 4);
        else
            COPY(base + p->disp + off, s, part);
        s += part, n -= part, from += (MPI_Count)part, p++;
    }
}

static void CAT(MOVE, _part)(const struct layout *l, MEM base, MPI_Count from, STREAM s, size_t n)
{
    switch (l->kind) {
    case LAYOUT_RUN:
        COPY(base + from, s, n);
        break;
    case LAYOUT_LOOP:
        CAT(MOVE, _loop)(l->child, l->stride, base, from, s, n);
        break;
    case LAYOUT_LIST:
        CAT(MOVE, _list)(l, base, from, s, n);
        break;
    }
}

void MOVE(const struct layout *l, MPI_Count extent, MEM base, MPI_Count from, STREAM s, size_t n)
{
    if (n > 0)
        CAT(MOVE, _loop)(l, extent, base, from, s, n);
}
