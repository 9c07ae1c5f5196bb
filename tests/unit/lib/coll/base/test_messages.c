/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Schedules of messages, of up to 100 ranks in this one process: every builder, at all sizes from 1 to 20 and some up
 * to 100, from every root, against what is to come of it. Messages are the strictest that there may be: nothing is
 * copied before both sides are there, and both complete then, in an order drawn by lot. So a schedule that waits in a
 * circle, or changes what it still sends, is found. Operands say from which rank to which they reach: those that do not
 * meet in the order of ranks are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/coll/base/messages.h"
#include "lib/request/counter.h"

enum { RANKS = 100, MESSAGES = 1 << 16 };

static struct comm comms[RANKS];
static struct coll_args args[RANKS];
static int *in[RANKS], *out[RANKS]; /* of each rank */
static int n;                       /* ranks */
static unsigned lot = 1;

/* Half of a message: it waits for the other half. */
struct half {
    struct request *r;
    const void *from;
    void *to;
    MPI_Count count;
    struct datatype *t;
    int source, dest, tag;
};
static struct half sends[MESSAGES], recvs[MESSAGES];
static int send_count, recv_count;
static const struct request_ops plain; /* nothing is special about these requests */

static struct half *half_new(struct half *all, int *count, struct comm *c, struct request **req)
{
    assert_true(*count < MESSAGES);
    struct half *h = &all[(*count)++];
    *h = (struct half){.r = request_new(REQ_GENERAL, &plain, c)};
    assert_non_null(h->r);
    *req = h->r;
    return h;
}

int __wrap_p2p_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
                    uint64_t ctx, int mode, struct request **req);
int __wrap_p2p_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c,
                    uint64_t ctx, int mode, struct request **req)
{
    struct half *h = half_new(sends, &send_count, c, req);
    assert_in_range(dest, 0, n - 1);
    assert_true(dest != c->rank);
    h->from = buf, h->count = count, h->t = t, h->source = c->rank, h->dest = dest, h->tag = tag;
    return MPI_SUCCESS;
}

int __wrap_p2p_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, uint64_t ctx,
                    struct request **req);
int __wrap_p2p_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, uint64_t ctx,
                    struct request **req)
{
    struct half *h = half_new(recvs, &recv_count, c, req);
    assert_in_range(source, 0, n - 1);
    h->to = buf, h->count = count, h->t = t, h->source = source, h->dest = c->rank, h->tag = tag;
    return MPI_SUCCESS;
}

static unsigned draw(unsigned below)
{
    lot = lot * 1103515245 + 12345;
    return lot >> 8 & 0xffff ? (lot >> 8) % below : 0;
}

static void half_remove(struct half *all, int *count, int i)
{
    memmove(&all[i], &all[i + 1], (size_t)(--*count - i) * sizeof *all);
}

/* The first receive that a send matches, or -1: the oldest send between two ranks goes first. */
static int recv_of(int s)
{
    const struct half *h = &sends[s];
    for (int i = 0; i < s; i++)
        if (sends[i].source == h->source && sends[i].dest == h->dest && sends[i].tag == h->tag)
            return -1;
    for (int i = 0; i < recv_count; i++)
        if (recvs[i].source == h->source && recvs[i].dest == h->dest && recvs[i].tag == h->tag)
            return i;
    return -1;
}

/* One message, by lot; false: there is none whose halves are both there. */
static bool deliver(void)
{
    int first = send_count > 0 ? (int)draw((unsigned)send_count) : 0;
    for (int k = 0; k < send_count; k++) {
        int s = (first + k) % send_count, r = recv_of(s);
        if (r < 0)
            continue;
        struct half send = sends[s], recv = recvs[r];
        half_remove(sends, &send_count, s);
        half_remove(recvs, &recv_count, r);
        assert_int_equal(send.count * send.t->size, recv.count * recv.t->size);
        assert_int_equal(datatype_copy(send.from, send.count, send.t, recv.to, recv.count, recv.t), MPI_SUCCESS);
        request_complete(send.r, MPI_SUCCESS);
        request_complete(recv.r, MPI_SUCCESS);
        return true;
    }
    return false;
}

typedef void builder(struct sched *s, const struct coll_args *a);

