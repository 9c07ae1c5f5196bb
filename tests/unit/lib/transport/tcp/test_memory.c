/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Keys of memory for connections: what they allow, what they do not, and what they name when the memory is not
 * registered any more, or its place in the table is another one's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "lib/transport/tcp/memory.h"

enum { MANY = 100 };

struct owned {
    char bytes[64];
    unsigned char key[MEMORY_KEY];
    void *handle;
    uint64_t number;
};

static void own(struct owned *o, unsigned access)
{
    assert_true(memory_register(o->bytes, sizeof o->bytes, access, o->key, &o->handle));
    struct remote all = {o->key, MEMORY_KEY, 0};
    assert_int_equal(memory_check(all, sizeof o->bytes, access, &o->number), REMOTE_DONE);
}

static void test_bounds_and_access(void **state)
{
    struct owned o;
    uint64_t n;
    own(&o, MEM_GET);
    struct remote at = {o.key, MEMORY_KEY, 60};
    assert_int_equal(memory_check(at, 4, MEM_GET, &n), REMOTE_DONE);
    assert_int_equal(memory_check(at, 5, MEM_GET, &n), REMOTE_FAULT);
    assert_int_equal(memory_check(at, 4, MEM_PUT, &n), REMOTE_FAULT);
    at.offset = UINT64_MAX - 1;
    assert_int_equal(memory_check(at, 4, MEM_GET, &n), REMOTE_FAULT);
    at = (struct remote){o.key, MEMORY_KEY - 1, 0};
    assert_int_equal(memory_check(at, 4, MEM_GET, &n), REMOTE_FAULT);
    assert_ptr_equal(memory_at(o.number, 60, 4, MEM_GET), o.bytes + 60);
    assert_null(memory_at(o.number, 60, 5, MEM_GET));
    assert_null(memory_at(o.number, UINT64_MAX - 1, 4, MEM_GET));
    assert_null(memory_at(o.number, 0, 1, MEM_PUT));
    memory_deregister(o.handle);
    assert_null(memory_at(o.number, 0, 1, MEM_GET));
    memory_fini();
}

static int halves(const void *of, uint64_t at, size_t *n, struct iovec *v, int most)
{
    const struct owned *o = of;
    assert_true(most >= 1);
    size_t left = at < 32 ? 32 - at : 64 - at;
    *n = *n < left ? *n : left;
    v[0] = (struct iovec){(void *)(uintptr_t)(o->bytes + at), *n};
    return 1;
}

/* What lies in pieces is told piece by piece, within the same bounds; nothing lands in it. */
static void test_offers(void **state)
{
    struct owned o = {.bytes = ""};
    struct iovec v[2];
    size_t n = 64;
    uint64_t number;
    assert_true(memory_offer(&o, halves, 64, o.key, &o.handle));
    struct remote all = {o.key, MEMORY_KEY, 0};
    assert_int_equal(memory_check(all, 64, MEM_PUT, &number), REMOTE_FAULT);
    assert_int_equal(memory_check(all, 64, MEM_GET, &number), REMOTE_DONE);
    assert_true(memory_holds(number, 0, 64, MEM_GET) && !memory_holds(number, 1, 64, MEM_GET));
    assert_int_equal(memory_where(number, 0, &n, v, 2), 1);
    assert_true(n == 32 && v[0].iov_base == o.bytes);
    n = 20;
    assert_int_equal(memory_where(number, 40, &n, v, 2), 1);
    assert_true(n == 20 && v[0].iov_base == o.bytes + 40);
    n = 25;
    assert_int_equal(memory_where(number, 40, &n, v, 2), 0);
    assert_null(memory_at(number, 0, 1, MEM_GET));
    memory_deregister(o.handle);
    n = 1;
    assert_int_equal(memory_where(number, 0, &n, v, 2), 0);
    memory_fini();
}

static void test_numbers_are_not_used_again(void **state)
{
    static struct owned first[MANY], second[MANY];
    for (int i = 0; i < MANY; i++)
        own(&first[i], MEM_GET | MEM_PUT);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(memory_at(first[i].number, 1, 1, MEM_PUT), first[i].bytes + 1);
    for (int i = 0; i < MANY; i += 2)
        memory_deregister(first[i].handle);
    for (int i = 0; i < MANY; i++)
        own(&second[i], MEM_GET);
    for (int i = 0; i < MANY; i++) {
        assert_ptr_equal(memory_at(first[i].number, 0, 1, MEM_GET), i % 2 ? first[i].bytes : NULL);
        assert_ptr_equal(memory_at(second[i].number, 0, 1, MEM_GET), second[i].bytes);
    }
    assert_null(memory_at(UINT64_MAX, 0, 1, MEM_GET));
    memory_fini();
    assert_null(memory_at(second[0].number, 0, 1, MEM_GET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds_and_access), cmocka_unit_test(test_offers),
                                       cmocka_unit_test(test_numbers_are_not_used_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
