/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_table.c: names that are published, waited for and left, up to the limit of memory.
 */
#include "registry/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ROOM ((size_t)1 << 20)

struct seen {
    struct name_owner *of[8];
    uint64_t id[8];
    char port[8][16];
    unsigned n;
};

static void on_found(void *arg, struct name_owner *of, uint64_t id, struct bytes port)
{
    struct seen *s = arg;
    assert_true(s->n < 8 && port.len < 16);
    s->of[s->n] = of;
    s->id[s->n] = id;
    memcpy(s->port[s->n++], port.data, port.len);
}

static struct bytes text(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

static int publish(struct name_table *t, struct name_owner *o, const char *name, const char *port)
{
    return (int)name_table_publish(t, o, &(struct registry_entry){text(name), text(port), 1, 2, 0});
}

static int look(struct name_table *t, struct name_owner *o, uint64_t id, const char *name, bool wait,
                const char *expected)
{
    struct bytes port = {NULL, 0};
    int rc = (int)name_table_lookup(t, o, &(struct registry_lookup){id, wait, text(name)}, &port);
    if (rc == REGISTRY_DONE_WELL)
        assert_true(port.len == strlen(expected) && memcmp(port.data, expected, port.len) == 0);
    return rc;
}

static void one_of_several_publishes(void **state)
{
    struct seen seen = {.n = 0};
    struct name_table *t = name_table_create(ROOM, on_found, &seen);
    struct name_owner a = {.waits = NULL}, b = {.waits = NULL};
    assert_int_equal(look(t, &b, 1, "x", false, NULL), REGISTRY_ABSENT);
    assert_int_equal(publish(t, &a, "x", "here"), REGISTRY_DONE_WELL);
    assert_int_equal(publish(t, &a, "x", "again"), REGISTRY_TAKEN);
    assert_int_equal(publish(t, &b, "x", "there"), REGISTRY_TAKEN);
    assert_int_equal(look(t, &b, 1, "x", true, "here"), REGISTRY_DONE_WELL);
    assert_int_equal(name_table_unpublish(t, &b, text("x")), REGISTRY_FOREIGN);
    assert_int_equal(name_table_unpublish(t, &a, text("x")), REGISTRY_DONE_WELL);
    assert_int_equal(name_table_unpublish(t, &a, text("x")), REGISTRY_ABSENT);
    assert_int_equal(publish(t, &b, "x", ""), REGISTRY_DONE_WELL);
    assert_int_equal(publish(t, &b, "", "of no name"), REGISTRY_DONE_WELL);
    assert_int_equal(look(t, &a, 1, "x", false, ""), REGISTRY_DONE_WELL);
    assert_int_equal(look(t, &a, 1, "", false, "of no name"), REGISTRY_DONE_WELL);
    assert_int_equal(name_table_count(t), 2);
    name_table_leave(t, &b);
    assert_int_equal(name_table_count(t), 0);
    assert_int_equal(look(t, &a, 1, "x", false, NULL), REGISTRY_ABSENT);
    name_table_leave(t, &a);
    assert_int_equal(seen.n, 0);
    name_table_destroy(t);
}

static void who_waits_is_told_once(void **state)
{
    struct seen seen = {.n = 0};
    struct name_table *t = name_table_create(ROOM, on_found, &seen);
    struct name_owner a = {.waits = NULL}, b = {.waits = NULL}, c = {.waits = NULL};
    assert_int_equal(look(t, &a, 1, "x", true, NULL), REGISTRY_RESULTS);
    assert_int_equal(look(t, &a, 2, "x", true, NULL), REGISTRY_RESULTS);
    assert_int_equal(look(t, &b, 1, "x", true, NULL), REGISTRY_RESULTS);
    assert_int_equal(look(t, &c, 1, "x", true, NULL), REGISTRY_RESULTS);
    assert_int_equal(look(t, &a, 3, "y", true, NULL), REGISTRY_RESULTS);
    assert_int_equal(look(t, &a, 3, "z", true, NULL), REGISTRY_FULL); /* a number that waits already */
    name_table_forget(t, &a, 2);
    name_table_forget(t, &a, 7);
    name_table_leave(t, &c);
    assert_int_equal(publish(t, &b, "x", "here"), REGISTRY_DONE_WELL);
    assert_int_equal(seen.n, 2);
    assert_true(seen.of[0] == &a && seen.id[0] == 1 && strcmp(seen.port[0], "here") == 0);
    assert_true(seen.of[1] == &b && seen.id[1] == 1);
    assert_int_equal(name_table_unpublish(t, &b, text("x")), REGISTRY_DONE_WELL);
    assert_int_equal(publish(t, &b, "x", "anew"), REGISTRY_DONE_WELL);
    assert_int_equal(seen.n, 2);
    assert_int_equal(publish(t, &a, "y", "own"), REGISTRY_DONE_WELL); /* the one who waits is who publishes */
    assert_int_equal(seen.n, 3);
    name_table_leave(t, &a);
    name_table_leave(t, &b);
    name_table_destroy(t);
}

static void count(void *arg, const struct name_owner *of, const struct registry_entry *e)
{
    size_t *n = arg;
    assert_true(e->job == 1 && e->rank == 2 && e->since > 0 && e->port.len == 3);
    ++*n;
}

static void it_has_a_bound(void **state)
{
    struct name_table *t = name_table_create(ROOM, on_found, NULL);
    struct name_owner a = {.waits = NULL}, b = {.waits = NULL};
    char name[16];
    size_t n = 0, listed = 0;
    int rc;
    do
        snprintf(name, sizeof name, "%zu", n);
    while ((rc = publish(t, &a, name, "abc")) == REGISTRY_DONE_WELL && ++n < ROOM);
    assert_int_equal(rc, REGISTRY_FULL);
    assert_true(n > ROOM / 1000 && n < ROOM / 10);
    assert_int_equal(name_table_count(t), n);
    assert_int_equal(look(t, &b, 1, "nobody's", true, NULL), REGISTRY_FULL);
    assert_int_equal(look(t, &b, 1, "0", false, "abc"), REGISTRY_DONE_WELL);
    name_table_each(t, count, &listed);
    assert_int_equal(listed, n);
    assert_int_equal(name_table_unpublish(t, &a, text("0")), REGISTRY_DONE_WELL);
    assert_int_equal(publish(t, &b, "0", "def"), REGISTRY_DONE_WELL);
    name_table_leave(t, &a);
    for (uint64_t i = 0; i < 100; i++) /* what has gone takes no room */
        assert_int_equal(look(t, &a, i, "nobody's", true, NULL), REGISTRY_RESULTS);
    name_table_leave(t, &a);
    name_table_leave(t, &b);
    name_table_destroy(t);
    name_table_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_several_publishes),
        cmocka_unit_test(who_waits_is_told_once),
        cmocka_unit_test(it_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
