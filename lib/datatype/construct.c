/* SPDX-License-Identifier: BSD-3-Clause
 *
 * construct: new datatypes out of old ones. Each constructor says three things: what it was called with (envelope),
 * which blocks it consists of (bounds), and where their bytes lie (layout). */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/datatype/basic.h"
#include "lib/datatype/datatype.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/layout.h"

enum {
    NO_BASIC = -2, /* nothing seen yet */
    DIMS_MAX = 64  /* of a distributed array */
};

/* A type under construction. */
struct making {
    struct datatype t;
    MPI_Count ub, true_ub, mark_lb, mark_ub;
    bool any, any_true, any_mark;
    bool ok;
    struct envelope *e;
};

static void making_begin(struct making *m, int combiner)
{
    memset(m, 0, sizeof *m);
    m->ok = true;
    m->t.basic = NO_BASIC;
    m->t.align = 1;
    m->e = envelope_new(combiner, lib.wide);
    if (!m->e)
        m->ok = false;
}

static void widen(MPI_Count lo, MPI_Count hi, MPI_Count *lb, MPI_Count *ub, bool *any)
{
    *lb = *any && *lb < lo ? *lb : lo;
    *ub = *any && *ub > hi ? *ub : hi;
    *any = true;
}

/* n elements of o, from disp on: what they do to bounds and size. Times: the block is there that often. */
static void making_block(struct making *m, MPI_Count disp, MPI_Count n, const struct datatype *o)
{
    if (n == 0 || (o->elements == 0 && !o->marked))
        return;
    MPI_Count reach = (n - 1) * o->extent, lo = reach < 0 ? disp + reach : disp, hi = reach < 0 ? disp : disp + reach;
    widen(lo + o->lb, hi + o->lb + o->extent, &m->t.lb, &m->ub, &m->any);
    if (o->marked)
        widen(lo + o->lb, hi + o->lb + o->extent, &m->mark_lb, &m->mark_ub, &m->any_mark);
    if (o->size > 0)
        widen(lo + o->true_lb, hi + o->true_lb + o->true_extent, &m->t.true_lb, &m->true_ub, &m->any_true);
}

static void making_count(struct making *m, MPI_Count n, const struct datatype *o)
{
    if (n == 0 || o->elements == 0)
        return;
    m->t.size += n * o->size;
    m->t.elements += n * o->elements;
    m->t.basic = m->t.basic == NO_BASIC || m->t.basic == o->basic ? o->basic : -1;
    if (o->align > m->t.align)
        m->t.align = o->align;
}

static struct placed placed_of(const struct datatype *t)
{
    return (struct placed){t->disp, layout_ref(t->layout)};
}

static struct placed shifted(struct placed p, MPI_Count by)
{
    return (struct placed){p.disp + by, p.layout};
}

/* n elements in a row. */
static struct placed row(struct making *m, MPI_Count n, const struct datatype *o)
{
    return placed_loop(n, o->extent, placed_of(o), &m->ok);
}

static int making_end(struct making *m, struct placed p, MPI_Datatype *out)
{
    struct datatype *t = &m->t, *n = NULL;
    if (m->any_mark)
        t->lb = m->mark_lb, m->ub = m->mark_ub, t->marked = true;
    t->extent = m->ub - t->lb;
    t->true_extent = m->true_ub - t->true_lb;
    if (t->basic == NO_BASIC)
        t->basic = -1;
    t->disp = p.disp;
    t->layout = p.layout;
    t->one_run = !p.layout || p.layout->kind == LAYOUT_RUN;
    t->dense = !p.layout || (t->one_run && t->size == t->extent);
    if (m->ok && !m->e->failed && (n = obj_new(OBJ_DATATYPE, sizeof *n))) {
        struct obj head = n->obj;
        *n = *t;
        n->obj = head;
        n->envelope = m->e;
        *out = datatype_handle(n);
        return MPI_SUCCESS;
    }
    layout_unref(p.layout);
    envelope_free(m->e);
    return MPI_ERR_NO_MEM;
}

int mpi_type_contiguous(MPI_Count count, struct datatype *old, MPI_Datatype *newtype)
{
    struct making m;
    making_begin(&m, MPI_COMBINER_CONTIGUOUS);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_count(m.e, count);
    envelope_type(m.e, old);
    making_block(&m, 0, count, old);
    making_count(&m, count, old);
    return making_end(&m, row(&m, count, old), newtype);
}

static int vector(struct making *m, MPI_Count count, MPI_Count blocklength, MPI_Count bytes, struct datatype *old,
                  MPI_Datatype *newtype)
{
    envelope_type(m->e, old);
    if (count > 0) {
        making_block(m, 0, blocklength, old);
        making_block(m, (count - 1) * bytes, blocklength, old);
        making_count(m, count * blocklength, old);
    }
    return making_end(m, placed_loop(count, bytes, row(m, blocklength, old), &m->ok), newtype);
}

