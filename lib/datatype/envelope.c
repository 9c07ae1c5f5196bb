/* SPDX-License-Identifier: BSD-3-Clause
 *
 * envelope: how a datatype was made, for MPI_Type_get_contents and what walks along it. */
#include "lib/datatype/envelope.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"

static int kind_of(enum arg_kind as, bool wide)
{
    if (as == ARG_INT)
        return ENV_INT;
    return wide ? ENV_COUNT : as == ARG_ADDR ? ENV_ADDR : ENV_INT;
}

static void put(struct envelope *e, const struct constructor_arg *s)
{
    int kind = kind_of(s->as, e->wide);
    int64_t *at = &e->n[kind], *wide = kind == ENV_ADDR ? e->addrs : e->counts;
    size_t n = s->list.at ? (size_t)s->n : 1;
    if (s->list.at && n) /* a list is as wide as its place */
        memcpy(kind == ENV_INT ? (void *)(e->ints + *at) : wide + *at, s->list.at, n * (kind == ENV_INT ? 4 : 8));
    else if (n && kind == ENV_INT)
        e->ints[*at] = (int)s->one;
    else if (n)
        wide[*at] = s->one;
    *at += (int64_t)n;
}

struct envelope *envelope_new(int combiner, bool wide, const struct constructor_arg *args, MPI_Count types)
{
    int64_t n[ENV_KINDS] = {0};
    for (const struct constructor_arg *s = args; s->as; s++)
        n[kind_of(s->as, wide)] += s->list.at ? s->n : 1;
    struct envelope *e = malloc(sizeof *e + (size_t)(n[ENV_ADDR] + n[ENV_COUNT] + types) * 8 + (size_t)n[ENV_INT] * 4);
    if (!e)
        return NULL;
    *e = (struct envelope){.combiner = combiner, .wide = wide};
    e->addrs = (int64_t *)(e + 1);
    e->counts = e->addrs + n[ENV_ADDR];
    e->types = (struct datatype **)(e->counts + n[ENV_COUNT]);
    e->ints = (int *)(e->types + types);
    for (const struct constructor_arg *s = args; s->as; s++)
        put(e, s);
    return e;
}

void envelope_type(struct envelope *e, struct datatype *t)
{
    e->types[e->n[ENV_TYPE]++] = datatype_ref(t);
}

void envelope_free(struct envelope *e)
{
    if (!e)
        return;
    for (int64_t i = 0; i < e->n[ENV_TYPE]; i++)
        datatype_unref(e->types[i]);
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

/* The array of none may be NULL. */
static void give(void *to, const void *from, int64_t n, size_t each)
{
    if (n)
        memcpy(to, from, (size_t)n * each);
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
    give(integers, e->ints, e->n[ENV_INT], sizeof *e->ints);
    give(addresses, e->addrs, e->n[ENV_ADDR], sizeof *e->addrs);
    give(counts, e->counts, e->n[ENV_COUNT], sizeof *e->counts);
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
