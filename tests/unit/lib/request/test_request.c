/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a request, and waits for one and for one of many. The requests are of a kind of this test's own, in place
 * of messages; what completes them is a hook of progress, so many polls after another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/request/counter.h"
#include "lib/request/progress.h"

static int started, released, cancelled, queried;

static int start(struct request *r)
{
    started++;
    return r->tag == 13 ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static int cancel(struct request *r)
{
    cancelled++;
    r->cancelled = true;
    request_complete(r, MPI_SUCCESS);
    return MPI_SUCCESS;
}

static int release(struct request *r)
{
    released++;
    return MPI_SUCCESS;
}

static int query(struct request *r, MPI_Status *s)
{
    queried++;
    s->MPI_TAG = 77;
    status_set_bytes(s, 12);
    return MPI_ERR_TOPOLOGY;
}

static const struct request_ops fake_ops = {.start = start, .cancel = cancel, .release = release};
static const struct request_ops asking_ops = {.query = query, .release = release};

static struct request *fake_new(enum request_type type, const struct request_ops *ops)
{
    struct request *r = request_new(type, ops, &comm_self);
    assert_non_null(r);
    r->owns = true;
    r->source = 3, r->tag = 4, r->bytes = 5;
    return r;
}

static int setup(void **state)
{
    started = released = cancelled = queried = 0;
    return 0;
}

static void test_finish(void **state)
{
    struct request *r = fake_new(REQ_RECV, &fake_ops);
    MPI_Request h = request_handle(r), was = h;
    MPI_Status s = {.MPI_ERROR = 99};
    int flag, n;
    assert_int_equal(MPI_Test(&h, &flag, &s), MPI_SUCCESS);
    assert_false(flag);
    request_complete(r, MPI_SUCCESS);
    assert_int_equal(MPI_Request_get_status(h, &flag, &s), MPI_SUCCESS);
    assert_true(flag && s.MPI_SOURCE == 3);
    s.MPI_SOURCE = 0;
    assert_int_equal(MPI_Wait(&h, &s), MPI_SUCCESS);
    MPI_Get_count(&s, MPI_BYTE, &n);
    assert_true(s.MPI_SOURCE == 3 && s.MPI_TAG == 4 && n == 5 && s.MPI_ERROR == 99);
    assert_int_equal(released, 1);
    assert_ptr_equal(h, MPI_REQUEST_NULL);
    assert_null(request_of(was));
}

static void test_error(void **state)
{
    struct request *r = fake_new(REQ_RECV, &fake_ops);
    request_complete(r, MPI_ERR_TRUNCATE);
    assert_int_equal(request_wait(r, MPI_STATUS_IGNORE), MPI_ERR_TRUNCATE);
    assert_int_equal(released, 1);
}

/* Freed by the user while it is under way: it goes when it completes, not before. */
static void test_orphan(void **state)
{
    struct request *r = fake_new(REQ_SEND, &fake_ops);
    MPI_Request h = request_handle(r), was = h;
    assert_int_equal(MPI_Request_free(&h), MPI_SUCCESS);
    assert_int_equal(released, 0);
    assert_int_equal(MPI_Wait(&was, MPI_STATUS_IGNORE), MPI_ERR_REQUEST);
    request_complete(r, MPI_SUCCESS);
    assert_int_equal(released, 1);
    assert_null(request_of(was));
}

static void test_persistent(void **state)
{
    struct request *r = fake_new(REQ_RECV, &fake_ops);
    MPI_Request h = request_handle(r);
    int flag;
    r->persistent = true, r->active = false;
    for (int i = 1; i < 4; i++) {
        assert_int_equal(MPI_Start(&h), MPI_SUCCESS);
        assert_int_equal(started, i);
        assert_int_equal(MPI_Start(&h), MPI_ERR_REQUEST);
        request_complete(r, MPI_SUCCESS);
        assert_int_equal(MPI_Wait(&h, MPI_STATUS_IGNORE), MPI_SUCCESS);
        assert_int_equal(MPI_Test(&h, &flag, MPI_STATUS_IGNORE), MPI_SUCCESS);
        assert_true(flag && !r->active); /* inactive: nothing to wait for */
    }
    r->tag = 13;
    assert_int_equal(MPI_Start(&h), MPI_ERR_OTHER);
    assert_int_equal(MPI_Wait(&h, MPI_STATUS_IGNORE), MPI_SUCCESS); /* nor is there when the start failed */
    assert_int_equal(released, 0);
    assert_int_equal(MPI_Request_free(&h), MPI_SUCCESS);
    assert_int_equal(released, 1);
}

static void test_cancel(void **state)
{
    MPI_Request h = request_handle(fake_new(REQ_RECV, &fake_ops));
    MPI_Status s;
    int flag;
    assert_int_equal(MPI_Cancel(&h), MPI_SUCCESS);
    assert_int_equal(MPI_Wait(&h, &s), MPI_SUCCESS);
    MPI_Test_cancelled(&s, &flag);
    assert_true(flag && cancelled == 1);
    h = request_handle(fake_new(REQ_SCHED, &asking_ops));
    assert_int_equal(MPI_Cancel(&h), MPI_SUCCESS); /* cannot be */
    request_complete(request_of(h), MPI_SUCCESS);
    MPI_Wait(&h, &s);
}

/* Its kind is asked for the status, also if nobody wants it, and what that comes to is the wait's error. */
static void test_query(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct request *r = fake_new(REQ_GENERAL, &asking_ops);
        MPI_Request h = request_handle(r);
        MPI_Status s;
        int n;
        request_complete(r, MPI_SUCCESS);
        assert_int_equal(MPI_Wait(&h, i ? MPI_STATUS_IGNORE : &s), MPI_ERR_TOPOLOGY);
        assert_int_equal(queried, i + 1);
        if (i == 0) {
            MPI_Get_count(&s, MPI_BYTE, &n);
            assert_true(s.MPI_TAG == 77 && s.MPI_SOURCE == MPI_ANY_SOURCE && n == 12);
        }
    }
}

