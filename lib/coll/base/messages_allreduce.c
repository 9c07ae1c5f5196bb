/* SPDX-License-Identifier: BSD-3-Clause
 *
 * messages_allreduce: schedules of allreduce. */
#include "lib/coll/base/messages.h"

/* The operand lies in the receive buffer, where it grows. */
static void *place_operand(struct sched *s, const struct coll_args *a)
{
    const struct blocks *v = &a->recv;
    if (a->send.buf != MPI_IN_PLACE) {
        sched_copy(s, a->send.buf, v->count, v->t, (void *)(uintptr_t)v->buf, v->count, v->t);
        sched_round(s);
    }
    return (void *)(uintptr_t)v->buf;
}

static void swap_buffers(void **x, void **y)
{
    void *swap = *x;
    *x = *y;
    *y = swap;
}

/* The ranks above the largest power of two give their operand to a neighbour and get the result; as neighbours meet
 * first, every block of ranks is contiguous and the order is kept. */
struct fold {
    int p, over, me; /* ranks that go on; pairs, the first ranks; this one's place among those that go on */
    bool gives;
};

static struct fold fold_of(const struct comm *c)
{
    struct fold f = {.p = 1};
    while (2 * f.p <= c->size)
        f.p *= 2;
    f.over = c->size - f.p;
    f.gives = c->rank < 2 * f.over && c->rank % 2;
    f.me = c->rank < 2 * f.over ? c->rank / 2 : c->rank - f.over;
    return f;
}

static int fold_rank(const struct fold *f, int place)
{
    return place < f->over ? 2 * place : place + f->over;
}

static void fold_give(struct sched *s, const struct coll_args *a, void *acc)
{
    sched_send(s, acc, a->recv.count, a->recv.t, a->comm->rank - 1);
    sched_round(s);
    sched_recv(s, acc, a->recv.count, a->recv.t, a->comm->rank - 1);
}

/* What the neighbour gives comes to *in, and what it becomes with *mine is *mine then. */
static void fold_take(struct sched *s, const struct fold *f, const struct coll_args *a, void **mine, void **in)
{
    const struct comm *c = a->comm;
    if (c->rank >= 2 * f->over)
        return;
    sched_recv(s, *in, a->recv.count, a->recv.t, c->rank + 1);
    sched_round(s);
    sched_reduce(s, *mine, *in, a->recv.count, a->recv.t, a->op);
    swap_buffers(mine, in);
    sched_round(s);
}

static void fold_return(struct sched *s, const struct fold *f, const struct coll_args *a, void *acc)
{
    sched_round(s);
    if (a->comm->rank < 2 * f->over)
        sched_send(s, acc, a->recv.count, a->recv.t, a->comm->rank + 1);
}

void messages_allreduce_doubling(struct sched *s, const struct coll_args *a)
{
    const struct comm *c = a->comm;
    MPI_Count n = a->recv.count;
    struct datatype *t = a->recv.t;
    void *acc = place_operand(s, a), *mine = acc;
    if (c->size == 1)
        return;
    struct fold f = fold_of(c);
    if (f.gives) {
        fold_give(s, a, acc);
        return;
    }
    void *in = sched_temp_for(s, n, t);
    fold_take(s, &f, a, &mine, &in);
    for (int mask = 1; mask < f.p; mask <<= 1) {
        int other = f.me ^ mask, rank = fold_rank(&f, other);
        sched_recv(s, in, n, t, rank);
        sched_send(s, mine, n, t, rank);
        sched_round(s);
        if (other > f.me) {
            sched_reduce(s, mine, in, n, t, a->op);
            swap_buffers(&mine, &in);
        } else {
            sched_reduce(s, in, mine, n, t, a->op);
        }
        sched_round(s);
    }
    if (mine != acc)
        sched_copy(s, mine, n, t, acc, n, t);
    fold_return(s, &f, a, acc);
}

/* The first element of part k, of p nearly equal ones of n. */
static MPI_Count part_at(MPI_Count n, int p, int k)
{
    return n / p * k + (k < n % p ? k : n % p);
}

/* Some parts of the vector, one after the other. */
struct span {
    int first, end;
};

static MPI_Count span_count(MPI_Count n, int p, struct span x)
{
    return part_at(n, p, x.end) - part_at(n, p, x.first);
}

