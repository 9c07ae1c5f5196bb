/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Accumulates into memory: every predefined operation on every type that has it gives what the kernel of reductions
 * gives, for few elements and many, aligned or not, mapped or remote, with the old values or without; bytes beside the
 * elements stay; and ranks that mix all ways on the same elements lose nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include "lib/bindings/impl.h"
#include "lib/core/object.h"
#include "lib/rma/combine.h"

enum { RANKS = 4, MOST = 300, BYTES = MOST * 32, MARGIN = 64 };
static struct guard_place places[RANKS];

static bool everybody_lives(int rank)
{
    return true;
}
static struct guard guards[RANKS];

static int fake_read(int rank, void *to, uint64_t from, size_t n)
{
    memcpy(to, (void *)(uintptr_t)from, n);
    return 0;
}
static int fake_write(int rank, const void *from, uint64_t to, size_t n)
{
    memcpy((void *)(uintptr_t)to, from, n);
    return 0;
}
static const struct remote_memory remote = {0, fake_read, fake_write};

/* Values that no operation makes undefined: small, and truth values where the type has no others. */
static void fill(const struct datatype *basic, char *at, int n, unsigned seed)
{
    const struct basic *b = &basic_table[basic->basic];
    memset(at, 0, (size_t)(n * basic->extent));
    for (int i = 0; i < n; i++) {
        char *e = at + i * basic->extent;
        float x = (float)(rand_r(&seed) % 7 + 1);
        double y = x;
        if (b->class == BASIC_FLOATING && basic->extent == 4)
            memcpy(e, &x, sizeof x);
        else if (b->class == BASIC_FLOATING && basic->extent == 8)
            memcpy(e, &y, sizeof y);
        else if (b->class != BASIC_FLOATING && b->class != BASIC_COMPLEX && b->class != BASIC_PAIR)
            *e = b->class == BASIC_LOGICAL ? rand_r(&seed) % 2 : (char)x;
        else if (b->class == BASIC_PAIR)
            e[basic->true_extent - (basic->size - b->value)] = (char)x;
    }
}

struct buffers {
    _Alignas(64) char origin[BYTES + MARGIN], target[BYTES + MARGIN], result[BYTES + MARGIN], expect[BYTES + MARGIN],
        before[BYTES + MARGIN];
};

static void one_way(enum op_which op, struct datatype *basic, int n, int shift, bool wants_result, bool is_remote)
{
    static struct buffers b;
    size_t bytes = (size_t)(n * basic->extent);
    fill(basic, b.origin, n, 1);
    fill(basic, b.before, n, 2);
    memcpy(b.expect, b.before, bytes);
    if (op != NO_OP)
        op_kernels[basic->basic][op](b.origin, b.expect, b.expect, n);
    memmove(b.origin + shift, b.origin, bytes);
    memset(b.target, 0x55, sizeof b.target);
    memcpy(b.target + shift, b.before, bytes);
    memset(b.result, 0, sizeof b.result);
    struct combine c = {.guard = &guards[0],
                        .owner = 1,
                        .op = op,
                        .basic = basic,
                        .origin = {b.origin + shift, n, basic},
                        .target = {b.target + shift, n, basic},
                        .result = {b.result + shift, n, wants_result ? basic : NULL},
                        .remote = is_remote ? &remote : NULL};
    assert_int_equal(combine_elements(&c), 0);
    char a[BYTES], e[BYTES], was[BYTES], seen[BYTES];
    datatype_pack(basic, b.target + shift, n, 0, a, (size_t)(n * basic->size));
    datatype_pack(basic, b.expect, n, 0, e, (size_t)(n * basic->size));
    assert_memory_equal(a, e, n * basic->size);
    if (wants_result) {
        datatype_pack(basic, b.result + shift, n, 0, seen, (size_t)(n * basic->size));
        datatype_pack(basic, b.before, n, 0, was, (size_t)(n * basic->size));
        assert_memory_equal(seen, was, n * basic->size);
    }
    for (size_t i = bytes + (size_t)shift; i < sizeof b.target; i++)
        assert_int_equal(b.target[i], 0x55);
}

static void test_all_operations(void **state)
{
    static const int sizes[] = {1, 5, 100, MOST};
    for (int basic = 0; basic < BASIC_COUNT; basic++)
        for (int op = 0; op < OP_COUNT; op++)
            for (int way = 0; way < 4 * 2 * 2 * 2; way++)
                if (op == NO_OP || op_kernels[basic][op])
                    one_way((enum op_which)op, &basic_types[basic], sizes[way / 8], way & 1 ? 3 : 0, way & 2, way & 4);
}

