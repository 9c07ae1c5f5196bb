/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reduce, allreduce. Whatever the tree, an operation that does not commute meets its operands in
 * the order of ranks. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_reduce.h"
#include "lib/coll/shm/node_short.h"
#include "lib/coll/base/small.h"

/* Binomial: rank r takes over what r + mask has gathered, whose ranks all lie above its own. */
void coll_reduce(struct sched *s, const void *from, void *to, MPI_Count n, struct datatype *t, struct op *op, int root,
                 struct comm *c)
{
    int size = c->size, base = op->commutative ? root : 0, me = (c->rank - base + size) % size;
    if (size == 1) {
        if (from != to)
            sched_copy(s, from, n, t, to, n, t);
        return;
    }
    bool here = c->rank == root;
    const void *mine = from;
    void *spare[2] = {NULL, NULL};
    int next = 0;
    for (int mask = 1; mask < size; mask <<= 1) {
        if (me & mask) {
            sched_send(s, mine, n, t, (me - mask + base) % size);
            sched_round(s);
            break;
        }
        if (me + mask >= size)
            continue;
        if (!spare[next])
            spare[next] = sched_temp_for(s, n, t);
        sched_recv(s, spare[next], n, t, (me + mask + base) % size);
        sched_round(s);
        sched_reduce(s, mine, spare[next], n, t, op);
        mine = spare[next];
        next = !next;
    }
    sched_round(s);
    if (base != root && c->rank == base) {
        sched_send(s, mine, n, t, root);
    } else if (here && base == root) {
        sched_copy(s, mine, n, t, to, n, t);
    } else if (here) {
        sched_recv(s, to, n, t, base);
    }
    sched_round(s);
}

static int build_reduce(struct sched *s, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                        struct op *op, int root, struct comm *comm)
{
    INTRA(comm);
    CHECK(coll_reduce_check(count, t, op));
    if (sendbuf == MPI_IN_PLACE && comm->rank != root)
        return MPI_ERR_BUFFER;
    if (count > 0)
        coll_reduce(s, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, recvbuf, count, t, op, root, comm);
    return MPI_SUCCESS;
}

static int on_node_reduce(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                          struct op *op, int root, struct comm *comm)
{
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    CHECK(coll_reduce_check(count, t, op));
    if (UNLIKELY(sendbuf == MPI_IN_PLACE && comm->rank != root))
        return MPI_ERR_BUFFER;
    op_kernel *f = op_kernel_of(op, t);
    if (LIKELY(a->n == 2 && f && node_is_short(count, t) && count > 0))
        return node_pair_reduce(a, own, recvbuf, count, t, f, root);
    return count > 0 ? node_reduce(a, &(struct vector){own, recvbuf, count, t, op}, root) : MPI_SUCCESS;
}
FORMS_NODE_SMALL(reduce,
                 (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, int root,
                  struct comm *comm),
                 (sendbuf, recvbuf, count, t, op, root, comm))

static int by_message_reduce(const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
                             int root, struct comm *comm)
{
    const void *from = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    bool wrong = coll_reduce_check(count, t, op) != MPI_SUCCESS || (sendbuf == MPI_IN_PLACE && comm->rank != root);
    if (UNLIKELY(wrong) || count == 0 || !small_enough(comm, count, t))
        return scheduled_reduce(sendbuf, recvbuf, count, t, op, root, comm);
    return small_reduce(from, recvbuf, count, t, op, root, comm);
}

/* Recursive doubling. The ranks above the largest power of two give their operand to a neighbour and get the result; as
 * neighbours meet first, every block of ranks is contiguous and the order is kept. */