int mpi_type_vector(MPI_Count count, MPI_Count blocklength, MPI_Count stride, struct datatype *old,
                    MPI_Datatype *newtype)
{
    struct making m;
    making_begin(&m, MPI_COMBINER_VECTOR);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_count(m.e, count);
    envelope_count(m.e, blocklength);
    envelope_count(m.e, stride);
    return vector(&m, count, blocklength, stride * old->extent, old, newtype);
}

int mpi_type_create_hvector(MPI_Count count, MPI_Count blocklength, MPI_Count stride, struct datatype *old,
                            MPI_Datatype *newtype)
{
    struct making m;
    making_begin(&m, MPI_COMBINER_HVECTOR);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_count(m.e, count);
    envelope_count(m.e, blocklength);
    envelope_addr(m.e, stride);
    return vector(&m, count, blocklength, stride, old, newtype);
}

/* Blocks of one or several types, at displacements in bytes. */
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
    if (b->count > 0 && !b->disps.at)
        return MPI_ERR_ARG;
    for (MPI_Count i = 0; i < b->count; i++) {
        if (block_length(b, i) < 0)
            return MPI_ERR_ARG;
        if (!block_type(b, i))
            return MPI_ERR_TYPE;
    }
    return MPI_SUCCESS;
}

static int blocks_make(struct making *m, const struct blocks *b, bool pad, MPI_Datatype *newtype)
{
    struct placed *p = calloc((size_t)b->count + 1, sizeof *p), all = {0, NULL};
    if (!p)
        m->ok = false;
    for (MPI_Count i = 0; p && i < b->count; i++) {
        struct datatype *o = block_type(b, i);
        MPI_Count n = block_length(b, i), disp = ints_get(b->disps, i) * b->unit;
        making_block(m, disp, n, o);
        making_count(m, n, o);
        p[i] = shifted(row(m, n, o), disp);
    }
    if (p)
        all = placed_list(p, b->count, &m->ok);
    free(p);
    /* A C compiler pads a struct so that an array of it is aligned. */
    if (pad && m->t.align > 1) {
        MPI_Count over = (m->ub - m->t.lb) % m->t.align;
        if (over)
            m->ub += m->t.align - over;
    }
    return making_end(m, all, newtype);
}

static int indexed(int combiner, struct blocks *b, bool bytes, MPI_Datatype *newtype)
{
    struct making m;
    int rc = blocks_check(b);
    if (rc != MPI_SUCCESS)
        return rc;
    making_begin(&m, combiner);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_count(m.e, b->count);
    if (!b->lengths.at)
        envelope_count(m.e, b->length);
    for (MPI_Count i = 0; b->lengths.at && i < b->count; i++)
        envelope_count(m.e, block_length(b, i));
    for (MPI_Count i = 0; i < b->count; i++)
        (bytes ? envelope_addr : envelope_count)(m.e, ints_get(b->disps, i));
    for (MPI_Count i = 0; i < (b->olds ? b->count : 1); i++)
        envelope_type(m.e, block_type(b, i));
    return blocks_make(&m, b, b->olds != NULL, newtype);
}

int mpi_type_indexed(MPI_Count count, struct ints lengths, struct ints disps, struct datatype *old,
                     MPI_Datatype *newtype)
{
    struct blocks b = {count, lengths, 0, disps, old->extent, old, NULL};
    if (count > 0 && !lengths.at)
        return MPI_ERR_ARG;
    return indexed(MPI_COMBINER_INDEXED, &b, false, newtype);
}

int mpi_type_create_hindexed(MPI_Count count, struct ints lengths, const int64_t *disps, struct datatype *old,
                             MPI_Datatype *newtype)
{
    struct blocks b = {count, lengths, 0, {disps, true}, 1, old, NULL};
    if (count > 0 && !lengths.at)
        return MPI_ERR_ARG;
    return indexed(MPI_COMBINER_HINDEXED, &b, true, newtype);
}

int mpi_type_create_indexed_block(MPI_Count count, MPI_Count length, struct ints disps, struct datatype *old,
                                  MPI_Datatype *newtype)
{
    struct blocks b = {count, {NULL, false}, length, disps, old->extent, old, NULL};
    return indexed(MPI_COMBINER_INDEXED_BLOCK, &b, false, newtype);
}

int mpi_type_create_hindexed_block(MPI_Count count, MPI_Count length, const int64_t *disps, struct datatype *old,
                                   MPI_Datatype *newtype)
{
    struct blocks b = {count, {NULL, false}, length, {disps, true}, 1, old, NULL};
    return indexed(MPI_COMBINER_HINDEXED_BLOCK, &b, true, newtype);
}