/* Completes one request after so many polls. */
static struct {
    struct progress_hook hook;
    int polls;
    struct request *r;
} later;

static bool later_poll(struct progress_hook *h)
{
    if (--later.polls > 0)
        return false;
    progress_remove(h);
    request_complete(later.r, MPI_SUCCESS);
    return true;
}

static void complete_later(MPI_Request h, int polls)
{
    later.hook.poll = later_poll;
    later.polls = polls;
    later.r = request_of(h);
    progress_add(&later.hook);
}

enum { MANY = 100 };
static MPI_Request many[MANY];

static int make_many(void **state)
{
    for (int i = 0; i < MANY; i++)
        many[i] = request_handle(fake_new(REQ_RECV, &fake_ops));
    return setup(state);
}

static int drop_many(void **state)
{
    for (int i = 0; i < MANY; i++)
        if (many[i] != MPI_REQUEST_NULL) {
            assert_false(request_of(many[i])->counted); /* nothing is left behind */
            MPI_Cancel(&many[i]);
            MPI_Wait(&many[i], MPI_STATUS_IGNORE);
        }
    return 0;
}

/* At once, and after so long that they are counted. */
static void test_waitany(void **state)
{
    static const int polls[] = {1, 3, 8, 9, 50, 2000};
    int which;
    for (int i = 0; i < 6; i++) {
        complete_later(many[10 * i + 7], polls[i]);
        assert_int_equal(MPI_Waitany(MANY, many, &which, MPI_STATUS_IGNORE), MPI_SUCCESS);
        assert_int_equal(which, 10 * i + 7);
        assert_int_equal(later.polls, 0);
        assert_ptr_equal(many[which], MPI_REQUEST_NULL);
        assert_int_equal(released, i + 1);
    }
    assert_null(request_of(many[0])->counted ? many : NULL);
}

/* A request that stands there twice is found all the same. */
static void test_waitany_twice(void **state)
{
    int which;
    MPI_Request twice[3] = {many[0], many[1], many[0]};
    complete_later(many[0], 100);
    assert_int_equal(MPI_Waitany(3, twice, &which, MPI_STATUS_IGNORE), MPI_SUCCESS);
    assert_int_equal(which, 0);
    many[0] = MPI_REQUEST_NULL;
}

static void test_waitsome(void **state)
{
    int n, which[MANY];
    complete_later(many[40], 200);
    request_complete(request_of(many[3]), MPI_SUCCESS);
    assert_int_equal(MPI_Waitsome(MANY, many, &n, which, MPI_STATUSES_IGNORE), MPI_SUCCESS);
    assert_true(n == 1 && which[0] == 3);
    assert_int_equal(MPI_Waitsome(MANY, many, &n, which, MPI_STATUSES_IGNORE), MPI_SUCCESS);
    assert_true(n == 1 && which[0] == 40);
}

/* One of a set may be a composite: it completes by its counter. */
static void went_on(struct counter *c)
{
    request_complete(c->request, MPI_SUCCESS);
}

static void test_waitany_composite(void **state)
{
    int which;
    struct counter c = {.completed = went_on, .request = request_of(many[99])};
    counter_begin(&c);
    counter_add(&c, request_of(many[50]));
    counter_end(&c);
    complete_later(many[50], 300);
    assert_int_equal(MPI_Waitany(1, &many[99], &which, MPI_STATUS_IGNORE), MPI_SUCCESS);
    assert_int_equal(which, 0);
    assert_true(request_of(many[50])->complete);
}

static int setup_mpi(void **state)
{
    return MPI_Init(NULL, NULL) != MPI_SUCCESS || MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN) ||
           MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
}

static int teardown_mpi(void **state)
{
    return MPI_Finalize() != MPI_SUCCESS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_finish, setup),
        cmocka_unit_test_setup(test_error, setup),
        cmocka_unit_test_setup(test_orphan, setup),
        cmocka_unit_test_setup(test_persistent, setup),
        cmocka_unit_test_setup(test_cancel, setup),
        cmocka_unit_test_setup(test_query, setup),
        cmocka_unit_test_setup_teardown(test_waitany, make_many, drop_many),
        cmocka_unit_test_setup_teardown(test_waitany_twice, make_many, drop_many),
        cmocka_unit_test_setup_teardown(test_waitsome, make_many, drop_many),
        cmocka_unit_test_setup_teardown(test_waitany_composite, make_many, drop_many),
    };
    return cmocka_run_group_tests(tests, setup_mpi, teardown_mpi);
}
