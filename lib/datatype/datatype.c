/* SPDX-License-Identifier: BSD-3-Clause
 *
 * datatype: the predefined ones, life, and moving data. */
#include "lib/datatype/datatype.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/bytes.h"
#include "lib/datatype/basic.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/layout.h"

struct basic basic_table[BASIC_COUNT] = {
#define B(name, ctype, class)                                                                                          \
    [BASIC_I_##name] = {"MPI_" #name, MPI_##name, sizeof(ctype), alignof(ctype), BASIC_##class, 0},
#include "lib/datatype/basic.def"
#undef B
};
struct datatype basic_types[BASIC_COUNT];

/* Pairs whose members do not touch, or that end in padding. */
#define P(name, a)                                                                                                     \
    [BASIC_I_##name] = {sizeof(((struct a *)0)->value), offsetof(struct a, index), sizeof(((struct a *)0)->index)}
static const uint8_t pairs[BASIC_COUNT][3] = {
    P(FLOAT_INT, float_int), P(DOUBLE_INT, double_int),
    P(LONG_INT, long_int),   P(2INT, int_int),
    P(SHORT_INT, short_int), P(LONG_DOUBLE_INT, long_double_int),
    P(2REAL, float_float),   P(2DOUBLE_PRECISION, double_double),
    P(2INTEGER, int_int),
};
#undef P

static struct layout runs[BASIC_COUNT];
static struct layout_run members[BASIC_COUNT][3];

void datatype_measure(struct datatype *t)
{
    uint64_t size = (uint64_t)t->size, step = t->extent < 0 ? -(uint64_t)t->extent : (uint64_t)t->extent,
             x = size > step ? size : step;
    int bits = x > 1 ? 64 - __builtin_clzll(x - 1) : 0; /* x is at most 2^bits */
    t->max_count = bits <= 62 && datatype_high(t) - datatype_low(t) <= 1ll << 62 ? UINT64_C(1) << (62 - bits) : 0;
}

static void basic_init(int i)
{
    const struct basic *b = &basic_table[i];
    const uint8_t *pair = pairs[i];
    struct datatype *t = &basic_types[i];
    struct layout *l = &runs[i];
    *t = (struct datatype){.committed = true,
                           .dense = true,
                           .one_run = true,
                           .basic = (int8_t)i,
                           .align = b->align,
                           .size = b->size,
                           .extent = b->size,
                           .true_extent = b->size,
                           .elements = 1};
    if (b->class == BASIC_PAIR) {
        basic_table[i].value = pair[0];
        t->elements = 2;
        t->size = pair[0] + pair[2];
        t->true_extent = pair[1] + pair[2];
        t->one_run = pair[1] == pair[0];
        t->dense = t->size == t->extent;
        members[i][1] = (struct layout_run){pair[1], pair[0]};
        members[i][2].at = (uint32_t)t->size;
        *l = (struct layout){.refs = 1, .kind = LAYOUT_RUNS, .size = t->size, .count = 2, .runs = members[i]};
        if (t->one_run)
            *l = (struct layout){.refs = 1, .kind = LAYOUT_LOOP, .size = t->size, .count = 1, .each = t->size};
        t->layout = l;
    }
    datatype_measure(t);
    obj_predefine(&t->obj, OBJ_DATATYPE, (uintptr_t)b->handle);
}

int datatype_init(void)
{
    for (int i = 0; i < BASIC_COUNT; i++)
        basic_init(i);
    return MPI_SUCCESS;
}

/* One reference less; with the last one it goes before the others that are about to. */
static struct datatype *drop(struct datatype *t, struct datatype *going)
{
    if (!t || t->obj.predefined || --t->obj.refs > 0)
        return going;
    free(t->name);
    t->next = going;
    return t;
}

/* Types may be nested very deeply: one after the other. */
void datatype_unref(struct datatype *t)
{
    for (struct datatype *going = drop(t, NULL); going;) {
        t = going;
        going = t->next;
        struct envelope *e = t->envelope;
        while (e && e->n[ENV_TYPE] > 0)
            going = drop(e->types[--e->n[ENV_TYPE]], going);
        envelope_free(e);
        layout_unref(t->layout);
        obj_free(&t->obj);
    }
}

void datatype_pack(const struct datatype *t, const void *buf, MPI_Count count, MPI_Count from, void *out, size_t n)
{
    if (n == 0)
        return;
    if (datatype_is_run(t, count))
        bytes_copy_long(out, (const char *)buf + t->true_lb + from, n);
    else
        layout_pack(t->layout, t->extent, (const char *)buf + t->disp, from, out, n);
}

void datatype_unpack(const struct datatype *t, void *buf, MPI_Count count, MPI_Count from, const void *in, size_t n)
{
    if (n == 0)
        return;
    if (datatype_is_run(t, count))
        bytes_copy_long((char *)buf + t->true_lb + from, in, n);
    else
        layout_unpack(t->layout, t->extent, (char *)buf + t->disp, from, in, n);
}

int datatype_pieces(const struct datatype *t, void *buf, MPI_Count count, MPI_Count from, size_t *n, struct iovec *out,
                    int max)
{
    if (datatype_is_run(t, count)) {
        out[0] = (struct iovec){(char *)((uintptr_t)buf + (uintptr_t)t->true_lb + (uintptr_t)from), *n};
        return 1;
    }
    return layout_pieces(t->layout, t->extent, (char *)((uintptr_t)buf + (uintptr_t)t->disp), from, n, out, max);
}

int datatype_copy(const void *from, MPI_Count from_count, const struct datatype *from_type, void *to,
                  MPI_Count to_count, const struct datatype *to_type)
{
    MPI_Count n = from_count * from_type->size, room = to_count * to_type->size;
    if (n > room)
        n = room;
    if (n == 0)
        return MPI_SUCCESS;
    if (datatype_is_run(from_type, from_count) && datatype_is_run(to_type, to_count)) {
        memmove((char *)to + to_type->true_lb, (const char *)from + from_type->true_lb, (size_t)n);
    } else if (datatype_is_run(from_type, from_count)) {
        datatype_unpack(to_type, to, to_count, 0, (const char *)from + from_type->true_lb, (size_t)n);
    } else if (datatype_is_run(to_type, to_count)) {
        datatype_pack(from_type, from, from_count, 0, (char *)to + to_type->true_lb, (size_t)n);
    } else {
        char piece[16384];
        for (MPI_Count at = 0; at < n; at += (MPI_Count)sizeof piece) {
            size_t k = (size_t)(n - at) < sizeof piece ? (size_t)(n - at) : sizeof piece;
            datatype_pack(from_type, from, from_count, at, piece, k);
            datatype_unpack(to_type, to, to_count, at, piece, k);
        }
    }
    return MPI_SUCCESS;
}