int mpi_type_create_struct(MPI_Count count, struct ints lengths, const int64_t *disps, const MPI_Datatype *types,
                           MPI_Datatype *newtype)
{
    static const MPI_Datatype none;
    struct blocks b = {count, lengths, 0, {disps, true}, 1, NULL, types ? types : &none};
    if (count > 0 && (!lengths.at || !types))
        return MPI_ERR_ARG;
    return indexed(MPI_COMBINER_STRUCT, &b, true, newtype);
}

/* A type with the elements of old, whose bounds are set: resized, dup, subarray, darray. */
static int bounded(struct making *m, MPI_Count n, const struct datatype *old, MPI_Count lb, MPI_Count extent,
                   struct placed p, MPI_Count true_lb, MPI_Count true_ub, MPI_Datatype *newtype)
{
    making_count(m, n, old);
    m->any_mark = true;
    m->mark_lb = lb;
    m->mark_ub = lb + extent;
    m->t.true_lb = true_lb;
    m->true_ub = true_ub;
    return making_end(m, p, newtype);
}

int mpi_type_create_resized(struct datatype *old, MPI_Count lb, MPI_Count extent, MPI_Datatype *newtype)
{
    struct making m;
    making_begin(&m, MPI_COMBINER_RESIZED);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_addr(m.e, lb);
    envelope_addr(m.e, extent);
    envelope_type(m.e, old);
    return bounded(&m, 1, old, lb, extent, placed_of(old), old->true_lb, old->true_lb + old->true_extent, newtype);
}

int mpi_type_dup(struct datatype *old, MPI_Datatype *newtype)
{
    struct making m;
    lib.wide = false;
    making_begin(&m, MPI_COMBINER_DUP);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_type(m.e, old);
    int rc = bounded(&m, 1, old, old->lb, old->extent, placed_of(old), old->true_lb, old->true_lb + old->true_extent,
                     newtype);
    if (rc != MPI_SUCCESS)
        return rc;
    struct datatype *t = datatype_of(*newtype);
    t->marked = old->marked;
    t->committed = old->committed;
    rc = attr_copy_all(&old->attrs, &t->attrs, ATTR_TYPE, (void *)old->obj.handle);
    if (rc != MPI_SUCCESS) {
        datatype_unref(t);
        *newtype = MPI_DATATYPE_NULL;
    }
    return rc;
}

/* One dimension of an array, given the layout of what lies inside it: the indices that are ours, as ranges. */
struct slab {
    struct placed p;
    MPI_Count stride;    /* bytes from one index to the next */
    MPI_Count lo, hi, n; /* bytes touched, elements */
};

static void slab_ranges(struct making *m, struct slab *s, const MPI_Count (*range)[2], MPI_Count ranges, MPI_Count size)
{
    struct placed *p = calloc((size_t)ranges + 1, sizeof *p);
    MPI_Count total = 0, lo = 0, hi = 0;
    if (!p)
        m->ok = false;
    for (MPI_Count i = 0; p && i < ranges; i++) {
        MPI_Count first = range[i][0] * s->stride, last = (range[i][0] + range[i][1] - 1) * s->stride;
        struct placed copy = {s->p.disp, layout_ref(s->p.layout)};
        p[i] = shifted(placed_loop(range[i][1], s->stride, copy, &m->ok), first);
        if (total == 0)
            lo = first;
        hi = last;
        total += range[i][1];
    }
    layout_unref(s->p.layout);
    s->p = p ? placed_list(p, ranges, &m->ok) : (struct placed){0, NULL};
    free(p);
    s->n *= total;
    s->lo += lo;
    s->hi += hi;
    s->stride *= size;
}

static int array_end(struct making *m, struct slab *s, struct datatype *old, MPI_Datatype *newtype)
{
    MPI_Count true_lb = s->n ? s->lo + old->true_lb : 0;
    MPI_Count true_ub = s->n ? s->hi + old->true_lb + old->true_extent : 0;
    return bounded(m, s->n, old, 0, s->stride, s->p, true_lb, true_ub, newtype);
}

int mpi_type_create_subarray(int ndims, struct ints sizes, struct ints subsizes, struct ints starts, int order,
                             struct datatype *old, MPI_Datatype *newtype)
{
    struct making m;
    if (ndims < 1 || !sizes.at || !subsizes.at || !starts.at || (order != MPI_ORDER_C && order != MPI_ORDER_FORTRAN))
        return MPI_ERR_ARG;
    for (int i = 0; i < ndims; i++) {
        MPI_Count size = ints_get(sizes, i), sub = ints_get(subsizes, i), at = ints_get(starts, i);
        if (size < 1 || sub < 1 || sub > size || at < 0 || at > size - sub)
            return MPI_ERR_ARG;
    }
    making_begin(&m, MPI_COMBINER_SUBARRAY);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_int(m.e, ndims);
    const struct ints all[3] = {sizes, subsizes, starts};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < ndims; i++)
            envelope_count(m.e, ints_get(all[k], i));
    envelope_int(m.e, order);
    envelope_type(m.e, old);
    struct slab s = {placed_of(old), old->extent, 0, 0, 1};
    for (int k = 0; k < ndims; k++) {
        int i = order == MPI_ORDER_C ? ndims - 1 - k : k;
        MPI_Count range[1][2] = {{ints_get(starts, i), ints_get(subsizes, i)}};
        slab_ranges(&m, &s, (const MPI_Count(*)[2])range, 1, ints_get(sizes, i));
    }
    return array_end(&m, &s, old, newtype);
}