/* All ranks run what it builds, twice, as a persistent one does. */
static void run(builder *build, void (*fill)(int r), void (*look)(int r))
{
    struct request *r[RANKS];
    for (int i = 0; i < n; i++) {
        struct sched *s = sched_new(&comms[i]);
        assert_non_null(s);
        build(s, &args[i]);
        assert_int_equal(sched_persist(s, &r[i]), MPI_SUCCESS);
    }
    for (int time = 0; time < 2; time++) {
        for (int i = 0; i < n; i++)
            fill(i);
        for (int i = 0; i < n; i++) {
            r[i]->complete = false;
            assert_int_equal(r[i]->ops->start(r[i]), MPI_SUCCESS);
        }
        while (deliver())
            counter_run();
        assert_int_equal(send_count + recv_count, 0);
        for (int i = 0; i < n; i++) {
            assert_true(r[i]->complete);
            assert_int_equal(r[i]->error, MPI_SUCCESS);
            look(i);
        }
    }
    for (int i = 0; i < n; i++)
        request_free(r[i]);
}

/* Elements are pairs of ints. The operation joins stretches of ranks that follow one another; it does not commute. */
static void join(void *a, void *b, int *count, MPI_Datatype *t)
{
    int *low = a, *high = b;
    for (int i = 0; i < *count; i++, low += 2, high += 2) {
        bool fits = low[1] + 1 == high[0];
        high[0] = fits ? low[0] : -1000;
        high[1] = fits ? high[1] : -1000;
    }
}

static struct op joins = {.obj.predefined = true, .which = -1, .user = join};
static MPI_Count length;
static int root;
static bool in_place;

static struct datatype *pairs(void)
{
    return datatype_of(MPI_2INT);
}

static void begin_with(int size)
{
    n = size;
    for (int r = 0; r < n; r++) {
        comms[r] = (struct comm){.obj.predefined = true, .rank = r, .size = n, .peer_size = n};
        in[r] = malloc(((size_t)length * 2 * (size_t)n + 2) * sizeof(int));
        out[r] = malloc(((size_t)length * 2 * (size_t)n + 2) * sizeof(int));
        args[r] = (struct coll_args){.comm = &comms[r], .root = root};
    }
}

static void end_with(void)
{
    for (int r = 0; r < n; r++)
        free(in[r]), free(out[r]);
}

static void fill_operand(int r)
{
    for (MPI_Count i = 0; i < length * n; i++)
        in[r][2 * i] = in[r][2 * i + 1] = out[r][2 * i] = out[r][2 * i + 1] = r;
}

static void is_stretch(const int *p, int first, int last)
{
    for (MPI_Count i = 0; i < length; i++) {
        assert_int_equal(p[2 * i], first);
        assert_int_equal(p[2 * i + 1], last);
    }
}

static void look_reduce(int r)
{
    if (r == root)
        is_stretch(out[r], 0, n - 1);
}

static void look_all(int r)
{
    is_stretch(out[r], 0, n - 1);
}

static void look_scan(int r)
{
    is_stretch(out[r], 0, r);
}

static void look_exscan(int r)
{
    if (r > 0)
        is_stretch(out[r], 0, r - 1);
}

static void reduction(builder *build, struct op *op, void (*fill)(int r), void (*look)(int r), bool own_place)
{
    begin_with(n);
    for (int r = 0; r < n; r++) {
        args[r].op = op;
        args[r].send.buf = own_place ? MPI_IN_PLACE : in[r];
        args[r].recv = BLOCKS_EQUAL(out[r], length, pairs());
    }
    run(build, fill, look);
    end_with();
}

/* Sums commute: ints, 2 * length of them. */
static void look_sum(int r)
{
    for (MPI_Count i = 0; i < 2 * length; i++)
        assert_int_equal(out[r][i], n * (n - 1) / 2);
}

static void ring(void)
{
    begin_with(n);
    for (int r = 0; r < n; r++) {
        args[r].op = op_of(MPI_SUM);
        args[r].send.buf = in_place ? MPI_IN_PLACE : in[r];
        args[r].recv = BLOCKS_EQUAL(out[r], 2 * length, datatype_of(MPI_INT));
    }
    run(messages_allreduce_ring, fill_operand, look_sum);
    end_with();
}

