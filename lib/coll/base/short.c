/* SPDX-License-Identifier: BSD-3-Clause
 *
 * short: collectives on little data by messages. An error ends nothing, so that no other rank waits for this one; but
 * where a member takes no part, nobody goes on, or others would take it for complete. */
#include "lib/coll/base/short.h"
#include <string.h>
#include "lib/p2p/failure_sweep.h"

/* One collective, as this rank is in it. */
struct exchange {
    struct comm *comm;
    int tag, rc;
};

static struct exchange exchange_begin(struct comm *c)
{
    return (struct exchange){c, (int)(c->coll_seq++ & 0x3fffffff), MPI_SUCCESS};
}

/* Receives from `from` and sends to `to` at once; either may be MPI_PROC_NULL. */
static void step(struct exchange *x, const void *out, MPI_Count out_n, int to, void *in, MPI_Count in_n, int from)
{
    struct comm *c = x->comm;
    struct request *s = NULL, *r = NULL;
    if (UNLIKELY(x->rc == MPI_ERR_PROC_ABORTED))
        return;
    int rc = UNLIKELY(failed_or_far) ? failure_of_all(c) : MPI_SUCCESS, late;
    if (from != MPI_PROC_NULL && rc == MPI_SUCCESS)
        rc = p2p_recv(in, in_n, &datatype_byte, from, x->tag, c, P2P_COLL(c), &r);
    if (rc == MPI_SUCCESS && to != MPI_PROC_NULL)
        rc = p2p_send(out, out_n, &datatype_byte, to, x->tag, c, P2P_COLL(c), MODE_STANDARD, &s);
    if (r && (late = request_wait(r, MPI_STATUS_IGNORE)) != MPI_SUCCESS)
        rc = late;
    if (s && (late = request_wait(s, MPI_STATUS_IGNORE)) != MPI_SUCCESS)
        rc = late;
    x->rc = blocks_first(x->rc, rc);
}

static void step_send(struct exchange *x, const void *out, MPI_Count n, int to)
{
    step(x, out, n, to, NULL, 0, MPI_PROC_NULL);
}

static void step_recv(struct exchange *x, void *in, MPI_Count n, int from)
{
    step(x, NULL, 0, MPI_PROC_NULL, in, n, from);
}

int short_barrier(const struct coll_args *a)
{
    struct exchange x = exchange_begin(a->comm);
    int n = a->comm->size, me = a->comm->rank;
    for (int k = 1; k < n; k <<= 1)
        step(&x, NULL, 0, (me + k) % n, NULL, 0, (me - k + n) % n);
    return x.rc;
}

int short_bcast(const struct coll_args *a)
{
    struct exchange x = exchange_begin(a->comm);
    const struct blocks *v = &a->recv;
    char packed[SHORT_BYTES], *buf = (char *)(uintptr_t)v->buf + v->t->true_lb;
    MPI_Count bytes = v->count * v->t->size;
    int n = a->comm->size, me = (a->comm->rank - a->root + n) % n, mask = 1;
    bool run = datatype_is_run(v->t, v->count);
    if (!run && me == 0)
        datatype_pack(v->t, v->buf, v->count, 0, packed, (size_t)bytes);
    if (!run)
        buf = packed;
    while (mask < n && !(me & mask))
        mask <<= 1;
    if (me > 0)
        step_recv(&x, buf, bytes, (me - mask + a->root) % n);
    for (mask >>= 1; mask > 0; mask >>= 1)
        if (me + mask < n)
            step_send(&x, buf, bytes, (me + mask + a->root) % n);
    if (!run && me > 0 && x.rc == MPI_SUCCESS)
        datatype_unpack(v->t, (void *)(uintptr_t)v->buf, v->count, 0, packed, (size_t)bytes);
    return x.rc;
}

/* What grows, and what comes in. */
struct operands {
    _Alignas(64) char room[2][SHORT_BYTES];
    char *mine, *in;
};

static void operands_begin(struct operands *p, const struct coll_args *a, size_t bytes)
{
    p->mine = p->room[0];
    p->in = p->room[1];
    memcpy(p->mine, args_operand(a), bytes);
}

/* What came is of higher ranks. The operation leaves its result in the place of its second operand, so the two change
 * places. */
static void operands_combine(struct operands *p, const struct coll_args *a)
{
    op_apply(a->op, p->mine, p->in, a->recv.count, a->recv.t);
    char *swap = p->mine;
    p->mine = p->in;
    p->in = swap;
}

int short_reduce(const struct coll_args *a)
{
    struct exchange x = exchange_begin(a->comm);
    struct operands p;
    void *to = (void *)(uintptr_t)a->recv.buf;
    MPI_Count bytes = a->recv.count * a->recv.t->size;
    int n = a->comm->size, root = a->root, rank = a->comm->rank, base = a->op->commutative ? root : 0;
    int me = (rank - base + n) % n, mask = 1;
    operands_begin(&p, a, (size_t)bytes);
    for (; mask < n && !(me & mask); mask <<= 1) {
        if (me + mask >= n)
            continue;
        step_recv(&x, p.in, bytes, (me + mask + base) % n);
        if (x.rc == MPI_SUCCESS)
            operands_combine(&p, a);
    }
    if (me > 0)
        step_send(&x, p.mine, bytes, (me - mask + base) % n);
    if (base != root && rank == base)
        step_send(&x, p.mine, bytes, root);
    else if (base != root && rank == root)
        step_recv(&x, to, bytes, base);
    else if (rank == root)
        memcpy(to, p.mine, (size_t)bytes);
    return x.rc;
}

int short_allreduce(const struct coll_args *a)
{
    struct exchange x = exchange_begin(a->comm);
    struct operands o;
    void *to = (void *)(uintptr_t)a->recv.buf;
    MPI_Count bytes = a->recv.count * a->recv.t->size;
    int n = a->comm->size, rank = a->comm->rank, p = 1;
    while (2 * p <= n)
        p *= 2;
    int over = n - p, me = rank < 2 * over ? rank / 2 : rank - over;
    bool pairs = rank < 2 * over;
    operands_begin(&o, a, (size_t)bytes);
    if (pairs && rank % 2) {
        step_send(&x, o.mine, bytes, rank - 1);
        step_recv(&x, to, bytes, rank - 1);
        return x.rc;
    }
    if (pairs) {
        step_recv(&x, o.in, bytes, rank + 1);
        if (x.rc == MPI_SUCCESS)
            operands_combine(&o, a);
    }
    for (int mask = 1; mask < p; mask <<= 1) {
        int other = me ^ mask, r = other < over ? 2 * other : other + over;
        step(&x, o.mine, bytes, r, o.in, bytes, r);
        if (x.rc == MPI_SUCCESS && other > me)
            operands_combine(&o, a);
        else if (x.rc == MPI_SUCCESS)
            op_apply(a->op, o.in, o.mine, a->recv.count, a->recv.t);
    }
    if (x.rc == MPI_SUCCESS)
        memcpy(to, o.mine, (size_t)bytes);
    if (pairs)
        step_send(&x, o.mine, bytes, rank + 1);
    return x.rc;
}
