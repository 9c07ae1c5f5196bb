/* SPDX-License-Identifier: BSD-3-Clause
 *
 * layout_move: one direction of moving, written once. Included by layout_move.c with MOVE (the name), MEM and STREAM
 * (the pointer types of the two sides), COPY, COPY_TWICE and FEW (mem, stream, n), and SOON(stream, n) set; it has no
 * guard. */

/* Loops over runs of one size. What a copy is is decided once, by the size: a load and a store, or two of each that
 * overlap. */
#define BY_SIZE(EACH)                                                                                                  \
    switch (size_class(size)) {                                                                                        \
        EACH(1, ONCE, char)                                                                                            \
        EACH(2, ONCE, uint16_t)                                                                                        \
        EACH(3, TWICE, uint16_t)                                                                                       \
        EACH(4, ONCE, uint32_t)                                                                                        \
        EACH(5, TWICE, uint32_t)                                                                                       \
        EACH(8, ONCE, uint64_t)                                                                                        \
        EACH(9, TWICE, uint64_t)                                                                                       \
        EACH(16, ONCE, struct bytes16)                                                                                 \
        EACH(17, TWICE, struct bytes16)                                                                                \
        EACH(24, ONCE, struct bytes24)                                                                                 \
        EACH(32, ONCE, struct bytes32)                                                                                 \
        EACH(33, TWICE, struct bytes32)                                                                                \
        EACH(64, ONCE, struct bytes64)                                                                                 \
        EACH(65, MANY, char)                                                                                           \
    }
#define ONCE(mem, s, type) COPY(mem, s, sizeof(type))
#define ONCE_STEP(type) sizeof(type)
#define TWICE_STEP(type) size
#define MANY_STEP(type) size
#define TWICE(mem, s, type) COPY_TWICE(mem, s, size, type)
#define MANY(mem, s, type) COPY(mem, s, size)

/* Runs that are stride apart in memory, and step in the stream. */
static void CAT(MOVE, _strided)(MEM base, MPI_Count stride, STREAM s, MPI_Count step, MPI_Count count, size_t size)
{
#define EACH(CLASS, HOW, type)                                                                                         \
    case CLASS:                                                                                                        \
        for (; count >= 4; count -= 4, base += 4 * stride, s += 4 * step) {                                            \
            HOW(base, s, type);                                                                                        \
            HOW(base + stride, s + step, type);                                                                        \
            HOW(base + 2 * stride, s + 2 * step, type);                                                                \
            HOW(base + 3 * stride, s + 3 * step, type);                                                                \
        }                                                                                                              \
        for (; count > 0; count--, base += stride, s += step)                                                          \
            HOW(base, s, type);                                                                                        \
        break;
    BY_SIZE(EACH)
#undef EACH
}

