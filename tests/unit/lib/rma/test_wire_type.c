/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A type that is told moves the same bytes as the one that was described, whatever it is; what is cut off or changed is
 * refused, or moves nothing but what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/bindings/impl.h"
#include "lib/core/object.h"
#include "lib/datatype/layout.h"
#include "lib/rma/wire_type.h"

enum { TYPES = 400, ROOM = 1 << 20, MIDDLE = ROOM / 2 };
static unsigned seed = 11;
static unsigned char memory[ROOM], packed[2][ROOM];

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

static struct datatype *any_type(int depth)
{
    static const int basics[] = {BASIC_I_CHAR, BASIC_I_INT, BASIC_I_DOUBLE, BASIC_I_DOUBLE_INT, BASIC_I_SHORT_INT};
    if (depth == 0)
        return &basic_types[basics[pick(5)]];
    MPI_Datatype h;
    struct datatype *inner = any_type(depth - 1);
    int count = 1 + (int)pick(4), lengths[4], places[4];
    int64_t at[4];
    MPI_Datatype types[4];
    for (int i = 0, place = 0; i < 4; i++) {
        struct datatype *other = pick(2) ? inner : &basic_types[BASIC_I_INT];
        lengths[i] = 1 + (int)pick(3);
        places[i] = place;
        at[i] = place * 64 - pick(200);
        types[i] = datatype_handle(other);
        place += lengths[i] + (int)pick(3);
    }
    int rc;
    if (pick(3) == 0)
        rc = mpi_type_vector(count, lengths[0], lengths[0] + pick(3), inner, &h);
    else if (pick(2))
        rc = mpi_type_indexed(count, (struct ints){lengths, false}, (struct ints){places, false}, inner, &h);
    else
        rc = mpi_type_create_struct(count, (struct ints){lengths, false}, at, types, &h);
    assert_int_equal(rc, MPI_SUCCESS);
    datatype_unref(inner);
    return type_of(h);
}

static struct wire_type *told(const struct datatype *t, struct buf *b)
{
    struct wire_type *got = NULL;
    buf_init(b);
    wire_type_encode(b, t);
    assert_false(b->failed);
    assert_int_equal(wire_type_decode(b->data, b->len, &got), MPI_SUCCESS);
    return got;
}

static void same(const struct datatype *t, const struct datatype *got)
{
    MPI_Count count = 1 + pick(3), n = count * t->size;
    assert_true(got->size == t->size && got->extent == t->extent && got->basic == t->basic);
    assert_true(got->true_lb == t->true_lb && got->true_extent == t->true_extent);
    assert_true(got->dense == t->dense && got->one_run == t->one_run);
    if (n > ROOM || t->true_extent + count * llabs(t->extent) > MIDDLE || llabs(t->true_lb) > MIDDLE / 2)
        return;
    MPI_Count from = pick(n), most = n - from;
    datatype_pack(t, memory + MIDDLE / 2, count, from, packed[0], (size_t)most);
    datatype_pack(got, memory + MIDDLE / 2, count, from, packed[1], (size_t)most);
    assert_memory_equal(packed[0], packed[1], (size_t)most);
}

static void types_are_told(void **unused)
{
    for (int i = 0; i < ROOM; i++)
        memory[i] = (unsigned char)pick(256);
    for (int i = 0; i < TYPES; i++) {
        struct buf b;
        struct datatype *t = any_type(1 + (int)pick(4));
        struct wire_type *got = told(t, &b);
        same(t, &got->type);
        wire_type_unref(got);
        for (size_t n = 0; n < b.len && n < 200; n++) {
            struct wire_type *part = NULL;
            assert_int_equal(wire_type_decode(b.data, n, &part), MPI_ERR_TYPE);
        }
        buf_fini(&b);
        datatype_unref(t);
    }
}

/* Each level has the one below twice: told once each, whatever comes of it. */
static void shared_parts_are_told_once(void **unused)
{
    struct datatype *t = &basic_types[BASIC_I_INT];
    struct buf b;
    for (int i = 0; i < 40; i++) {
        MPI_Datatype h;
        int ones[2] = {1, 1};
        int64_t at[2] = {i % 3, t->extent + 4 + i};
        MPI_Datatype both[2] = {datatype_handle(t), datatype_handle(t)};
        assert_int_equal(mpi_type_create_struct(2, (struct ints){ones, false}, at, both, &h), MPI_SUCCESS);
        datatype_unref(t);
        t = type_of(h);
    }
    struct wire_type *got = told(t, &b);
    assert_true(got->type.size == t->size && b.len < 8192);
    wire_type_unref(got);
    buf_fini(&b);
    datatype_unref(t);
}

/* A description of one node. */
static int decode_loop(MPI_Count count, MPI_Count stride, MPI_Count each, uint32_t child, uint32_t basic)
{
    struct buf b;
    struct wire_type *got = NULL;
    buf_init(&b);
    buf_put_u64(&b, 64);
    buf_put_u64(&b, 0);
    buf_put_u32(&b, basic);
    buf_put_u64(&b, (uint64_t)count * (uint64_t)each);
    buf_put_u32(&b, 1);
    buf_put_u8(&b, LAYOUT_LOOP);
    buf_put_u64(&b, (uint64_t)count);
    buf_put_u64(&b, (uint64_t)stride);
    buf_put_u64(&b, (uint64_t)each);
    buf_put_u32(&b, child);
    int rc = wire_type_decode(b.data, b.len, &got);
    wire_type_unref(got);
    buf_fini(&b);
    return rc;
}

static void what_cannot_be_is_refused(void **unused)
{
    uint32_t ints = 1 + BASIC_I_INT;
    assert_int_equal(decode_loop(4, 8, 4, 0, ints), MPI_SUCCESS);
    assert_int_equal(decode_loop(0, 8, 4, 0, ints), MPI_ERR_TYPE);
    assert_int_equal(decode_loop(4, 8, 0, 0, ints), MPI_ERR_TYPE);
    assert_int_equal(decode_loop(4, 8, -4, 0, ints), MPI_ERR_TYPE);
    assert_int_equal(decode_loop(4, 8, 4, 1, ints), MPI_ERR_TYPE); /* itself */
    assert_int_equal(decode_loop(4, 8, 6, 0, ints), MPI_ERR_TYPE); /* half an int */
    assert_int_equal(decode_loop(4, INT64_MAX / 2, 4, 0, ints), MPI_ERR_TYPE);
    assert_int_equal(decode_loop(INT64_MAX, 4, 4, 0, ints), MPI_ERR_TYPE);
    assert_int_equal(decode_loop(4, 8, 4, 0, 2 + BASIC_COUNT), MPI_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told),
        cmocka_unit_test(shared_parts_are_told_once),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
