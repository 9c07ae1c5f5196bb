/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The way of long messages: the one that costs less is taken, also after the costs have changed; those that are alike
 * do not alternate; what cannot be read streams. Costs are made up, and time is turned forward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/transport/ways.h"

enum { LENGTH = 1 << 18 };

struct costs { /* ticks for a KiB */
    unsigned write, take, read;
};

enum { PACKETS = 16 };

static uint64_t ticks(unsigned each, unsigned noise)
{
    return (uint64_t)each * (LENGTH / 1024) * (100 + (unsigned)rand() % (noise + 1)) / 100;
}

static void copied(float *cost, unsigned each, unsigned noise)
{
    for (int i = 0; i < PACKETS; i++)
        way_copied(cost, ticks(each, noise) / PACKETS, LENGTH / PACKETS);
}

/* So many messages; returns how many were read. A second passes with each. */
static int messages(struct way *w, int n, struct costs c, bool both, unsigned noise)
{
    int read = 0;
    for (int i = 0; i < n; i++) {
        w->when -= 1000000000 / 8;
        if (way_reads(w, LENGTH, both)) {
            read++;
            way_was_read(w, ticks(c.read, noise), LENGTH);
        } else {
            copied(&w->write, c.write, noise);
            copied(&w->take, c.take, noise);
        }
    }
    return read;
}

static void test_cheaper(void **state)
{
    struct way near = {0}, far = {0};
    assert_false(way_reads(&near, LENGTH, false));
    messages(&near, 20, (struct costs){40, 50, 90}, false, 0);
    messages(&far, 20, (struct costs){200, 150, 90}, false, 0);
    assert_false(near.reads[false]);
    assert_true(far.reads[false]);
}

static void test_both(void **state)
{
    struct way w = {0};
    messages(&w, 20, (struct costs){60, 70, 90}, false, 0);
    assert_false(w.reads[false]);
    messages(&w, 20, (struct costs){60, 70, 90}, true, 0);
    assert_true(w.reads[true]);
    assert_false(w.reads[false]);
}

/* Within a few trials either way. */
static void test_drift(void **state)
{
    struct way w = {0};
    for (int i = 0; i < 5; i++) {
        messages(&w, 60, (struct costs){40, 50, 90}, false, 10);
        assert_false(w.reads[false]);
        messages(&w, 60, (struct costs){300, 250, 90}, false, 10);
        assert_true(w.reads[false]);
    }
}

/* What is slower is taken for trials only. */
static void test_trials_are_few(void **state)
{
    struct way w = {0};
    messages(&w, 20, (struct costs){40, 50, 90}, false, 5);
    int read = 0;
    for (int i = 0; i < 1000; i++) {
        w.when = INT64_MAX / 2; /* no time passes */
        read += messages(&w, 1, (struct costs){40, 50, 90}, false, 5);
    }
    assert_in_range(read, 0, 4);
}

static void test_alike(void **state)
{
    struct way w = {0};
    messages(&w, 20, (struct costs){50, 50, 50}, false, 5);
    bool first = w.reads[false];
    for (int i = 0; i < 1000; i++) {
        messages(&w, 1, (struct costs){50, 50, 50}, false, 5);
        assert_int_equal(w.reads[false], first);
    }
}

/* What was slow for a while, as new memory is, is found out soon. */
static void test_new_memory(void **state)
{
    struct way w = {0};
    messages(&w, 40, (struct costs){40, 50, 90}, false, 5);
    copied(&w.take, 400, 0);
    w.tries = 0;
    assert_int_equal(messages(&w, 1, (struct costs){40, 50, 90}, false, 5), 0);
    assert_true(w.reads[false]);
    messages(&w, 20, (struct costs){40, 50, 90}, false, 5);
    assert_false(w.reads[false]);
}

/* One copy that was disturbed does not turn a choice that is clear. */
static void test_disturbed(void **state)
{
    struct way w = {0};
    messages(&w, 20, (struct costs){40, 50, 90}, false, 0);
    way_copied(&w.take, ticks(100000, 0), LENGTH);
    messages(&w, 1, (struct costs){40, 50, 90}, false, 0);
    assert_false(w.reads[false]);
}

static void test_unreadable(void **state)
{
    struct way w = {0};
    int read = 0;
    for (int i = 0; i < 1000; i++) {
        if (way_reads(&w, LENGTH, false)) {
            read++;
            way_unreadable(&w);
        }
        copied(&w.write, 50, 5);
        copied(&w.take, 50, 5);
        assert_false(i > 20 && w.reads[false]);
    }
    assert_in_range(read, 1, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cheaper),    cmocka_unit_test(test_both),
                                       cmocka_unit_test(test_drift),      cmocka_unit_test(test_alike),
                                       cmocka_unit_test(test_disturbed),  cmocka_unit_test(test_trials_are_few),
                                       cmocka_unit_test(test_unreadable), cmocka_unit_test(test_new_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