static void CAT(MOVE, _blocks)(MEM base, const int32_t *disps, MPI_Count count, STREAM s, size_t size)
{
#define EACH(CLASS, HOW, type)                                                                                         \
    case CLASS:                                                                                                        \
        for (; count >= 4; count -= 4, disps += 4, s += 4 * HOW##_STEP(type)) {                                        \
            HOW(base + disps[0], s, type);                                                                             \
            HOW(base + disps[1], s + HOW##_STEP(type), type);                                                          \
            HOW(base + disps[2], s + 2 * HOW##_STEP(type), type);                                                      \
            HOW(base + disps[3], s + 3 * HOW##_STEP(type), type);                                                      \
        }                                                                                                              \
        for (; count > 0; count--, disps++, s += HOW##_STEP(type))                                                     \
            HOW(base + *disps, s, type);                                                                               \
        break;
    BY_SIZE(EACH)
#undef EACH
}

static void CAT(MOVE, _runs)(MEM base, const struct layout_run *r, MPI_Count count, STREAM s)
{
    uint32_t first = r->at;
    for (MPI_Count i = 0; i < count; i++)
        FEW(base + r[i].disp, s + (r[i].at - first), r[i + 1].at - r[i].at);
}

/* Many times a few short runs: each run of a batch of records on its own, so that what it is is decided once a batch.
 */
static void CAT(MOVE, _records)(const struct layout *c, MPI_Count stride, MEM base, MPI_Count count, STREAM s)
{
    MPI_Count batch = records_batch(c);
    for (MPI_Count done = 0, k; done < count; done += k) {
        k = count - done < batch ? count - done : batch;
        MEM mem = base + done * stride;
        STREAM flat = s + done * c->size;
        MPI_Count at = 0;
        for (MPI_Count i = 0; i < c->count; i++) {
            struct layout_part p = layout_part(c, i);
            CAT(MOVE, _strided)(mem + p.disp, stride, flat + at, c->size, k, (size_t)p.size);
            at += p.size;
        }
    }
}

static void CAT(MOVE, _whole)(const struct layout *l, MEM base, MPI_Count first, MPI_Count count, STREAM s);

static void CAT(MOVE, _loop)(const struct layout *child, MPI_Count size, MPI_Count stride, MEM base, MPI_Count count,
                             STREAM s)
{
    if (!child)
        CAT(MOVE, _strided)(base, stride, s, size, count, (size_t)size);
    else if (count > 1 && is_record(child))
        CAT(MOVE, _records)(child, stride, base, count, s);
    else if (child->kind == LAYOUT_LOOP && !child->child)
        for (MPI_Count k = 0; k < count; k++)
            CAT(MOVE, _strided)
    (base + k * stride, child->stride, s + k * size, child->each, child->count, (size_t)child->each);
    else for (MPI_Count k = 0; k < count; k++)
        CAT(MOVE, _whole)(child, base + k * stride, 0, child->count, s + k * size);
}

/* Whole parts of l. */
static void CAT(MOVE, _whole)(const struct layout *l, MEM base, MPI_Count first, MPI_Count count, STREAM s)
{
    switch (l->kind) {
    case LAYOUT_LOOP:
        CAT(MOVE, _loop)(l->child, l->each, l->stride, base + first * l->stride, count, s);
        break;
    case LAYOUT_BLOCKS:
        CAT(MOVE, _blocks)(base, l->disps + first, count, s, (size_t)l->each);
        break;
    case LAYOUT_RUNS:
        CAT(MOVE, _runs)(base, l->runs + first, count, s);
        break;
    default:
        for (const struct layout_piece *p = l->pieces + first, *end = p + count; p < end; s += p[1].at - p->at, p++)
            if (p->child)
                CAT(MOVE, _whole)(p->child, base + p->disp, 0, p->child->count, s);
            else
                FEW(base + p->disp, s, (size_t)(p[1].at - p->at));
    }
}

/* A part of l: a piece of one part, whole parts, a piece of another. */
static void CAT(MOVE, _some)(const struct layout *l, MEM base, MPI_Count from, STREAM s, size_t n);

static void CAT(MOVE, _inside)(const struct layout *l, MPI_Count i, MEM base, MPI_Count from, STREAM s, size_t n)
{
    struct layout_part p = layout_part(l, i);
    if (p.child)
        CAT(MOVE, _some)(p.child, base + p.disp, from, s, n);
    else
        COPY(base + p.disp + from, s, n);
}

static void CAT(MOVE, _some)(const struct layout *l, MEM base, MPI_Count from, STREAM s, size_t n)
{
    MPI_Count head, tail, i = find(l, from, &head), end = find(l, from + (MPI_Count)n, &tail);
    if (i == end) {
        CAT(MOVE, _inside)(l, i, base, head, s, n);
        return;
    }
    if (head) {
        size_t part = (size_t)(layout_part(l, i).size - head);
        CAT(MOVE, _inside)(l, i++, base, head, s, part);
        s += part, n -= part;
    }
    CAT(MOVE, _whole)(l, base, i, end - i, s);
    if (tail)
        CAT(MOVE, _inside)(l, end, base, 0, s + n - tail, (size_t)tail);
}

static void CAT(MOVE, _elements)(const struct layout *l, MPI_Count extent, MEM base, MPI_Count from, STREAM s, size_t n)
{
    const struct layout all = elements(l, extent);
    CAT(MOVE, _some)(&all, base, from, s, n);
}

void MOVE(const struct layout *l, MPI_Count extent, MEM base, MPI_Count from, STREAM s, size_t n)
{
    SOON(s, n);
    if (from == 0 && (MPI_Count)n == l->size)
        CAT(MOVE, _whole)(l, base, 0, l->count, s);
    else if (n > 0 && from + (MPI_Count)n < l->size)
        CAT(MOVE, _some)(l, base, from, s, n);
    else if (n > 0)
        CAT(MOVE, _elements)(l, extent, base, from, s, n);
}
#undef BY_SIZE
#undef ONCE
#undef TWICE
#undef MANY
#undef ONCE_STEP
#undef TWICE_STEP
#undef MANY_STEP
