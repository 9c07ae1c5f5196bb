/* SPDX-License-Identifier: BSD-3-Clause
 *
 * construct: new datatypes out of one old one: in a row, at equal distances, with other bounds, or the same again. */
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/datatype/builder.h"

int mpi_type_contiguous(MPI_Count count, struct datatype *old, MPI_Datatype *newtype)
{
    struct builder m;
    if (!builder_begin(&m, MPI_COMBINER_CONTIGUOUS, old, {ARG_COUNT, count}))
        return MPI_ERR_NO_MEM;
    builder_block(&m, 0, count, old);
    builder_count(&m, count, old);
    return builder_end(&m, builder_row(&m, 0, count, old), newtype);
}

static int vector(struct builder *m, MPI_Count count, MPI_Count blocklength, MPI_Count bytes,
                  const struct datatype *old, MPI_Datatype *newtype)
{
    if (count > 0) {
        builder_block(m, 0, blocklength, old);
        builder_block(m, builder_times(m, count - 1, bytes), blocklength, old);
        builder_count(m, builder_times(m, count, blocklength), old);
    }
    return builder_end(m, placed_loop(count, bytes, builder_row(m, 0, blocklength, old), &m->ok), newtype);
}

int mpi_type_vector(MPI_Count count, MPI_Count blocklength, MPI_Count stride, struct datatype *old,
                    MPI_Datatype *newtype)
{
    struct builder m;
    if (!builder_begin(&m, MPI_COMBINER_VECTOR, old, {ARG_COUNT, count}, {ARG_COUNT, blocklength}, {ARG_COUNT, stride}))
        return MPI_ERR_NO_MEM;
    return vector(&m, count, blocklength, builder_times(&m, stride, old->extent), old, newtype);
}

int mpi_type_create_hvector(MPI_Count count, MPI_Count blocklength, MPI_Count stride, struct datatype *old,
                            MPI_Datatype *newtype)
{
    struct builder m;
    if (!builder_begin(&m, MPI_COMBINER_HVECTOR, old, {ARG_COUNT, count}, {ARG_COUNT, blocklength}, {ARG_ADDR, stride}))
        return MPI_ERR_NO_MEM;
    return vector(&m, count, blocklength, stride, old, newtype);
}

static int bounded(struct builder *m, MPI_Count lb, MPI_Count extent, const struct datatype *old, MPI_Datatype *newtype)
{
    builder_count(m, 1, old);
    builder_bounds(m, lb, extent, old->true_lb, old->true_lb + old->true_extent);
    return builder_end(m, builder_element(old), newtype);
}

int mpi_type_create_resized(struct datatype *old, MPI_Count lb, MPI_Count extent, MPI_Datatype *newtype)
{
    struct builder m;
    if (!builder_begin(&m, MPI_COMBINER_RESIZED, old, {ARG_ADDR, lb}, {ARG_ADDR, extent}))
        return MPI_ERR_NO_MEM;
    return bounded(&m, lb, extent, old, newtype);
}

int mpi_type_dup(struct datatype *old, MPI_Datatype *newtype)
{
    struct builder m;
    lib.wide = false;
    if (!builder_begin(&m, MPI_COMBINER_DUP, old))
        return MPI_ERR_NO_MEM;
    int rc = bounded(&m, old->lb, old->extent, old, newtype);
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
