/* SPDX-License-Identifier: BSD-3-Clause
 *
 * blocks: datatypes of blocks at displacements: indexed and struct. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/making.h"

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

static int blocks_check(const struct blocks *b)
{
    if (!b->disps.at)
        return MPI_ERR_ARG;
    for (MPI_Count i = 0; i < b->count; i++) {
        if (block_length(b, i) < 0)
            return MPI_ERR_ARG;
        if (!block_type(b, i))
            return MPI_ERR_TYPE;
    }
    return MPI_SUCCESS;
}

/* A C compiler pads a struct so that an array of it is aligned. */
static void pad(struct making *m)
{
    MPI_Count over = (m->ub - m->t.lb) % m->t.align;
    if (over)
        m->ub += m->t.align - over;
}

static int blocks_end(struct making *m, const struct blocks *b, MPI_Datatype *newtype)
{
    struct placed *p = malloc(((size_t)b->count + 1) * sizeof *p), all = {0, 0, NULL};
    if (!p)
        m->ok = false;
    for (MPI_Count i = 0; p && i < b->count; i++) {
        const struct datatype *o = block_type(b, i);
        MPI_Count n = block_length(b, i), disp = ints_get(b->disps, i) * b->unit;
        making_block(m, disp, n, o);
        making_count(m, n, o);
        p[i] = making_row(m, disp, n, o);
    }
    if (p)
        all = placed_list(p, b->count, &m->ok);
    free(p);
    if (b->olds)
        pad(m);
    return making_end(m, all, newtype);
}

/* disps_as: what the displacements are to the envelope. */
static int blocks(int combiner, const struct blocks *b, void (*disps_as)(struct envelope *, int64_t),
                  MPI_Datatype *newtype)
{
    struct making m;
    int rc = blocks_check(b);
    if (rc != MPI_SUCCESS)
        return rc;
    if (!making_begin(&m, combiner, b->old, {envelope_count, b->count},
                      {envelope_count, b->length, b->lengths, b->count}, {disps_as, 0, b->disps, b->count}))
        return MPI_ERR_NO_MEM;
    for (MPI_Count i = 0; b->olds && i < b->count; i++)
        envelope_type(m.e, block_type(b, i));
    return blocks_end(&m, b, newtype);
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
    return b.lengths.at ? blocks(MPI_COMBINER_INDEXED, &b, envelope_count, newtype) : MPI_ERR_ARG;
}

int mpi_type_create_hindexed(MPI_Count count, struct ints lengths, const int64_t *disps, struct datatype *old,
                             MPI_Datatype *newtype)
{
    struct blocks b = {count, listed(lengths, count), 0, addresses(disps, count), 1, old, NULL};
    return b.lengths.at ? blocks(MPI_COMBINER_HINDEXED, &b, envelope_addr, newtype) : MPI_ERR_ARG;
}

int mpi_type_create_indexed_block(MPI_Count count, MPI_Count length, struct ints disps, struct datatype *old,
                                  MPI_Datatype *newtype)
{
    struct blocks b = {count, {NULL, false}, length, listed(disps, count), old->extent, old, NULL};
    return blocks(MPI_COMBINER_INDEXED_BLOCK, &b, envelope_count, newtype);
}

int mpi_type_create_hindexed_block(MPI_Count count, MPI_Count length, const int64_t *disps, struct datatype *old,
                                   MPI_Datatype *newtype)
{
    struct blocks b = {count, {NULL, false}, length, addresses(disps, count), 1, old, NULL};
    return blocks(MPI_COMBINER_HINDEXED_BLOCK, &b, envelope_addr, newtype);
}

int mpi_type_create_struct(MPI_Count count, struct ints lengths, const int64_t *disps, const MPI_Datatype *types,
                           MPI_Datatype *newtype)
{
    static const MPI_Datatype none;
    struct blocks b = {count, listed(lengths, count), 0, addresses(disps, count), 1, NULL, types ? types : &none};
    if (!b.lengths.at || (count > 0 && !types))
        return MPI_ERR_ARG;
    return blocks(MPI_COMBINER_STRUCT, &b, envelope_addr, newtype);
}
