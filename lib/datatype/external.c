/* SPDX-License-Identifier: BSD-3-Clause
 *
 * external: external32, the byte order and sizes that the standard gives to data outside of a process. Data are packed
 * natively first; the elements of a packed stream are then known from the type's construction alone. */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/datatype/byteswap.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/external.h"

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
    unsigned char *here, *outside;
    bool out;
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

static void numbers(struct stream *s, const struct form *f, MPI_Count n)
{
    n *= f->numbers;
    if (f->here == f->outside && f->what != 'x') {
        byteswap(s->out ? s->outside : s->here, s->out ? s->here : s->outside, (size_t)n, f->here);
        s->here += n * f->here;
        s->outside += n * f->outside;
        return;
    }
    for (MPI_Count i = 0; i < n; i++, s->here += f->here, s->outside += f->outside)
        number(s, f);
}

static void basics(struct stream *s, int basic, MPI_Count n)
{
    int value, index;
    if (!pair_of(basic, &value, &index)) {
        struct form f = form_of(basic);
        numbers(s, &f, n);
        return;
    }
    struct form first = form_of(value), second = form_of(index);
    for (MPI_Count i = 0; i < n; i++) {
        numbers(s, &first, 1);
        numbers(s, &second, 1);
    }
}

static void walk(struct stream *s, const struct datatype *t, MPI_Count n)
{
    if (t->elements == 0)
        return;
    t = envelope_kernel(t, &n);
    const struct envelope *e = t->envelope;
    if (t->basic >= 0) {
        basics(s, t->basic, n * envelope_basics(t));
        return;
    }
    for (MPI_Count k = 0; k < n; k++)
        for (int64_t i = 0; i < e->n[ENV_TYPE]; i++)
            walk(s, e->types[i], envelope_length(e, i));
}

MPI_Count external_basic(int basic)
{
    int value, index;
    if (pair_of(basic, &value, &index))
        return external_basic(value) + external_basic(index);
    struct form f = form_of(basic);
    return f.numbers * f.outside;
}

void external_convert(const struct datatype *t, MPI_Count n, void *native, void *external, bool out)
{
    struct stream s = {native, external, out};
    walk(&s, t, n);
}

/* Bytes of one t outside. */
static MPI_Count size_outside(const struct datatype *t)
{
    MPI_Count times = 1, n = 0;
    if (t->elements == 0)
        return 0;
    t = envelope_kernel(t, &times);
    const struct envelope *e = t->envelope;
    if (t->basic >= 0)
        return times * envelope_basics(t) * external_basic(t->basic);
    for (int64_t i = 0; i < e->n[ENV_TYPE]; i++)
        n += envelope_length(e, i) * size_outside(e->types[i]);
    return times * n;
}

static int known(const char *datarep)
{
    return strcmp(datarep, "external32") == 0 ? MPI_SUCCESS : MPI_ERR_ARG;
}

int mpi_pack_external_size(const char *datarep, MPI_Count count, struct datatype *t, MPI_Count *size)
{
    int rc = known(datarep);
    if (rc == MPI_SUCCESS && __builtin_mul_overflow(count, size_outside(t), size))
        *size = MPI_UNDEFINED;
    return rc;
}

/* By way of the packed form, so many elements at a time that they stay in the nearest cache. */
static int convert_pieces(struct stream *s, void *native, MPI_Count count, const struct datatype *t)
{
    enum { NEAR = 8192 };
    unsigned char near[NEAR];
    MPI_Count batch = t->size < NEAR ? NEAR / t->size : 1, k;
    unsigned char *tmp = t->size <= NEAR ? near : malloc((size_t)t->size);
    if (!tmp)
        return MPI_ERR_NO_MEM;
    for (MPI_Count i = 0; i < count; i += k) {
        k = count - i < batch ? count - i : batch;
        s->here = tmp;
        if (s->out)
            datatype_pack(t, native, count, i * t->size, tmp, (size_t)(k * t->size));
        walk(s, t, k);
        if (!s->out)
            datatype_unpack(t, native, count, i * t->size, tmp, (size_t)(k * t->size));
    }
    if (tmp != near)
        free(tmp);
    return MPI_SUCCESS;
}

static int convert(bool out, void *native, void *outside, MPI_Count count, const struct datatype *t, MPI_Count room,
                   MPI_Count *position)
{
    MPI_Count bytes = count * size_outside(t), n = count * t->size;
    if (*position < 0 || bytes > room - *position)
        return MPI_ERR_TRUNCATE;
    struct stream s = {NULL, (unsigned char *)outside + *position, out};
    int rc = MPI_SUCCESS;
    if (n > 0 && datatype_is_run(t, count)) {
        s.here = (unsigned char *)native + t->true_lb;
        walk(&s, t, count);
    } else if (n > 0) {
        rc = convert_pieces(&s, native, count, t);
    }
    if (rc != MPI_SUCCESS)
        return rc;
    *position += bytes;
    return MPI_SUCCESS;
}

int mpi_pack_external(const char *datarep, const void *in, MPI_Count count, struct datatype *t, void *out,
                      MPI_Count outsize, MPI_Count *position)
{
    int rc = known(datarep);
    return rc != MPI_SUCCESS ? rc : convert(true, (void *)(uintptr_t)in, out, count, t, outsize, position);
}

int mpi_unpack_external(const char *datarep, const void *in, MPI_Count insize, MPI_Count *position, void *out,
                        MPI_Count count, struct datatype *t)
{
    int rc = known(datarep);
    return rc != MPI_SUCCESS ? rc : convert(false, out, (void *)(uintptr_t)in, count, t, insize, position);
}