/* The ranges of indices of one dimension that process `me` of `procs` holds; NULL without memory. */
static MPI_Count (*owned(MPI_Count size, int distrib, int darg, int procs, int me, MPI_Count *ranges))[2]
{
    MPI_Count block = distrib == MPI_DISTRIBUTE_NONE     ? size
                      : darg != MPI_DISTRIBUTE_DFLT_DARG ? darg
                      : distrib == MPI_DISTRIBUTE_BLOCK  ? (size + procs - 1) / procs
                                                         : 1;
    MPI_Count n = 0, cycle = block * (distrib == MPI_DISTRIBUTE_NONE ? 1 : procs);
    MPI_Count(*range)[2] = calloc((size_t)(size / cycle + 1), sizeof *range);
    for (MPI_Count at = block * (distrib == MPI_DISTRIBUTE_NONE ? 0 : me); range && at < size; at += cycle) {
        range[n][0] = at;
        range[n++][1] = size - at < block ? size - at : block;
    }
    *ranges = n;
    return range;
}

static bool darray_valid(int size, int rank, int ndims, struct ints gsizes, const int *distribs, const int *dargs,
                         const int *psizes, int order)
{
    int64_t procs = 1;
    if (size < 1 || rank < 0 || rank >= size || ndims < 1 || ndims > DIMS_MAX || !gsizes.at || !distribs || !dargs ||
        !psizes || (order != MPI_ORDER_C && order != MPI_ORDER_FORTRAN))
        return false;
    for (int i = 0; i < ndims; i++) {
        bool none = distribs[i] == MPI_DISTRIBUTE_NONE;
        if (ints_get(gsizes, i) < 1 || psizes[i] < 1 || (none && psizes[i] != 1) ||
            (!none && distribs[i] != MPI_DISTRIBUTE_BLOCK && distribs[i] != MPI_DISTRIBUTE_CYCLIC) ||
            (dargs[i] != MPI_DISTRIBUTE_DFLT_DARG && dargs[i] < 1 && !none))
            return false;
        if (distribs[i] == MPI_DISTRIBUTE_BLOCK && dargs[i] != MPI_DISTRIBUTE_DFLT_DARG &&
            (int64_t)dargs[i] * psizes[i] < ints_get(gsizes, i))
            return false;
        procs *= psizes[i];
        if (procs > size)
            return false;
    }
    return procs == size;
}

int mpi_type_create_darray(int size, int rank, int ndims, struct ints gsizes, const int *distribs, const int *dargs,
                           const int *psizes, int order, struct datatype *old, MPI_Datatype *newtype)
{
    struct making m;
    if (!darray_valid(size, rank, ndims, gsizes, distribs, dargs, psizes, order))
        return MPI_ERR_ARG;
    making_begin(&m, MPI_COMBINER_DARRAY);
    if (!m.ok)
        return MPI_ERR_NO_MEM;
    envelope_int(m.e, size);
    envelope_int(m.e, rank);
    envelope_int(m.e, ndims);
    for (int i = 0; i < ndims; i++)
        envelope_count(m.e, ints_get(gsizes, i));
    const int *const rest[3] = {distribs, dargs, psizes};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < ndims; i++)
            envelope_int(m.e, rest[k][i]);
    envelope_int(m.e, order);
    envelope_type(m.e, old);
    /* The process grid is in row-major order whatever the array's. */
    int coord[DIMS_MAX], left = rank;
    for (int i = ndims; i-- > 0; left /= psizes[i])
        coord[i] = left % psizes[i];
    struct slab s = {placed_of(old), old->extent, 0, 0, 1};
    for (int k = 0; k < ndims; k++) {
        int i = order == MPI_ORDER_C ? ndims - 1 - k : k;
        MPI_Count n, (*range)[2] = owned(ints_get(gsizes, i), distribs[i], dargs[i], psizes[i], coord[i], &n);
        if (!range)
            m.ok = false, n = 0;
        slab_ranges(&m, &s, (const MPI_Count(*)[2])range, n, ints_get(gsizes, i));
        free(range);
    }
    return array_end(&m, &s, old, newtype);
}