/* What came in goes to what is there, of `lower` ranks or of higher ones. */
static void combine(struct sched *s, const struct coll_args *a, void *in, void *place, MPI_Count n, bool lower)
{
    sched_reduce(s, lower ? in : place, lower ? place : in, n, a->recv.t, a->op);
    if (lower)
        return;
    sched_round(s);
    sched_copy(s, in, n, a->recv.t, place, n, a->recv.t);
}

/* Reduce-scatter: with each neighbour this rank keeps half of what it had. Returns how many times; `had` is what it had
 * before each, and at last. */
static int halve(struct sched *s, const struct fold *f, const struct coll_args *a, char *acc, void *in,
                 struct span *had)
{
    MPI_Count n = a->recv.count;
    struct datatype *t = a->recv.t;
    int steps = 0;
    had[0] = (struct span){0, f->p};
    for (int mask = 1; mask < f->p; mask <<= 1, steps++) {
        int middle = (had[steps].first + had[steps].end) / 2, other = f->me ^ mask, rank = fold_rank(f, other);
        struct span low = {had[steps].first, middle}, high = {middle, had[steps].end};
        struct span keep = other < f->me ? high : low, give = other < f->me ? low : high;
        void *place = args_at(acc, part_at(n, f->p, keep.first), t);
        sched_recv(s, in, span_count(n, f->p, keep), t, rank);
        sched_send(s, args_at(acc, part_at(n, f->p, give.first), t), span_count(n, f->p, give), t, rank);
        sched_round(s);
        combine(s, a, in, place, span_count(n, f->p, keep), other < f->me || a->op->commutative);
        sched_round(s);
        had[steps + 1] = keep;
    }
    return steps;
}

void messages_allreduce_halving(struct sched *s, const struct coll_args *a)
{
    enum { STEPS = 32 };
    struct span had[STEPS];
    MPI_Count n = a->recv.count;
    struct datatype *t = a->recv.t;
    char *acc = place_operand(s, a);
    if (a->comm->size == 1)
        return;
    struct fold f = fold_of(a->comm);
    if (f.gives) {
        fold_give(s, a, acc);
        return;
    }
    void *in = sched_temp_for(s, f.over > 0 ? n : (n + 1) / 2 + f.p, t), *mine = acc, *other = in;
    fold_take(s, &f, a, &mine, &other);
    if (mine != acc)
        sched_copy(s, mine, n, t, acc, n, t);
    sched_round(s);
    for (int steps = halve(s, &f, a, acc, in, had); steps > 0; steps--) {
        int rank = fold_rank(&f, f.me ^ (1 << (steps - 1)));
        struct span mine_now = had[steps], all = had[steps - 1];
        struct span others = mine_now.first == all.first ? (struct span){mine_now.end, all.end}
                                                         : (struct span){all.first, mine_now.first};
        sched_recv(s, args_at(acc, part_at(n, f.p, others.first), t), span_count(n, f.p, others), t, rank);
        sched_send(s, args_at(acc, part_at(n, f.p, mine_now.first), t), span_count(n, f.p, mine_now), t, rank);
        sched_round(s);
    }
    fold_return(s, &f, a, acc);
}

void messages_allreduce_ring(struct sched *s, const struct coll_args *a)
{
    struct datatype *t = a->recv.t;
    MPI_Count n = a->recv.count;
    int p = a->comm->size, me = a->comm->rank, right = (me + 1) % p, left = (me - 1 + p) % p;
    char *acc = place_operand(s, a);
    void *in = sched_temp_for(s, (n + p - 1) / p, t);
    for (int phase = 0; phase < 2; phase++)
        for (int k = 0; k < p - 1; k++) {
            int out = (me - k + phase + p) % p, into = (me - k - 1 + phase + p) % p;
            MPI_Count in_n = span_count(n, p, (struct span){into, into + 1});
            void *place = args_at(acc, part_at(n, p, into), t);
            sched_recv(s, phase == 0 ? in : place, in_n, t, left);
            sched_send(s, args_at(acc, part_at(n, p, out), t), span_count(n, p, (struct span){out, out + 1}), t, right);
            sched_round(s);
            if (phase == 0)
                sched_reduce(s, in, place, in_n, t, a->op);
            sched_round(s);
        }
}