/* Every second element of the target, the origin and the result in rows; what is between stays. */
static void test_strided(void **state)
{
    struct datatype *basic = &basic_types[BASIC_I_INT];
    for (int n = 1; n <= MOST; n = 3 * n + 1) {
        int origin[MOST], target[2 * MOST], result[MOST];
        MPI_Datatype h;
        assert_int_equal(mpi_type_vector(n, 1, 2, basic, &h), MPI_SUCCESS);
        struct datatype *every_second = datatype_of(h);
        for (int i = 0; i < n; i++)
            origin[i] = i, target[2 * i] = 1000 + i, target[2 * i + 1] = -1;
        struct combine c = {.guard = &guards[0],
                            .owner = 1,
                            .op = SUM,
                            .basic = basic,
                            .origin = {origin, n, basic},
                            .target = {target, 1, every_second},
                            .result = {result, n, basic}};
        assert_int_equal(combine_elements(&c), 0);
        for (int i = 0; i < n; i++) {
            assert_int_equal(result[i], 1000 + i);
            assert_int_equal(target[2 * i], 1000 + 2 * i);
            assert_int_equal(target[2 * i + 1], -1);
        }
        datatype_unref(every_second);
    }
}

static void test_compare_swap(void **state)
{
    static const int types[] = {BASIC_I_UINT8_T, BASIC_I_INT16_T, BASIC_I_INT, BASIC_I_LONG, BASIC_I_INTEGER16};
    for (int way = 0; way < 5 * 2 * 2; way++) {
        struct datatype *basic = &basic_types[types[way / 4]];
        _Alignas(16) char target[40] = {0}, origin[16], compare[16], result[16], zeros[16] = {0};
        char *at = target + (way & 1 ? 3 : 0);
        size_t n = (size_t)basic->size;
        memset(origin, 7, sizeof origin);
        memset(compare, 1, sizeof compare);
        struct combine c = {.guard = &guards[0],
                            .owner = 1,
                            .basic = basic,
                            .origin = {origin, 1, basic},
                            .target = {at, 1, basic},
                            .result = {result, 1, basic},
                            .remote = way & 2 ? &remote : NULL};
        assert_int_equal(combine_compare_swap(&c, compare), 0);
        assert_memory_equal(result, zeros, n);
        assert_memory_equal(at, zeros, n);
        assert_int_equal(combine_compare_swap(&c, zeros), 0);
        assert_memory_equal(result, zeros, n);
        assert_memory_equal(at, origin, n);
        assert_int_equal(at[n], 0);
    }
}

static void test_check(void **state)
{
    struct op own = {.which = -1}, sum = {.which = SUM}, band = {.which = BAND}, nothing = {.which = NO_OP};
    assert_int_equal(combine_check(&own, &basic_types[BASIC_I_INT]), MPI_ERR_OP);
    assert_int_equal(combine_check(&sum, &basic_types[BASIC_I_INT]), MPI_SUCCESS);
    assert_int_equal(combine_check(&band, &basic_types[BASIC_I_DOUBLE]), MPI_ERR_OP);
    assert_int_equal(combine_check(&nothing, &basic_types[BASIC_I_2INT]), MPI_SUCCESS);
}

/* Few and many elements of the same array, by all ranks. */
enum { ROUNDS = 400, ARRAY = 256 };
static _Alignas(64) double numbers[ARRAY];

static void *add_up(void *arg)
{
    int me = (int)(intptr_t)arg;
    struct datatype *basic = &basic_types[BASIC_I_DOUBLE];
    double ones[ARRAY];
    for (int i = 0; i < ARRAY; i++)
        ones[i] = 1;
    for (int i = 0; i < ROUNDS; i++)
        for (int at = 0, step = (i + me) % 4 == 0 ? ARRAY : 8; at < ARRAY; at += step) {
            struct combine c = {.guard = &guards[me],
                                .owner = 1,
                                .op = SUM,
                                .basic = basic,
                                .origin = {ones, step, basic},
                                .target = {numbers + at, step, basic}};
            combine_elements(&c);
        }
    return NULL;
}

static void test_mixed(void **state)
{
    pthread_t ids[RANKS];
    for (intptr_t i = 0; i < RANKS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, add_up, (void *)i), 0);
    for (int i = 0; i < RANKS; i++)
        pthread_join(ids[i], NULL);
    for (int i = 0; i < ARRAY; i++)
        assert_true(numbers[i] == RANKS * ROUNDS);
}

static int setup(void **state)
{
    for (int i = 0; i < RANKS; i++)
        guards[i] = (struct guard){.places = places, .count = RANKS, .me = i, .fence = true, .alive = everybody_lives};
    return datatype_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_operations), cmocka_unit_test(test_strided), cmocka_unit_test(test_compare_swap),
        cmocka_unit_test(test_check),          cmocka_unit_test(test_mixed),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