static void sizes(void (*one)(void))
{
    static const int more[] = {23, 31, 32, 33, 64, 65, 100};
    static const MPI_Count lengths[] = {1, 5};
    for (size_t i = 0; i < 20 + sizeof more / sizeof *more; i++)
        for (int k = 0; k < 2; k++) {
            n = i < 20 ? (int)i + 1 : more[i - 20];
            length = lengths[k];
            root = 0;
            in_place = k;
            one();
        }
}

/* Every root; of many ranks some. */
static void roots(void (*one)(void))
{
    for (root = 0; root < n; root += n <= 20 ? 1 : 7)
        one();
    root = 0;
}

static void one_allreduce(void)
{
    reduction(messages_allreduce_doubling, &joins, fill_operand, look_all, in_place);
    if (2 * length >= n)
        ring();
    length = n;
    ring();
}

static void one_scan(void)
{
    reduction(messages_scan, &joins, fill_operand, look_scan, in_place);
    reduction(messages_exscan, &joins, fill_operand, look_exscan, in_place);
}

static void look_sum_at_root(int r)
{
    if (r == root)
        look_sum(r);
}

/* An operation that commutes takes another tree. */
static void sum_to_root(void)
{
    begin_with(n);
    for (int r = 0; r < n; r++) {
        args[r].op = op_of(MPI_SUM);
        args[r].send.buf = r == root && in_place ? MPI_IN_PLACE : in[r];
        args[r].recv = BLOCKS_EQUAL(out[r], 2 * length, datatype_of(MPI_INT));
    }
    run(messages_reduce, fill_operand, look_sum_at_root);
    end_with();
}

static void reduce_to_root(void)
{
    reduction(messages_reduce, &joins, fill_operand, look_reduce, false);
    sum_to_root();
}

static void one_reduce(void)
{
    roots(reduce_to_root);
}

static void look_part(int r)
{
    is_stretch(out[r], 0, n - 1);
}

static void one_reduce_scatter(void)
{
    reduction(messages_reduce_scatter, &joins, fill_operand, look_part, false);
}

/* Moves: element i of what rank r sends to rank d. */
static int value(int r, int d, int i)
{
    return r * 1000000 + d * 1000 + i;
}

static MPI_Count elements(void)
{
    return 2 * length;
}

static void fill_moves(int r)
{
    for (int d = 0; d < n; d++)
        for (int i = 0; i < elements(); i++) {
            in[r][d * elements() + i] = value(r, d, i);
            out[r][d * elements() + i] = in_place ? value(r, d, i) : -1;
        }
}

static void is_block(const int *p, int r, int d)
{
    for (int i = 0; i < elements(); i++)
        assert_int_equal(p[i], value(r, d, i));
}

static void move(builder *build, void (*look)(int r))
{
    struct datatype *t = datatype_of(MPI_INT);
    begin_with(n);
    for (int r = 0; r < n; r++) {
        args[r].send = BLOCKS_EQUAL(in_place ? MPI_IN_PLACE : in[r], elements(), t);
        args[r].recv = BLOCKS_EQUAL(out[r], elements(), t);
    }
    run(build, fill_moves, look);
    end_with();
}

static void look_bcast(int r)
{
    is_block(out[r], root, 0);
}

static void fill_bcast(int r)
{
    for (int i = 0; i < elements(); i++)
        out[r][i] = r == root ? value(root, 0, i) : -1;
}

static void look_gather(int r)
{
    for (int s = 0; r == root && s < n; s++)
        is_block(out[r] + s * elements(), s, 0);
}

static void look_scatter(int r)
{
    is_block(out[r], root, r);
}

static void look_allgather(int r)
{
    for (int s = 0; s < n; s++)
        is_block(out[r] + s * elements(), s, 0);
}

static void look_alltoall(int r)
{
    for (int s = 0; s < n; s++)
        is_block(out[r] + s * elements(), s, r);
}

static void rooted_moves(void)
{
    struct datatype *t = datatype_of(MPI_INT);
    begin_with(n);
    for (int r = 0; r < n; r++)
        args[r].recv = BLOCKS_EQUAL(out[r], elements(), t);
    run(messages_bcast, fill_bcast, look_bcast);
    end_with();
    move(messages_gather, look_gather);
    move(messages_scatter, look_scatter);
}

static void one_rooted(void)
{
    in_place = false;
    roots(rooted_moves);
}

static void one_alltoall(void)
{
    move(messages_alltoall, look_alltoall);
}

