/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Schedules on MPI_COMM_SELF: rounds in their order, messages in them, calls that are made until they are done and may
 * add steps, errors, and that what waits is not looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/coll/base/sched.h"
#include "lib/datatype/basic.h"

static struct datatype *ints;
static struct op *sum;

static int setup_mpi(void **state)
{
    int rc = MPI_Init(NULL, NULL);
    ints = datatype_of(MPI_INT);
    sum = op_of(MPI_SUM);
    return rc != MPI_SUCCESS;
}

static int teardown_mpi(void **state)
{
    return MPI_Finalize() != MPI_SUCCESS;
}

/* 3 is sent round to oneself, then doubled, then copied. */
static struct sched *three_rounds(const int *three, int *in, int *out)
{
    struct sched *s = sched_new(&comm_self);
    assert_non_null(s);
    sched_recv(s, in, 1, ints, 0);
    sched_send(s, three, 1, ints, 0);
    sched_round(s);
    sched_reduce(s, three, in, 1, ints, sum);
    sched_round(s);
    sched_copy(s, in, 1, ints, out, 1, ints);
    return s;
}

static void test_blocking(void **state)
{
    int three = 3, in = 0, out = 0;
    assert_int_equal(sched_run(three_rounds(&three, &in, &out)), MPI_SUCCESS);
    assert_int_equal(out, 6);
}

static void finish(struct request *r)
{
    assert_int_equal(request_wait(r, MPI_STATUS_IGNORE), MPI_SUCCESS);
}

static void test_nonblocking(void **state)
{
    int three = 3, in = 0, out = 0;
    struct request *r;
    assert_int_equal(sched_start(three_rounds(&three, &in, &out), &r), MPI_SUCCESS);
    assert_false(r->complete); /* what one sends to oneself comes with a poll */
    finish(r);
    assert_int_equal(out, 6);
}

static void test_persistent(void **state)
{
    int three = 3, in = 0, out = 0;
    struct request *r;
    assert_int_equal(sched_persist(three_rounds(&three, &in, &out), &r), MPI_SUCCESS);
    MPI_Request h = request_handle(r);
    for (int i = 1; i < 5; i++) {
        three = i;
        assert_int_equal(MPI_Start(&h), MPI_SUCCESS);
        assert_int_equal(MPI_Wait(&h, MPI_STATUS_IGNORE), MPI_SUCCESS);
        assert_int_equal(out, 2 * i);
    }
    assert_int_equal(MPI_Request_free(&h), MPI_SUCCESS);
}

/* Many that wait: a poll has nothing to do with them, and each goes on when its own message comes. */
static void test_many(void **state)
{
    enum { MANY = 500 };
    static int in[MANY], out[MANY];
    struct request *r[MANY];
    int tag_of[MANY];
    for (int i = 0; i < MANY; i++) {
        struct sched *s = sched_new(&comm_self);
        tag_of[i] = (int)(comm_self.coll_seq - 1) & 0x3fffffff;
        sched_recv(s, &in[i], 1, ints, 0);
        sched_round(s);
        sched_copy(s, &in[i], 1, ints, &out[i], 1, ints);
        assert_int_equal(sched_start(s, &r[i]), MPI_SUCCESS);
    }
    assert_false(progress_poll());
    for (int i = MANY - 1; i >= 0; i--) {
        struct request *sent;
        assert_int_equal(p2p_send(&i, 1, ints, 0, tag_of[i], &comm_self, P2P_COLL(&comm_self), MODE_STANDARD, &sent),
                         MPI_SUCCESS);
        assert_null(sent);
        while (!r[i]->complete)
            assert_true(progress_poll());
        assert_int_equal(out[i], i);
        assert_true(i == 0 || !r[i - 1]->complete);
        finish(r[i]);
    }
}

struct calling {
    int times, left, errors;
    int one, total; /* what it adds a step for */
    int *seen;      /* that tells whether the round before it is over */
};

static bool call(struct sched *s, void *arg)
{
    struct calling *c = arg;
    c->times++;
    if (c->seen)
        assert_int_equal(*c->seen, 6);
    if (--c->left > 0)
        return false;
    if (c->errors)
        sched_fail(s, MPI_ERR_OTHER);
    for (int i = 0; i < c->one * 100; i++) /* so many that they move */
        sched_reduce(s, &c->one, &c->total, 1, ints, sum), sched_round(s);
    return true;
}

static struct sched *with_call(struct calling *c, const int *three, int *in, int *out)
{
    struct sched *s = three_rounds(three, in, out);
    sched_round(s);
    sched_call(s, call, c);
    sched_call(s, call, c + 1);
    return s;
}

static void test_calls(void **state)
{
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        int three = 3, in = 0, out = 0;
        struct calling c[2] = {{.left = 5, .one = 1, .seen = &out}, {.left = 1, .seen = &out}};
        struct sched *s = with_call(c, &three, &in, &out);
        struct request *r;
        if (nonblocking) {
            assert_int_equal(sched_start(s, &r), MPI_SUCCESS);
            finish(r);
        } else {
            assert_int_equal(sched_run(s), MPI_SUCCESS);
        }
        assert_int_equal(c[0].times, 5);
        assert_int_equal(c[1].times, 1);
        assert_int_equal(c[0].total, 100);
        assert_false(progress_poll()); /* nothing is called any more */
        assert_int_equal(c[0].times, 5);
    }
}

/* An error is what it ends with, and the steps behind it are done. */
static void test_error(void **state)
{
    int three = 3, in = 0, out = 0;
    struct calling c[2] = {{.left = 2, .errors = 1, .one = 1}, {.left = 3}};
    struct request *r;
    assert_int_equal(sched_start(with_call(c, &three, &in, &out), &r), MPI_SUCCESS);
    assert_int_equal(request_wait(r, MPI_STATUS_IGNORE), MPI_ERR_OTHER);
    assert_int_equal(c[0].total, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocking), cmocka_unit_test(test_nonblocking), cmocka_unit_test(test_persistent),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_calls),       cmocka_unit_test(test_error),
    };
    return cmocka_run_group_tests(tests, setup_mpi, teardown_mpi);
}
