/* SPDX-License-Identifier: BSD-3-Clause
 *
 * status: what is asked of a status, or set in it. */
#include <limits.h>
#include "lib/bindings/impl.h"
#include "lib/bindings/check.h"
#include "lib/datatype/basic.h"
#include "lib/datatype/envelope.h"
#include "lib/request/request.h"

int mpi_get_count(const MPI_Status *status, struct datatype *t, MPI_Count *count)
{
    MPI_Count n = status_bytes(status);
    if (t->size == 0)
        *count = n == 0 ? 0 : MPI_UNDEFINED;
    else
        *count = n % t->size ? MPI_UNDEFINED : n / t->size;
    return MPI_SUCCESS;
}

/* Basic elements in the first *bytes bytes of one t; *bytes becomes what is left. */
static MPI_Count elements_in(const struct datatype *t, MPI_Count *bytes);

static MPI_Count elements_of(const struct datatype *t, MPI_Count n, MPI_Count *bytes)
{
    MPI_Count found = 0;
    while (t->size > 0 && n > 0) {
        MPI_Count whole = *bytes / t->size < n ? *bytes / t->size : n;
        found += whole * t->elements;
        *bytes -= whole * t->size;
        if (whole == n || *bytes == 0)
            break;
        if (!t->envelope || !envelope_single(t->envelope))
            return found + elements_in(t, bytes);
        t = t->envelope->types[0];
        n = LLONG_MAX / (t->size ? t->size : 1);
    }
    return found;
}

static MPI_Count elements_in(const struct datatype *t, MPI_Count *bytes)
{
    const struct envelope *e = t->envelope;
    MPI_Count found = 0;
    if (!e || e->n[ENV_TYPE] == 0) { /* Fortran's kinds have an envelope without types */
        const struct basic *b = &basic_table[t->basic];
        if (b->class != BASIC_PAIR)
            return 0;
        /* The first member of a pair came, not the second. */
        if (*bytes < b->value)
            return 0;
        *bytes -= b->value;
        return 1;
    }
    if (envelope_single(e))
        return elements_of(e->types[0], LLONG_MAX / (e->types[0]->size ? e->types[0]->size : 1), bytes);
    bool whole = true; /* what is left of a member in part is not the beginning of the next one */
    for (int64_t i = 0; i < e->n[ENV_TYPE] && *bytes > 0 && whole; i++) {
        whole = *bytes >= envelope_length(e, i) * e->types[i]->size;
        found += elements_of(e->types[i], envelope_length(e, i), bytes);
    }
    return found;
}

int mpi_get_elements(const MPI_Status *status, struct datatype *t, MPI_Count *count)
{
    MPI_Count left = status_bytes(status);
    if (t->size == 0) {
        *count = left == 0 ? 0 : MPI_UNDEFINED;
        return MPI_SUCCESS;
    }
    MPI_Count found = elements_of(t, LLONG_MAX / t->size, &left);
    *count = left ? MPI_UNDEFINED : found;
    return MPI_SUCCESS;
}

int mpi_get_elements_x(const MPI_Status *status, struct datatype *t, MPI_Count *count)
{
    return mpi_get_elements(status, t, count);
}

/* The elements of the first n basic elements' worth of bytes. */
int mpi_status_set_elements(MPI_Status *status, struct datatype *t, MPI_Count count)
{
    if (t->elements == 0)
        return MPI_SUCCESS;
    MPI_Count whole = count / t->elements, rest = count % t->elements, bytes;
    /* No memory is meant: what a status can say is enough. */
    if (count < 0 || __builtin_mul_overflow(whole, t->size, &bytes) || bytes > LLONG_MAX - t->size)
        return call_wrong_count("count", count, t);
    if (rest) {
        /* The shortest prefix that holds so many. */
        MPI_Count least = 1, most = t->size;
        while (least < most) {
            MPI_Count middle = least + (most - least) / 2, left = middle;
            if (elements_in(t, &left) >= rest)
                most = middle;
            else
                least = middle + 1;
        }
        bytes += least;
    }
    status_set_bytes(status, bytes);
    return MPI_SUCCESS;
}

int mpi_status_set_elements_x(MPI_Status *status, struct datatype *t, MPI_Count count)
{
    return mpi_status_set_elements(status, t, count);
}

int mpi_status_set_cancelled(MPI_Status *status, int flag)
{
    status->MPI_internal[2] = flag != 0;
    return MPI_SUCCESS;
}

int mpi_test_cancelled(const MPI_Status *status, int *flag)
{
    *flag = status->MPI_internal[2];
    return MPI_SUCCESS;
}

#define FIELD(name, FIELD_NAME)                                                                                        \
    int mpi_status_get_##name(const MPI_Status *status, int *value)                                                    \
    {                                                                                                                  \
        *value = status->FIELD_NAME;                                                                                   \
        return MPI_SUCCESS;                                                                                            \
    }                                                                                                                  \
    int mpi_status_set_##name(MPI_Status *status, int value)                                                           \
    {                                                                                                                  \
        status->FIELD_NAME = value;                                                                                    \
        return MPI_SUCCESS;                                                                                            \
    }
FIELD(source, MPI_SOURCE)
FIELD(tag, MPI_TAG)
FIELD(error, MPI_ERROR)
