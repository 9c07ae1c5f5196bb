/* SPDX-License-Identifier: BSD-3-Clause
 *
 * blocks: datatypes of blocks at displacements: indexed and struct. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/datatype/builder.h"
#include "lib/datatype/runs.h"

struct blocks {
    MPI_Count count;
    struct ints lengths; /* at NULL: all are `length` */
    MPI_Count length;
    struct ints disps;
    MPI_Count unit; /* of the displacements, in bytes */
    struct datatype *old;
    const MPI_Datatype *olds; /* NULL: all are old */
};

static MPI_Count block_length(const struct blocks *b, MPI_Count i)
{
    return b->lengths.at ? ints_get(b->lengths, i) : b->length;
}

static struct datatype *block_type(const struct blocks *b, MPI_Count i)
{
    return b->olds ? datatype_of(b->olds[i]) : b->old;
}

/* In bytes. A block of no elements may lie anywhere: without a sign nothing overflows. */
static MPI_Count block_disp(const struct blocks *b, MPI_Count i)
{
    return (MPI_Count)((uint64_t)ints_get(b->disps, i) * (uint64_t)b->unit);
}

/* The i-th block as a run: its type is dense. */
struct run {
    MPI_Count disp, size;
};

static inline struct run block_run(const struct blocks *b, MPI_Count i)
{
    const struct datatype *o = block_type(b, i);
    return (struct run){(MPI_Count)((uint64_t)block_disp(b, i) + (uint64_t)o->disp), block_length(b, i) * o->size};
}

/* A C compiler pads a struct so that an array of it is aligned. */
static void pad(struct builder *m)
{
    MPI_Count over = (m->ub - m->t->lb) % m->t->align;
    if (over)
        m->ub += m->t->align - over;
}

static bool deepen(struct builder *m, const struct blocks *b, const struct datatype *o)
{
    int depth = o->depth + (b->count > 1);
    if (depth > m->t->depth)
        m->t->depth = (uint16_t)depth;
    if (LIKELY(depth <= DATATYPE_DEPTH))
        return true;
    error_detail_set(MPI_ERR_TYPE, "more than %d structs would be nested in one another", DATATYPE_DEPTH);
    return false;
}

/* Checks the arguments, and learns of the runs if all blocks are that; *plain says so. */
static int learn_struct(struct builder *m, const struct blocks *b, struct runs *r, bool *plain)
{
    *plain = true;
    for (MPI_Count i = 0; i < b->count; i++) {
        const struct datatype *o = block_type(b, i);
        MPI_Count n = block_length(b, i);
        if (n < 0)
            return MPI_ERR_ARG;
        if (!o)
            return MPI_ERR_TYPE;
        if (!deepen(m, b, o))
            return MPI_ERR_TYPE;
        builder_block(m, ints_get(b->disps, i), n, o);
        builder_count(m, n, o);
        if (UNLIKELY(m->large || !builder_near(m->t->size)))
            return MPI_ERR_COUNT;
        *plain = *plain && o->dense;
        if (*plain && n * o->size > 0) {
            struct run run = block_run(b, i);
            runs_next(r, run.disp, run.size, runs_learn);
        }
    }
    pad(m);
    return MPI_SUCCESS;
}

/* Blocks of one type. */
static int learn(struct builder *m, const struct blocks *b, struct runs *r, bool *plain)
{
    const struct datatype *o = b->old;
    MPI_Count all = 0;
    *plain = o->dense && o->size > 0;
    for (MPI_Count i = 0; i < b->count; i++) {
        MPI_Count n = block_length(b, i), disp, bytes;
        if (n < 0)
            return MPI_ERR_ARG;
        if (n == 0)
            continue;
        bool far = __builtin_mul_overflow(ints_get(b->disps, i), b->unit, &disp);
        far |= __builtin_mul_overflow(n, o->size, &bytes);
        far |= !builder_near(disp) || !builder_near(bytes);
        if (UNLIKELY(far || !builder_near(disp + o->disp) || !builder_near(disp + o->disp + bytes) ||
                     !builder_near(all)))
            return MPI_ERR_COUNT;
        all += bytes;
        if (*plain)
            runs_next(r, disp + o->disp, bytes, runs_learn);
        else
            builder_block(m, disp, n, o), builder_count(m, n, o);
    }
    return MPI_SUCCESS;
}

/* The bounds of many blocks of one dense type are those of the first and of the last byte. */
static void bound(struct builder *m, const struct runs *r, const struct datatype *o)
{
    builder_block(m, r->lo - o->disp, 1, o);
    builder_block(m, r->hi - o->size - o->disp, 1, o);
    builder_count(m, r->bytes / o->size, o);
}

static struct placed place_runs(struct runs *r, const struct blocks *b)
{
    for (MPI_Count i = 0; i < b->count; i++) {
        struct run run = block_run(b, i);
        if (run.size > 0)
            runs_next(r, run.disp, run.size, runs_write);
    }
    return runs_end(r);
}

