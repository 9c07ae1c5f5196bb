/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Two layouts walked side by side give each element once and in order, whatever they are, up to millions of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/bindings/impl.h"
#include "lib/core/object.h"
#include "lib/rma/elements.h"

enum { TYPES = 400, ROOM = 1 << 16 };
static unsigned seed = 5;

static int64_t pick(int64_t n)
{
    return rand_r(&seed) % n;
}

static struct datatype *type_of(MPI_Datatype h)
{
    struct datatype *t = datatype_of(h);
    assert_non_null(t);
    return t;
}

/* A type of elements of `basic` that begins at 0 or behind and is nested so often. */
static struct datatype *any_type(struct datatype *basic, int depth)
{
    MPI_Datatype h;
    struct datatype *inner = depth > 0 ? any_type(basic, depth - 1) : datatype_ref(basic);
    int count = 1 + (int)pick(4), lengths[4], places[4];
    for (int i = 0, at = 0; i < 4; i++) {
        lengths[i] = 1 + (int)pick(3);
        places[i] = at;
        at += lengths[i] + (int)pick(3);
    }
    if (pick(2)) {
        assert_int_equal(mpi_type_vector(count, lengths[0], lengths[0] + pick(3), inner, &h), MPI_SUCCESS);
    } else {
        struct ints n = {lengths, false}, at = {places, false};
        assert_int_equal(mpi_type_indexed(count, n, at, inner, &h), MPI_SUCCESS);
    }
    datatype_unref(inner);
    return type_of(h);
}

/* Where each element lies, learnt from its packed form: memory that holds its own addresses. */
static void places_of(const struct datatype *t, MPI_Count count, size_t size, uint16_t *memory, MPI_Count *places)
{
    MPI_Count n = count * t->size / (MPI_Count)size;
    uint16_t *packed = malloc((size_t)(count * t->size));
    datatype_pack(t, memory, count, 0, packed, (size_t)(count * t->size));
    for (MPI_Count i = 0; i < n; i++)
        places[i] = packed[i * (MPI_Count)(size / sizeof *packed)] * (MPI_Count)sizeof *packed;
    free(packed);
}

static void walk(struct datatype *basic, struct datatype *a, MPI_Count a_count, struct datatype *b, MPI_Count b_count,
                 MPI_Count n)
{
    static uint16_t memory[ROOM];
    size_t size = (size_t)basic->size;
    for (size_t i = 0; i < ROOM; i++)
        memory[i] = (uint16_t)i;
    MPI_Count *in_a = malloc((size_t)(a_count * a->size) * 8), *in_b = malloc((size_t)(b_count * b->size) * 8),
              seen = 0, k;
    places_of(a, a_count, size, memory, in_a);
    places_of(b, b_count, size, memory, in_b);
    struct elements e;
    char *at[ELEMENTS_SIDES];
    elements_init(&e, basic, n);
    elements_add(&e, (struct operand){memory, a_count, a});
    elements_add(&e, (struct operand){memory, b_count, b});
    while ((k = elements_next(&e, 1 + pick(20), at)) > 0)
        for (MPI_Count i = 0; i < k; i++, seen++) {
            assert_int_equal(at[0] + i * basic->extent - (char *)memory, in_a[seen]);
            assert_int_equal(at[1] + i * basic->extent - (char *)memory, in_b[seen]);
        }
    assert_int_equal(seen, n);
    free(in_a);
    free(in_b);
}

static void test_any_types(void **state)
{
    static const int basics[] = {BASIC_I_SHORT,     BASIC_I_INT,  BASIC_I_DOUBLE,          BASIC_I_DOUBLE_INT,
                                 BASIC_I_SHORT_INT, BASIC_I_2INT, BASIC_I_C_DOUBLE_COMPLEX};
    for (int i = 0; i < TYPES; i++) {
        struct datatype *basic = &basic_types[basics[pick(7)]];
        struct datatype *a = any_type(basic, (int)pick(3)), *b = any_type(basic, (int)pick(3));
        MPI_Count per_a = a->size / basic->size, per_b = b->size / basic->size, n = per_a * per_b;
        struct datatype *low = a->extent > b->extent ? a : b;
        if (low->extent * (per_a > per_b ? per_a : per_b) < ROOM)
            walk(basic, a, per_b, b, per_a, n);
        datatype_unref(a);
        datatype_unref(b);
    }
}

/* Addresses that are only counted with; millions of blocks. */
static void test_millions_of_blocks(void **state)
{
    enum { BLOCKS = 3000000 };
    MPI_Datatype h;
    struct elements e;
    char *at[ELEMENTS_SIDES];
    assert_int_equal(mpi_type_vector(BLOCKS, 1, 2, &basic_types[BASIC_I_INT], &h), MPI_SUCCESS);
    struct datatype *every_second = type_of(h);
    elements_init(&e, &basic_types[BASIC_I_INT], BLOCKS);
    elements_add(&e, (struct operand){(void *)(uintptr_t)4096, 1, every_second});
    elements_add(&e, (struct operand){(void *)(uintptr_t)(1 << 20), BLOCKS, &basic_types[BASIC_I_INT]});
    for (MPI_Count i = 0; i < BLOCKS; i++) {
        assert_int_equal(elements_next(&e, BLOCKS, at), 1);
        assert_true((uintptr_t)at[0] == 4096 + (uintptr_t)i * 8);
        assert_true((uintptr_t)at[1] == (1 << 20) + (uintptr_t)i * 4);
    }
    assert_int_equal(elements_next(&e, BLOCKS, at), 0);
    datatype_unref(every_second);
}

static int setup(void **state)
{
    return datatype_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_types),
        cmocka_unit_test(test_millions_of_blocks),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
