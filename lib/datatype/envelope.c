/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/datatype/envelope.h"
#include <stdlib.h>
#include "lib/bindings/impl.h"

struct envelope *envelope_new(int combiner, bool wide)
{
    struct envelope *e = calloc(1, sizeof *e);
    if (e)
        e->combiner = combiner, e->wide = wide;
    return e;
}

static bool room(struct envelope *e, int which, void **array)
{
    if (e->n[which] < e->cap[which])
        return true;
    int64_t cap = e->cap[which] ? 2 * e->cap[which] : 4;
    void *p = realloc(*array, (size_t)cap * 8);
    if (!p) {
        e->failed = true;
        return false;
    }
    *array = p;
    e->cap[which] = cap;
    return true;
}

static void put(struct envelope *e, int which, int64_t v)
{
    void *p = e->v[which];
    if (room(e, which, &p)) {
        e->v[which] = p;
        e->v[which][e->n[which]++] = v;
    }
}

void envelope_int(struct envelope *e, int64_t v)
{
    put(e, ENV_INT, v);
}

void envelope_count(struct envelope *e, int64_t v)
{
    put(e, e->wide ? ENV_COUNT : ENV_INT, v);
}

void envelope_addr(struct envelope *e, int64_t v)
{
    put(e, e->wide ? ENV_COUNT : ENV_ADDR, v);
}

void envelope_type(struct envelope *e, struct datatype *t)
{
    void *p = e->types;
    if (room(e, ENV_TYPE, &p)) {
        e->types = p;
        e->types[e->n[ENV_TYPE]++] = datatype_ref(t);
    }
}

void envelope_free(struct envelope *e)
{
    if (!e)
        return;
    for (int64_t i = 0; i < e->n[ENV_TYPE]; i++)
        datatype_unref(e->types[i]);
    for (int i = 0; i < 3; i++)
        free(e->v[i]);
    free(e->types);
    free(e);
}

int mpi_type_get_envelope_c(struct datatype *t, MPI_Count *integers, MPI_Count *addresses, MPI_Count *counts,
                            MPI_Count *types, int *combiner)
{
    const struct envelope *e = t->envelope;
    *integers = e ? e->n[ENV_INT] : 0;
    *addresses = e ? e->n[ENV_ADDR] : 0;
    *counts = e ? e->n[ENV_COUNT] : 0;
    *types = e ? e->n[ENV_TYPE] : 0;
    *combiner = e ? e->combiner : MPI_COMBINER_NAMED;
    return MPI_SUCCESS;
}

int mpi_type_get_envelope(struct datatype *t, int *integers, int *addresses, int *types, int *combiner)
{
    MPI_Count i, a, c, d;
    mpi_type_get_envelope_c(t, &i, &a, &c, &d, combiner);
    if (c > 0)
        return MPI_ERR_TYPE;
    *integers = (int)i;
    *addresses = (int)a;
    *types = (int)d;
    return MPI_SUCCESS;
}

int mpi_type_get_contents_c(struct datatype *t, MPI_Count max_integers, MPI_Count max_addresses, MPI_Count max_counts,
                            MPI_Count max_types, int *integers, MPI_Aint addresses[], MPI_Count counts[],
                            MPI_Datatype types[])
{
    struct envelope *e = t->envelope;
    if (!e)
        return MPI_ERR_TYPE;
    if (max_integers < e->n[ENV_INT] || max_addresses < e->n[ENV_ADDR] || max_counts < e->n[ENV_COUNT] ||
        max_types < e->n[ENV_TYPE])
        return MPI_ERR_ARG;
    for (int64_t i = 0; i < e->n[ENV_INT]; i++)
        integers[i] = (int)e->v[ENV_INT][i];
    for (int64_t i = 0; i < e->n[ENV_ADDR]; i++)
        addresses[i] = e->v[ENV_ADDR][i];
    for (int64_t i = 0; i < e->n[ENV_COUNT]; i++)
        counts[i] = e->v[ENV_COUNT][i];
    /* The user frees what he gets, so it is a reference; predefined types need none. */
    for (int64_t i = 0; i < e->n[ENV_TYPE]; i++)
        types[i] = datatype_handle(datatype_ref(e->types[i]));
    return MPI_SUCCESS;
}

int mpi_type_get_contents(struct datatype *t, int max_integers, int max_addresses, int max_types, int *integers,
                          MPI_Aint addresses[], MPI_Datatype types[])
{
    if (t->envelope && t->envelope->n[ENV_COUNT] > 0)
        return MPI_ERR_TYPE;
    return mpi_type_get_contents_c(t, max_integers, max_addresses, 0, max_types, integers, addresses, NULL, types);
}
