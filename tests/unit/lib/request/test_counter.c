/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Completion counters: what they count, when their owner goes on, and that this never happens inside of a completion.
 * Requests are completed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/request/counter.h"

enum { MOST = 100 };
static struct request requests[MOST];
static int freed;

/* Of request.c: an orphan that is complete goes. */
int request_free(struct request *r)
{
    freed++;
    return MPI_SUCCESS;
}

/* An operation of rounds: n requests each. */
struct rounds {
    struct counter counter;
    int n, left, went_on;
    struct request self;
};

static int setup(void **state)
{
    for (int i = 0; i < MOST; i++)
        requests[i] = (struct request){.active = true};
    freed = 0;
    assert_true(TAILQ_EMPTY(&counter_ready));
    return 0;
}

static void round_begin(struct rounds *o)
{
    counter_begin(&o->counter);
    for (int i = 0; i < o->n; i++) {
        requests[i].complete = false;
        counter_add(&o->counter, &requests[i]);
    }
    assert_false(counter_end(&o->counter));
}

static void went_on(struct counter *c)
{
    struct rounds *o = (struct rounds *)((char *)c - offsetof(struct rounds, counter));
    o->went_on++;
    if (--o->left > 0)
        round_begin(o);
    else if (c->request)
        request_complete(c->request, MPI_SUCCESS);
}

static void test_last_one_counts(void **state)
{
    struct rounds o = {.counter.completed = went_on, .n = 3, .left = 1};
    round_begin(&o);
    assert_false(counter_run());
    request_complete(&requests[1], MPI_SUCCESS);
    request_complete(&requests[2], MPI_ERR_TRUNCATE);
    assert_false(counter_run());
    request_complete(&requests[0], MPI_SUCCESS);
    assert_int_equal(o.went_on, 0); /* not inside of the completion */
    assert_true(counter_run());
    assert_int_equal(o.went_on, 1);
    assert_false(counter_run());
    assert_int_equal(freed, 0);
}

static void test_complete_before(void **state)
{
    struct counter c = {.completed = went_on};
    counter_begin(&c);
    requests[0].complete = true;
    counter_add(&c, &requests[0]);
    counter_add(&c, &requests[1]);
    request_complete(&requests[1], MPI_SUCCESS); /* while others are still added */
    assert_true(counter_end(&c));
    assert_true(TAILQ_EMPTY(&counter_ready));
}

static void test_rounds(void **state)
{
    struct rounds o = {.counter.completed = went_on, .n = 2, .left = 5};
    round_begin(&o);
    for (int i = 1; i <= 5; i++) {
        request_complete(&requests[1], MPI_SUCCESS);
        request_complete(&requests[0], MPI_SUCCESS);
        assert_true(counter_run());
        assert_int_equal(o.went_on, i);
    }
}

/* A composite in a composite: the inner one's completion is counted like any. */
static void test_nested(void **state)
{
    struct rounds outer = {.counter.completed = went_on, .left = 1};
    struct rounds inner = {.counter.completed = went_on, .n = 1, .left = 1};
    inner.counter.request = &inner.self;
    counter_begin(&outer.counter);
    counter_add(&outer.counter, &inner.self);
    assert_false(counter_end(&outer.counter));
    round_begin(&inner);
    request_complete(&requests[0], MPI_SUCCESS);
    assert_true(counter_run()); /* both: the outer one becomes ready meanwhile */
    assert_int_equal(outer.went_on, 1);
    assert_true(inner.self.complete);
}

static void test_orphan(void **state)
{
    struct rounds o = {.counter.completed = went_on, .n = 1, .left = 1};
    requests[0].orphan = true;
    round_begin(&o);
    request_complete(&requests[0], MPI_SUCCESS);
    assert_int_equal(freed, 1);
    assert_true(counter_run());
    assert_int_equal(o.went_on, 1);
}

static void test_removed(void **state)
{
    struct counter set = {0}, other = {0}; /* nothing to call: looked at */
    counter_begin(&set);
    for (int i = 0; i < 4; i++)
        counter_add(&set, &requests[i]);
    counter_end(&set);
    assert_int_equal(set.pending, 4);
    request_complete(&requests[2], MPI_SUCCESS);
    assert_int_equal(set.pending, 3);
    for (int i = 0; i < 4; i++) {
        counter_remove(&other, &requests[i]);
        counter_remove(&set, &requests[i]);
    }
    assert_int_equal(set.pending, 0);
    request_complete(&requests[0], MPI_SUCCESS);
    assert_int_equal(set.pending, 0);
    assert_true(TAILQ_EMPTY(&counter_ready));
}

/* Another thread comes in while the owner's function runs without the lock: it takes the next one, and none twice. */
static void comes_in(struct counter *c)
{
    struct rounds *o = (struct rounds *)((char *)c - offsetof(struct rounds, counter));
    o->went_on++;
    counter_run();
}

static void test_second_walk(void **state)
{
    struct rounds o[MOST] = {0};
    for (int i = 0; i < MOST; i++) {
        o[i].counter.completed = comes_in;
        counter_begin(&o[i].counter);
        counter_add(&o[i].counter, &requests[i]);
        counter_end(&o[i].counter);
    }
    for (int i = 0; i < MOST; i++)
        request_complete(&requests[i], MPI_SUCCESS);
    assert_true(counter_run());
    for (int i = 0; i < MOST; i++)
        assert_int_equal(o[i].went_on, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_last_one_counts, setup), cmocka_unit_test_setup(test_complete_before, setup),
        cmocka_unit_test_setup(test_rounds, setup),          cmocka_unit_test_setup(test_nested, setup),
        cmocka_unit_test_setup(test_orphan, setup),          cmocka_unit_test_setup(test_removed, setup),
        cmocka_unit_test_setup(test_second_walk, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
