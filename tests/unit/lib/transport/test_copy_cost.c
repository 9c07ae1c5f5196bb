/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The way of long messages: the one that costs less is taken, also after the costs have changed; those that are alike
 * do not alternate; what cannot be read streams. Costs are made up, and time is turned forward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/transport/copy_cost.h"

enum { LENGTH = 1 << 18 };

struct costs { /* ticks for a KiB */
    unsigned stream, read;
};

static uint64_t ticks(unsigned each, unsigned noise)
{
    return (uint64_t)each * (LENGTH / 1024) * (100 + (unsigned)rand() % (noise + 1)) / 100;
}

/* So many messages; returns how many were read. A second passes with each. */
static int messages(struct copy_cost *c, int n, struct costs k, bool both, unsigned noise)
{
    int read = 0;
    for (int i = 0; i < n; i++) {
        c->when -= 1000000000 / 8;
        if (copy_cost_prefers_cma(c, LENGTH, both)) {
            read++;
            copy_cost_was_read(c, ticks(k.read, noise), LENGTH, both);
        } else {
            copy_cost_streamed(c, ticks(k.stream, noise), LENGTH, both);
        }
    }
    return read;
}

static void test_cheaper(void **state)
{
    struct copy_cost near = {0}, far = {0};
    assert_false(copy_cost_prefers_cma(&near, LENGTH, false));
    messages(&near, 60, (struct costs){50, 90}, false, 0);
    messages(&far, 60, (struct costs){200, 90}, false, 0);
    assert_false(near.reads[false]);
    assert_true(far.reads[false]);
}

/* What holds for one direction need not hold for both. */
static void test_both(void **state)
{
    struct copy_cost c = {0};
    messages(&c, 60, (struct costs){70, 90}, false, 0);
    messages(&c, 60, (struct costs){130, 90}, true, 0);
    assert_false(c.reads[false]);
    assert_true(c.reads[true]);
}

/* Within a few trials either way. */
static void test_drift(void **state)
{
    struct copy_cost c = {0};
    for (int i = 0; i < 5; i++) {
        messages(&c, 60, (struct costs){50, 90}, false, 10);
        assert_false(c.reads[false]);
        messages(&c, 60, (struct costs){300, 90}, false, 10);
        assert_true(c.reads[false]);
    }
}

/* What is slower is taken for trials only. */
static void test_trials_are_few(void **state)
{
    struct copy_cost c = {0};
    messages(&c, 60, (struct costs){50, 90}, false, 5);
    int read = 0;
    for (int i = 0; i < 1000; i++) {
        c.when = INT64_MAX / 2; /* no time passes */
        read += messages(&c, 1, (struct costs){50, 90}, false, 5);
    }
    assert_in_range(read, 0, 20);
}

static void test_alike(void **state)
{
    struct copy_cost c = {0};
    messages(&c, 60, (struct costs){50, 50}, false, 5);
    bool first = c.reads[false];
    for (int i = 0; i < 1000; i++) {
        messages(&c, 1, (struct costs){50, 50}, false, 5);
        assert_int_equal(c.reads[false], first);
    }
}

/* What was slow for a while is found out soon to be no longer. */
static void test_slow_for_a_while(void **state)
{
    struct copy_cost c = {0};
    messages(&c, 40, (struct costs){50, 90}, false, 5);
    messages(&c, 30, (struct costs){400, 90}, false, 0);
    assert_true(c.reads[false]);
    messages(&c, 60, (struct costs){50, 90}, false, 5);
    assert_false(c.reads[false]);
}

/* One that was disturbed does not turn a choice that is clear. */
static void test_disturbed(void **state)
{
    struct copy_cost c = {0};
    messages(&c, 60, (struct costs){40, 90}, false, 0);
    copy_cost_streamed(&c, ticks(100000, 0), LENGTH, false);
    messages(&c, 1, (struct costs){40, 90}, false, 0);
    assert_false(c.reads[false]);
}

static void test_denied(void **state)
{
    struct copy_cost c = {0};
    int read = 0;
    for (int i = 0; i < 1000; i++) {
        if (copy_cost_prefers_cma(&c, LENGTH, false)) {
            read++;
            copy_cost_cma_denied(&c);
        }
        copy_cost_streamed(&c, ticks(50, 5), LENGTH, false);
        assert_false(c.reads[false]);
    }
    assert_int_equal(read, 1);
}

/* Streams that are under way together share the time; the first ones, through new memory, are not counted. */
static void test_busy(void **state)
{
    struct copy_busy b = {0};
    struct copy_cost c = {0};
    copy_busy_begin(&b);
    copy_busy_came(&b, LENGTH);
    copy_busy_end(&b, &c, false);
    assert_true(c.stream[false] == 0);
    b.before = 1 << 20;
    for (int i = 0; i < 4; i++)
        copy_busy_begin(&b);
    b.begin = copy_ticks() - 8u * LENGTH; /* two ticks a byte for all four */
    for (int i = 0; i < 4; i++) {
        copy_busy_came(&b, LENGTH);
        copy_busy_end(&b, &c, false);
    }
    assert_int_equal(b.under_way, 0);
    assert_true(c.stream[false] >= 2 && c.stream[false] < 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cheaper),
                                       cmocka_unit_test(test_both),
                                       cmocka_unit_test(test_drift),
                                       cmocka_unit_test(test_alike),
                                       cmocka_unit_test(test_disturbed),
                                       cmocka_unit_test(test_trials_are_few),
                                       cmocka_unit_test(test_slow_for_a_while),
                                       cmocka_unit_test(test_denied),
                                       cmocka_unit_test(test_busy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