static void one_allgather(void)
{
    in_place = false;
    move(messages_allgather_ring, look_allgather);
    if (n > 1)
        move(messages_allgather_bruck, look_allgather);
}

/* Nobody is out before all are in: rank 0 comes last. */
static void one_barrier(void)
{
    struct request *r[RANKS];
    begin_with(n);
    for (int i = n - 1; i >= 0; i--) {
        struct sched *s = sched_new(&comms[i]);
        messages_barrier(s, &args[i]);
        assert_int_equal(sched_start(s, &r[i]), MPI_SUCCESS);
        while (deliver())
            counter_run();
        for (int k = i; k < n && i > 0; k++)
            assert_false(r[k]->complete);
    }
    for (int i = 0; i < n; i++) {
        assert_true(r[i]->complete);
        request_free(r[i]);
    }
    end_with();
}

static void test_rooted(void **state)
{
    sizes(one_rooted);
}

static void test_allgather(void **state)
{
    sizes(one_allgather);
}

static void test_alltoall(void **state)
{
    sizes(one_alltoall);
}

static void test_reduce(void **state)
{
    sizes(one_reduce);
}

static void test_allreduce(void **state)
{
    sizes(one_allreduce);
}

static void test_scan(void **state)
{
    sizes(one_scan);
}

static void test_reduce_scatter(void **state)
{
    sizes(one_reduce_scatter);
}

static void test_barrier(void **state)
{
    sizes(one_barrier);
}

/* What calls added goes when it is started again. */
struct called {
    int times, data;
    bool open;
};

static bool call(struct sched *s, void *arg)
{
    struct called *c = arg;
    c->times++;
    if (!c->open)
        return false;
    int *copy = sched_temp(s, sizeof *copy);
    sched_copy(s, &c->times, 1, datatype_of(MPI_INT), copy, 1, datatype_of(MPI_INT));
    sched_round(s);
    sched_copy(s, copy, 1, datatype_of(MPI_INT), &c->data, 1, datatype_of(MPI_INT));
    return true;
}

static void start(struct request *r)
{
    r->complete = false;
    r->ops->start(r);
}

static void test_calls(void **state)
{
    struct request *r;
    n = 1;
    begin_with(1);
    struct called c = {.data = -1};
    struct sched *s = sched_new(&comms[0]);
    sched_call(s, call, &c);
    assert_int_equal(sched_persist(s, &r), MPI_SUCCESS);
    for (int time = 0; time < 3; time++) {
        c.times = 0, c.open = false;
        start(r);
        assert_false(r->complete);
        progress_poll();
        assert_int_equal(c.times, 2);
        c.open = true;
        progress_poll();
        progress_poll();
        assert_true(r->complete);
        assert_int_equal(c.data, 3);
    }
    request_free(r);
    end_with();
}

/* In a line one begins when the one before it is over. */
static void test_line(void **state)
{
    enum { MANY = 5 };
    static struct sched_line line;
    struct called c[MANY];
    struct request *r[MANY];
    n = 1;
    begin_with(1);
    for (int i = 0; i < MANY; i++) {
        struct sched *s = sched_new(&comms[0]);
        c[i] = (struct called){0};
        sched_call(s, call, &c[i]);
        sched_join(s, &line);
        assert_int_equal(sched_start(s, &r[i]), MPI_SUCCESS);
    }
    c[2].open = c[3].open = true;
    progress_poll();
    assert_true(c[0].times > 0 && c[1].times == 0 && c[3].times == 0);
    c[0].open = true;
    progress_poll();
    progress_poll();
    assert_true(r[0]->complete && !r[1]->complete && c[1].times > 0 && c[2].times == 0);
    c[1].open = true;
    progress_poll();
    progress_poll();
    assert_true(r[1]->complete && r[2]->complete && r[3]->complete && !r[4]->complete);
    c[4].open = true;
    progress_poll();
    progress_poll();
    assert_true(r[4]->complete);
    for (int i = 0; i < MANY; i++)
        request_free(r[i]);
    end_with();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_barrier),  cmocka_unit_test(test_rooted),         cmocka_unit_test(test_allgather),
        cmocka_unit_test(test_alltoall), cmocka_unit_test(test_reduce),         cmocka_unit_test(test_allreduce),
        cmocka_unit_test(test_scan),     cmocka_unit_test(test_reduce_scatter), cmocka_unit_test(test_calls),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