static struct placed place_any(struct builder *m, const struct blocks *b)
{
    struct placed *p = malloc(((size_t)b->count + 1) * sizeof *p), all = {0, 0, NULL};
    if (!p) {
        m->ok = false;
        return all;
    }
    for (MPI_Count i = 0; i < b->count; i++)
        p[i] = builder_row(m, block_disp(b, i), block_length(b, i), block_type(b, i));
    all = placed_list(p, b->count, &m->ok);
    free(p);
    return all;
}

static bool keep(struct builder *m, int combiner, const struct blocks *b, enum arg_kind disps_as)
{
    const struct constructor_arg args[] = {{ARG_COUNT, b->count},
                                           {ARG_COUNT, b->length, b->lengths, b->count},
                                           {disps_as, 0, b->disps, b->count},
                                           {ARG_END}};
    if (!builder_keep(m, combiner, args, b->olds ? b->count : 1))
        return false;
    for (MPI_Count i = 0; b->olds && i < b->count; i++)
        envelope_type(m->t->envelope, block_type(b, i));
    if (!b->olds) {
        envelope_type(m->t->envelope, b->old);
        m->t->depth = b->old->depth;
    }
    return true;
}

/* disps_as: what the displacements are to the envelope. */
static int blocks(int combiner, const struct blocks *b, enum arg_kind disps_as, MPI_Datatype *newtype)
{
    struct builder m;
    struct runs r;
    struct placed p;
    bool plain;
    if (!b->disps.at)
        return MPI_ERR_ARG;
    if (!builder_init(&m))
        return MPI_ERR_NO_MEM;
    runs_init(&r);
    int rc = b->olds ? learn_struct(&m, b, &r, &plain) : learn(&m, b, &r, &plain);
    if (rc == MPI_ERR_COUNT) {
        m.large = true;
        return builder_end(&m, (struct placed){0, 0, NULL}, newtype);
    }
    if (rc == MPI_SUCCESS && !keep(&m, combiner, b, disps_as))
        rc = MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS) {
        builder_drop(&m);
        return rc;
    }
    enum runs_form form = plain ? runs_form(&r, &p, &m.ok) : RUNS_OTHERWISE;
    if (plain && !b->olds && r.bytes > 0)
        bound(&m, &r, b->old);
    if (form == RUNS_WRITE)
        p = place_runs(&r, b);
    else if (form == RUNS_OTHERWISE)
        p = place_any(&m, b);
    return builder_end(&m, p, newtype);
}

/* A list of none may be NULL. */
static struct ints listed(struct ints a, MPI_Count count)
{
    static const int64_t none;
    return a.at || count > 0 ? a : (struct ints){&none, true};
}

static struct ints addresses(const int64_t *a, MPI_Count count)
{
    return listed((struct ints){a, true}, count);
}

int mpi_type_indexed(MPI_Count count, struct ints lengths, struct ints disps, struct datatype *old,
                     MPI_Datatype *newtype)
{
    struct blocks b = {count, listed(lengths, count), 0, listed(disps, count), old->extent, old, NULL};
    return b.lengths.at ? blocks(MPI_COMBINER_INDEXED, &b, ARG_COUNT, newtype) : MPI_ERR_ARG;
}

int mpi_type_create_hindexed(MPI_Count count, struct ints lengths, const int64_t *disps, struct datatype *old,
                             MPI_Datatype *newtype)
{
    struct blocks b = {count, listed(lengths, count), 0, addresses(disps, count), 1, old, NULL};
    return b.lengths.at ? blocks(MPI_COMBINER_HINDEXED, &b, ARG_ADDR, newtype) : MPI_ERR_ARG;
}

int mpi_type_create_indexed_block(MPI_Count count, MPI_Count length, struct ints disps, struct datatype *old,
                                  MPI_Datatype *newtype)
{
    struct blocks b = {count, {NULL, false}, length, listed(disps, count), old->extent, old, NULL};
    return blocks(MPI_COMBINER_INDEXED_BLOCK, &b, ARG_COUNT, newtype);
}

int mpi_type_create_hindexed_block(MPI_Count count, MPI_Count length, const int64_t *disps, struct datatype *old,
                                   MPI_Datatype *newtype)
{
    struct blocks b = {count, {NULL, false}, length, addresses(disps, count), 1, old, NULL};
    return blocks(MPI_COMBINER_HINDEXED_BLOCK, &b, ARG_ADDR, newtype);
}

int mpi_type_create_struct(MPI_Count count, struct ints lengths, const int64_t *disps, const MPI_Datatype *types,
                           MPI_Datatype *newtype)
{
    static const MPI_Datatype none;
    struct blocks b = {count, listed(lengths, count), 0, addresses(disps, count), 1, NULL, types ? types : &none};
    if (!b.lengths.at || (count > 0 && !types))
        return MPI_ERR_ARG;
    return blocks(MPI_COMBINER_STRUCT, &b, ARG_ADDR, newtype);
}
