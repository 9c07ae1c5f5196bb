/* SPDX-License-Identifier: BSD-3-Clause
 *
 * external: external32, the byte order and sizes that the standard gives to data outside of a process. Data are packed
 * natively first; the elements of a packed stream are then known from the type's construction alone. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/envelope.h"

/* A basic element: how many numbers, their size here and outside, and what they are. */
struct form {
    uint8_t numbers, here, outside;
    char what; /* i signed, u unsigned, f as it is, x extended precision */
};

static struct form form_of(int basic)
{
    const struct basic *b = &basic_table[basic];
    struct form f = {1, b->size, b->size, 'i'};
    switch (basic) {
    case BASIC_I_LONG:
        f.outside = 4;
        return f;
    case BASIC_I_UNSIGNED_LONG:
        f.outside = 4, f.what = 'u';
        return f;
    case BASIC_I_WCHAR:
        f.outside = 2, f.what = 'u';
        return f;
    case BASIC_I_LONG_DOUBLE:
        f.what = 'x';
        return f;
    case BASIC_I_C_LONG_DOUBLE_COMPLEX:
    case BASIC_I_CXX_LONG_DOUBLE_COMPLEX:
        return (struct form){2, 16, 16, 'x'};
    default:
        f.what = 'f';
    }
    if (b->class == BASIC_COMPLEX)
        f.numbers = 2, f.here = f.outside = b->size / 2;
    return f;
}

/* The two members of a pair, as basic types. */
static bool pair_of(int basic, int *value, int *index)
{
    static const struct {
        int pair, value, index;
    } pairs[] = {{BASIC_I_FLOAT_INT, BASIC_I_FLOAT, BASIC_I_INT},
                 {BASIC_I_DOUBLE_INT, BASIC_I_DOUBLE, BASIC_I_INT},
                 {BASIC_I_LONG_INT, BASIC_I_LONG, BASIC_I_INT},
                 {BASIC_I_2INT, BASIC_I_INT, BASIC_I_INT},
                 {BASIC_I_SHORT_INT, BASIC_I_SHORT, BASIC_I_INT},
                 {BASIC_I_LONG_DOUBLE_INT, BASIC_I_LONG_DOUBLE, BASIC_I_INT},
                 {BASIC_I_2REAL, BASIC_I_REAL, BASIC_I_REAL},
                 {BASIC_I_2DOUBLE_PRECISION, BASIC_I_DOUBLE_PRECISION, BASIC_I_DOUBLE_PRECISION},
                 {BASIC_I_2INTEGER, BASIC_I_INTEGER, BASIC_I_INTEGER}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].pair == basic) {
            *value = pairs[i].value;
            *index = pairs[i].index;
            return true;
        }
    return false;
}

struct stream {
    unsigned char *here, *outside; /* NULL here: only count */
    bool out;
    MPI_Count bytes; /* outside */
};

/* Little-endian here, most significant first outside. */
static void number(struct stream *s, const struct form *f)
{
    unsigned char *in = s->out ? s->here : s->outside, *to = s->out ? s->outside : s->here, tmp[16];
    int n = s->out ? f->here : f->outside, m = s->out ? f->outside : f->here;
    for (int i = 0; i < n; i++)
        tmp[i] = s->out ? in[i] : in[n - 1 - i];
    if (f->what == 'x' && s->out) {
        long double x;
        memcpy(&x, tmp, sizeof x);
        _Float128 q = x;
        memcpy(tmp, &q, sizeof q);
    } else if (f->what == 'x') {
        _Float128 q;
        memcpy(&q, tmp, sizeof q);
        long double x = (long double)q;
        memset(tmp, 0, sizeof tmp);
        memcpy(tmp, &x, 10);
    }
    for (int i = n; i < m; i++)
        tmp[i] = f->what == 'i' && tmp[n - 1] & 0x80 ? 0xff : 0;
    for (int i = 0; i < m; i++)
        to[s->out ? m - 1 - i : i] = tmp[i];
}

static void basics(struct stream *s, int basic, MPI_Count n)
{
    int value, index;
    if (pair_of(basic, &value, &index)) {
        for (MPI_Count i = 0; i < n; i++) {
            basics(s, value, 1);
            basics(s, index, 1);
        }
        return;
    }
    struct form f = form_of(basic);
    n *= f.numbers;
    s->bytes += n * f.outside;
    if (!s->here)
        return;
    for (MPI_Count i = 0; i < n; i++) {
        number(s, &f);
        s->here += f.here;
        s->outside += f.outside;
    }
}

static void walk(struct stream *s, const struct datatype *t, MPI_Count n)
{
    const struct envelope *e = t->envelope;
    if (t->elements == 0)
        return;
    if (!e || e->n[ENV_TYPE] == 0) {
        basics(s, t->basic, n);
    } else if (e->combiner == MPI_COMBINER_STRUCT) {
        for (MPI_Count k = 0; k < n; k++)
            for (int64_t i = 0; i < e->n[ENV_TYPE]; i++)
                walk(s, e->types[i], envelope_length(e, i));
    } else {
        walk(s, e->types[0], n * (t->elements / e->types[0]->elements));
    }
}

static int known(const char *datarep)
{
    return strcmp(datarep, "external32") == 0 ? MPI_SUCCESS : MPI_ERR_ARG;
}

static MPI_Count external_size(const struct datatype *t, MPI_Count n)
{
    struct stream s = {0};
    walk(&s, t, n);
    return s.bytes;
}

int mpi_pack_external_size(const char *datarep, MPI_Count count, struct datatype *t, MPI_Count *size)
{
    if (known(datarep) == MPI_SUCCESS)
        *size = external_size(t, count);
    return known(datarep);
}

static int convert(bool out, void *native, void *outside, MPI_Count count, const struct datatype *t, MPI_Count room,
                   MPI_Count *position)
{
    MPI_Count bytes = external_size(t, count), n = count * t->size;
    if (*position < 0 || bytes > room - *position)
        return MPI_ERR_TRUNCATE;
    unsigned char *tmp = malloc((size_t)n + 1);
    if (!tmp)
        return MPI_ERR_NO_MEM;
    struct stream s = {tmp, (unsigned char *)outside + *position, out, 0};
    if (out)
        datatype_pack(t, native, count, 0, tmp, (size_t)n);
    walk(&s, t, count);
    if (!out)
        datatype_unpack(t, native, count, 0, tmp, (size_t)n);
    free(tmp);
    *position += bytes;
    return MPI_SUCCESS;
}

int mpi_pack_external(const char *datarep, const void *in, MPI_Count count, struct datatype *t, void *out,
                      MPI_Count outsize, MPI_Count *position)
{
    if (known(datarep) != MPI_SUCCESS)
        return known(datarep);
    return convert(true, (void *)(uintptr_t)in, out, count, t, outsize, position);
}

int mpi_unpack_external(const char *datarep, const void *in, MPI_Count insize, MPI_Count *position, void *out,
                        MPI_Count count, struct datatype *t)
{
    if (known(datarep) != MPI_SUCCESS)
        return known(datarep);
    return convert(false, out, (void *)(uintptr_t)in, count, t, insize, position);
}
