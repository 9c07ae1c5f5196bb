/* SPDX-License-Identifier: BSD-3-Clause
 *
 * array: datatypes of parts of arrays: subarray and darray. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/builder.h"

enum { DIMS_MAX = 64 }; /* of a distributed array */

/* The indices of one dimension that are ours: `times` blocks, step apart, and then the rest of one. */
struct share {
    MPI_Count first, block, step, times, rest;
};

/* What of an array is ours, dimension by dimension from the innermost one. */
struct slab {
    struct placed p;
    MPI_Count stride;    /* bytes from one index of the next dimension to its next */
    MPI_Count lo, hi, n; /* where the first and the last of the elements lie, and how many they are */
};

static struct placed slab_row(struct builder *m, const struct slab *s, MPI_Count first, MPI_Count n)
{
    layout_ref(s->p.layout);
    struct placed p = placed_loop(n, s->stride, s->p, &m->ok);
    p.disp += first * s->stride;
    return p;
}

static void slab_extend(struct builder *m, struct slab *s, struct share h, MPI_Count size)
{
    MPI_Count whole = builder_times(m, s->stride, size), n = h.times * h.block + h.rest;
    s->n = builder_times(m, s->n, n);
    builder_times(m, s->p.size, n);
    if (m->large) /* otherwise no place in the array and no part of it is farther or larger than 63 bits tell */
        return;
    MPI_Count step = h.times > 1 || h.rest ? h.step : 0;
    MPI_Count behind = h.first + h.times * step, end = h.rest ? behind + h.rest : behind - step + h.block;
    MPI_Count lo = h.first * s->stride, hi = (end - 1) * s->stride;
    struct placed p[2] = {slab_row(m, s, h.first, h.block), slab_row(m, s, behind, h.rest)};
    p[0] = placed_loop(h.times, step * s->stride, p[0], &m->ok);
    layout_unref(s->p.layout);
    s->p = placed_list(p, 2, &m->ok);
    s->lo += lo < hi ? lo : hi;
    s->hi += lo < hi ? hi : lo;
    s->stride = whole;
}

static int array_end(struct builder *m, const struct slab *s, const struct datatype *old, MPI_Datatype *newtype)
{
    MPI_Count true_lb = s->n ? s->lo + old->true_lb : 0;
    MPI_Count true_ub = s->n ? s->hi + old->true_lb + old->true_extent : 0;
    builder_count(m, s->n, old);
    builder_bounds(m, 0, s->stride, true_lb, true_ub);
    return builder_end(m, s->p, newtype);
}

/* The k-th dimension from the innermost one. */
static int dimension(int k, int ndims, int order)
{
    return order == MPI_ORDER_C ? ndims - 1 - k : k;
}

int mpi_type_create_subarray(int ndims, struct ints sizes, struct ints subsizes, struct ints starts, int order,
                             struct datatype *old, MPI_Datatype *newtype)
{
    struct builder m;
    if (ndims < 1 || !sizes.at || !subsizes.at || !starts.at || (order != MPI_ORDER_C && order != MPI_ORDER_FORTRAN))
        return MPI_ERR_ARG;
    for (int i = 0; i < ndims; i++) {
        MPI_Count size = ints_get(sizes, i), sub = ints_get(subsizes, i), at = ints_get(starts, i);
        if (size < 1 || sub < 1 || sub > size || at < 0 || at > size - sub)
            return MPI_ERR_ARG;
    }
    if (!builder_begin(&m, MPI_COMBINER_SUBARRAY, old, {ARG_INT, ndims}, {ARG_COUNT, 0, sizes, ndims},
                       {ARG_COUNT, 0, subsizes, ndims}, {ARG_COUNT, 0, starts, ndims}, {ARG_INT, order}))
        return MPI_ERR_NO_MEM;
    struct slab s = {builder_element(old), old->extent, 0, 0, 1};
    for (int k = 0; k < ndims; k++) {
        int i = dimension(k, ndims, order);
        struct share h = {ints_get(starts, i), ints_get(subsizes, i), 0, 1, 0};
        slab_extend(&m, &s, h, ints_get(sizes, i));
    }
    return array_end(&m, &s, old, newtype);
}

/* What process `me` of `procs` holds of one dimension. */
static struct share owned(MPI_Count size, int distrib, int darg, int procs, int me)
{
    bool all = distrib == MPI_DISTRIBUTE_NONE;
    MPI_Count block = all                                ? size
                      : darg != MPI_DISTRIBUTE_DFLT_DARG ? darg
                      : distrib == MPI_DISTRIBUTE_BLOCK  ? (size + procs - 1) / procs
                                                         : 1;
    MPI_Count first = all ? 0 : block * me, cycle = all ? size : block * procs;
    MPI_Count left = size > first ? size - first : 0, over = left % cycle;
    return (struct share){first, block, cycle, left / cycle + (over >= block), over < block ? over : 0};
}

static bool darray_valid(int size, int rank, int ndims, struct ints gsizes, const int *distribs, const int *dargs,
                         const int *psizes, int order)
{
    const MPI_Count most = (MPI_Count)1 << 62; /* room to round up */
    int64_t procs = 1;
    if (size < 1 || rank < 0 || rank >= size || ndims < 1 || ndims > DIMS_MAX || !gsizes.at || !distribs || !dargs ||
        !psizes || (order != MPI_ORDER_C && order != MPI_ORDER_FORTRAN))
        return false;
    for (int i = 0; i < ndims; i++) {
        bool none = distribs[i] == MPI_DISTRIBUTE_NONE;
        if (ints_get(gsizes, i) < 1 || ints_get(gsizes, i) > most || psizes[i] < 1 || (none && psizes[i] != 1) ||
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
    struct builder m;
    if (!darray_valid(size, rank, ndims, gsizes, distribs, dargs, psizes, order))
        return MPI_ERR_ARG;
    if (!builder_begin(&m, MPI_COMBINER_DARRAY, old, {ARG_INT, size}, {ARG_INT, rank}, {ARG_INT, ndims},
                       {ARG_COUNT, 0, gsizes, ndims}, {ARG_INT, 0, {distribs, false}, ndims},
                       {ARG_INT, 0, {dargs, false}, ndims}, {ARG_INT, 0, {psizes, false}, ndims}, {ARG_INT, order}))
        return MPI_ERR_NO_MEM;
    /* The process grid is in row-major order whatever the array's. */
    int coord[DIMS_MAX], left = rank;
    for (int i = ndims; i-- > 0; left /= psizes[i])
        coord[i] = left % psizes[i];
    struct slab s = {builder_element(old), old->extent, 0, 0, 1};
    for (int k = 0; k < ndims; k++) {
        int i = dimension(k, ndims, order);
        slab_extend(&m, &s, owned(ints_get(gsizes, i), distribs[i], dargs[i], psizes[i], coord[i]),
                    ints_get(gsizes, i));
    }
    return array_end(&m, &s, old, newtype);
}
