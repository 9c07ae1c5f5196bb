/* SPDX-License-Identifier: BSD-3-Clause
 *
 * construct: new datatypes out of one old one: in a row, at equal distances, with other bounds, or the same again. */
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/datatype/making.h"

int mpi_type_contiguous(MPI_Count count, struct datatype *old, MPI_Datatype *newtype)
{
    struct making m;
    if (!making_begin(&m, MPI_COMBINER_CONTIGUOUS, old, {SAID_COUNT, count}))
        return MPI_ERR_NO_MEM;
    making_block(&m, 0, count, old);
    making_count(&m, count, old);
    return making_end(&m, making_row(&m, 0, count, old), newtype);
}

static int vector(struct making *m, MPI_Count count, MPI_Count blocklength, MPI_Count bytes, const struct datatype *old,
                  MPI_Datatype *newtype)
{
    if (count > 0) {
        making_block(m, 0, blocklength, old);
        making_block(m, making_times(m, count - 1, bytes), blocklength, old);
        making_count(m, making_times(m, count, blocklength), old);
    }
    return making_end(m, placed_loop(count, bytes, making_row(m, 0, blocklength, old), &m->ok), newtype);
}

int mpi_type_vector(MPI_Count count, MPI_Count blocklength, MPI_Count stride, struct datatype *old,
                    MPI_Datatype *newtype)
{
    struct making m;
    if (!making_begin(&m, MPI_COMBINER_VECTOR, old, {SAID_COUNT, count}, {SAID_COUNT, blocklength},
                      {SAID_COUNT, stride}))
        return MPI_ERR_NO_MEM;
    return vector(&m, count, blocklength, making_times(&m, stride, old->extent), old, newtype);
}

int mpi_type_create_hvector(MPI_Count count, MPI_Count blocklength, MPI_Count stride, struct datatype *old,
                            MPI_Datatype *newtype)
{
    struct making m;
    if (!making_begin(&m, MPI_COMBINER_HVECTOR, old, {SAID_COUNT, count}, {SAID_COUNT, blocklength},
                      {SAID_ADDR, stride}))
        return MPI_ERR_NO_MEM;
    return vector(&m, count, blocklength, stride, old, newtype);
}

static int bounded(struct making *m, MPI_Count lb, MPI_Count extent, const struct datatype *old, MPI_Datatype *newtype)
{
    making_count(m, 1, old);
    making_bounds(m, lb, extent, old->true_lb, old->true_lb + old->true_extent);
    return making_end(m, making_element(old), newtype);
}

int mpi_type_create_resized(struct datatype *old, MPI_Count lb, MPI_Count extent, MPI_Datatype *newtype)
{
    struct making m;
    if (!making_begin(&m, MPI_COMBINER_RESIZED, old, {SAID_ADDR, lb}, {SAID_ADDR, extent}))
        return MPI_ERR_NO_MEM;
    return bounded(&m, lb, extent, old, newtype);
}

int mpi_type_dup(struct datatype *old, MPI_Datatype *newtype)
{
    struct making m;
    lib.wide = false;
    if (!making_begin(&m, MPI_COMBINER_DUP, old))
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