static void doubling(struct sched *s, void *acc, MPI_Count n, struct datatype *t, struct op *op, struct comm *c)
{
    int p = 1;
    while (2 * p <= c->size)
        p *= 2;
    int over = c->size - p, me = c->rank < 2 * over ? c->rank / 2 : c->rank - over;
    void *in = sched_temp_for(s, n, t), *mine = acc;
    if (c->rank < 2 * over && c->rank % 2) {
        sched_send(s, acc, n, t, c->rank - 1);
        sched_recv(s, acc, n, t, c->rank - 1);
        return;
    }
    if (c->rank < 2 * over) {
        sched_recv(s, in, n, t, c->rank + 1);
        sched_round(s);
        sched_reduce(s, mine, in, n, t, op);
        void *swap = mine;
        mine = in, in = swap;
        sched_round(s);
    }
    for (int mask = 1; mask < p; mask <<= 1) {
        int other = me ^ mask, rank = other < over ? 2 * other : other + over;
        sched_recv(s, in, n, t, rank);
        sched_send(s, mine, n, t, rank);
        sched_round(s);
        if (other > me) {
            sched_reduce(s, mine, in, n, t, op);
            void *swap = mine;
            mine = in, in = swap;
        } else {
            sched_reduce(s, in, mine, n, t, op);
        }
        sched_round(s);
    }
    if (mine != acc)
        sched_copy(s, mine, n, t, acc, n, t);
    sched_round(s);
    if (c->rank < 2 * over)
        sched_send(s, acc, n, t, c->rank + 1);
}

/* Long vectors: each rank reduces one part, then all parts go round. For operations that commute. */
static void by_parts(struct sched *s, char *acc, MPI_Count n, struct datatype *t, struct op *op, struct comm *c)
{
    int p = c->size, right = (c->rank + 1) % p, left = (c->rank - 1 + p) % p;
    void *in = sched_temp_for(s, (n + p - 1) / p, t);
#define PART(k) (n / p * (k) + ((k) < n % p ? (k) : n % p))
    for (int phase = 0; phase < 2; phase++)
        for (int k = 0; k < p - 1; k++) {
            int out = (c->rank - k + phase + p) % p, into = (c->rank - k - 1 + phase + p) % p;
            MPI_Count out_n = PART(out + 1) - PART(out), in_n = PART(into + 1) - PART(into);
            void *place = forms_at(acc, PART(into), t);
            sched_recv(s, phase == 0 ? in : place, in_n, t, left);
            sched_send(s, forms_at(acc, PART(out), t), out_n, t, right);
            sched_round(s);
            if (phase == 0)
                sched_reduce(s, in, place, in_n, t, op);
            sched_round(s);
        }
#undef PART
}

static int build_allreduce(struct sched *s, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                           struct op *op, struct comm *comm)
{
    enum { LONG = 32768 };
    INTRA(comm);
    CHECK(coll_reduce_check(count, t, op));
    if (count == 0)
        return MPI_SUCCESS;
    if (sendbuf != MPI_IN_PLACE) {
        sched_copy(s, sendbuf, count, t, recvbuf, count, t);
        sched_round(s);
    }
    if (comm->size == 1)
        return MPI_SUCCESS;
    if (op->commutative && count >= comm->size && count * t->size >= LONG)
        by_parts(s, recvbuf, count, t, op, comm);
    else
        doubling(s, recvbuf, count, t, op, comm);
    return MPI_SUCCESS;
}

static int on_node_allreduce(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                             struct op *op, struct comm *comm)
{
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    CHECK(coll_reduce_check(count, t, op));
    op_kernel *f = op_kernel_of(op, t);
    if (LIKELY(a->n == 2 && f && node_is_short(count, t) && count > 0))
        return node_pair_allreduce(a, own, recvbuf, count, t, f);
    return count > 0 ? node_allreduce(a, &(struct vector){own, recvbuf, count, t, op}) : MPI_SUCCESS;
}
FORMS_NODE_SMALL(allreduce,
                 (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
                  struct comm *comm),
                 (sendbuf, recvbuf, count, t, op, comm))

static int by_message_allreduce(const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
                                struct comm *comm)
{
    const void *from = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    if (UNLIKELY(coll_reduce_check(count, t, op) != MPI_SUCCESS) || count == 0 || !small_enough(comm, count, t))
        return scheduled_allreduce(sendbuf, recvbuf, count, t, op, comm);
    return small_allreduce(from, recvbuf, count, t, op, comm);
}
