/* SPDX-License-Identifier: BSD-3-Clause
 *
 * envelope_again: a datatype is made once more as another one was. The arguments come out of the envelope as they went
 * in: each kind in its order. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/datatype/envelope.h"

struct reader {
    const struct envelope *e;
    int64_t ints, addrs, counts; /* that have been read */
};

static const int *read_ints(struct reader *r, MPI_Count n)
{
    const int *at = r->e->ints + r->ints;
    r->ints += n;
    return at;
}

static struct ints read_counts(struct reader *r, MPI_Count n)
{
    if (!r->e->wide)
        return (struct ints){read_ints(r, n), false};
    r->counts += n;
    return (struct ints){r->e->counts + r->counts - n, true};
}

static const int64_t *read_addrs(struct reader *r, MPI_Count n)
{
    if (r->e->wide)
        return read_counts(r, n).at;
    r->addrs += n;
    return r->e->addrs + r->addrs - n;
}

static int read_int(struct reader *r)
{
    return *read_ints(r, 1);
}

static MPI_Count read_count(struct reader *r)
{
    return ints_get(read_counts(r, 1), 0);
}

static int again_struct(struct reader *r, struct datatype *const *types, MPI_Datatype *out)
{
    MPI_Count n = read_count(r);
    struct ints lengths = read_counts(r, n);
    MPI_Datatype *handles = malloc((size_t)(n + 1) * sizeof *handles);
    if (!handles)
        return MPI_ERR_NO_MEM;
    for (MPI_Count i = 0; i < n; i++)
        handles[i] = datatype_handle(types[i]);
    int rc = mpi_type_create_struct(n, lengths, read_addrs(r, n), handles, out);
    free(handles);
    return rc;
}

static int again_subarray(struct reader *r, struct datatype *old, MPI_Datatype *out)
{
    int n = read_int(r);
    struct ints sizes = read_counts(r, n), subsizes = read_counts(r, n), starts = read_counts(r, n);
    return mpi_type_create_subarray(n, sizes, subsizes, starts, read_int(r), old, out);
}

static int again_darray(struct reader *r, struct datatype *old, MPI_Datatype *out)
{
    int size = read_int(r), rank = read_int(r), n = read_int(r);
    struct ints gsizes = read_counts(r, n);
    const int *distribs = read_ints(r, n), *dargs = read_ints(r, n), *psizes = read_ints(r, n);
    return mpi_type_create_darray(size, rank, n, gsizes, distribs, dargs, psizes, read_int(r), old, out);
}

static int again_blocks(struct reader *r, struct datatype *old, MPI_Datatype *out)
{
    MPI_Count n = read_count(r), length;
    struct ints lengths;
    switch (r->e->combiner) {
    case MPI_COMBINER_INDEXED:
        lengths = read_counts(r, n);
        return mpi_type_indexed(n, lengths, read_counts(r, n), old, out);
    case MPI_COMBINER_HINDEXED:
        lengths = read_counts(r, n);
        return mpi_type_create_hindexed(n, lengths, read_addrs(r, n), old, out);
    case MPI_COMBINER_INDEXED_BLOCK:
        length = read_count(r);
        return mpi_type_create_indexed_block(n, length, read_counts(r, n), old, out);
    default:
        length = read_count(r);
        return mpi_type_create_hindexed_block(n, length, read_addrs(r, n), old, out);
    }
}

static int again(struct reader *r, struct datatype *const *types, MPI_Datatype *out)
{
    struct datatype *old = types[0];
    MPI_Count n, length;
    switch (r->e->combiner) {
    case MPI_COMBINER_CONTIGUOUS:
        return mpi_type_contiguous(read_count(r), old, out);
    case MPI_COMBINER_VECTOR:
        n = read_count(r);
        length = read_count(r);
        return mpi_type_vector(n, length, read_count(r), old, out);
    case MPI_COMBINER_HVECTOR:
        n = read_count(r);
        length = read_count(r);
        return mpi_type_create_hvector(n, length, *read_addrs(r, 1), old, out);
    case MPI_COMBINER_RESIZED:
        n = *read_addrs(r, 1);
        return mpi_type_create_resized(old, n, *read_addrs(r, 1), out);
    case MPI_COMBINER_STRUCT:
        return again_struct(r, types, out);
    case MPI_COMBINER_SUBARRAY:
        return again_subarray(r, old, out);
    case MPI_COMBINER_DARRAY:
        return again_darray(r, old, out);
    case MPI_COMBINER_INDEXED:
    case MPI_COMBINER_HINDEXED:
    case MPI_COMBINER_INDEXED_BLOCK:
    case MPI_COMBINER_HINDEXED_BLOCK:
        return again_blocks(r, old, out);
    default:
        return MPI_ERR_INTERN;
    }
}

int envelope_again(const struct envelope *e, struct datatype *const *types, struct datatype **out)
{
    struct reader r = {.e = e};
    MPI_Datatype made;
    if (e->combiner == MPI_COMBINER_DUP) {
        *out = datatype_ref(types[0]);
        return MPI_SUCCESS;
    }
    lib.wide = e->wide; /* the lists are as wide as the first time */
    int rc = again(&r, types, &made);
    if (rc == MPI_SUCCESS)
        *out = datatype_of(made);
    return rc;
}
