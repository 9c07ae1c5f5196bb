/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reduce, allreduce, reduce_scatter, scan. Whatever the tree, an operation that does not commute meets its operands in
 * the order of ranks. */
#include "lib/coll/forms.h"
#include "lib/coll/small.h"

int coll_reduce_check(MPI_Count count, const struct datatype *t, const struct op *op)
{
    CHECK(forms_check(count, t));
    return op_check(op, t);
}

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
SCHEDULED(reduce,
          (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, int root,
           struct comm *comm),
          (sendbuf, recvbuf, count, t, op, root, comm))
FORMS_OTHERS(reduce,
             (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, int root,
              struct comm *comm),
             (sendbuf, recvbuf, count, t, op, root, comm))

int mpi_reduce(const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, int root,
               struct comm *comm)
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
SCHEDULED(allreduce,
          (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, struct comm *comm),
          (sendbuf, recvbuf, count, t, op, comm))
FORMS_OTHERS(allreduce,
             (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
              struct comm *comm),
             (sendbuf, recvbuf, count, t, op, comm))

int mpi_allreduce(const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
                  struct comm *comm)
{
    const void *from = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    if (UNLIKELY(coll_reduce_check(count, t, op) != MPI_SUCCESS) || count == 0 || !small_enough(comm, count, t))
        return scheduled_allreduce(sendbuf, recvbuf, count, t, op, comm);
    return small_allreduce(from, recvbuf, count, t, op, comm);
}

static int reduce_scatter(struct sched *s, const void *sendbuf, void *recvbuf, struct ints counts, MPI_Count each,
                          struct datatype *t, struct op *op, struct comm *c)
{
    MPI_Count total = 0, at = 0, mine = each;
    INTRA(c);
    for (int r = 0; r < c->size; r++) {
        MPI_Count n = counts.at ? ints_get(counts, r) : each;
        CHECK(coll_reduce_check(n, t, op));
        if (r == c->rank)
            mine = n;
        total += n;
    }
    if (total == 0)
        return MPI_SUCCESS;
    void *all = c->rank == 0 ? sched_temp_for(s, total, t) : NULL;
    coll_reduce(s, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, all, total, t, op, 0, c);
    if (c->rank > 0) {
        if (mine > 0)
            sched_recv(s, recvbuf, mine, t, 0);
        return MPI_SUCCESS;
    }
    for (int r = 0; r < c->size; r++) {
        MPI_Count n = counts.at ? ints_get(counts, r) : each;
        if (r == 0)
            sched_copy(s, all, n, t, recvbuf, n, t);
        else if (n > 0)
            sched_send(s, forms_at(all, at, t), n, t, r);
        at += n;
    }
    return MPI_SUCCESS;
}

static int build_reduce_scatter(struct sched *s, const void *sendbuf, void *recvbuf, struct ints recvcounts,
                                struct datatype *t, struct op *op, struct comm *comm)
{
    if (!recvcounts.at)
        return MPI_ERR_ARG;
    return reduce_scatter(s, sendbuf, recvbuf, recvcounts, 0, t, op, comm);
}
FORMS(reduce_scatter,
      (const void *sendbuf, void *recvbuf, struct ints recvcounts, struct datatype *t, struct op *op,
       struct comm *comm),
      (sendbuf, recvbuf, recvcounts, t, op, comm))

static int build_reduce_scatter_block(struct sched *s, const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                                      struct datatype *t, struct op *op, struct comm *comm)
{
    return reduce_scatter(s, sendbuf, recvbuf, (struct ints){NULL, false}, recvcount, t, op, comm);
}
FORMS(reduce_scatter_block,
      (const void *sendbuf, void *recvbuf, MPI_Count recvcount, struct datatype *t, struct op *op, struct comm *comm),
      (sendbuf, recvbuf, recvcount, t, op, comm))

/* In round k rank r learns the sum of the 2^k ranks below the block that it knows. `below` holds what lies below rank r
 * (meaningless at rank 0), `block` the sum of the block that ends with r. */
static void prefix(struct sched *s, const void *own, void *below, MPI_Count n, struct datatype *t, struct op *op,
                   struct comm *c)
{
    void *block = sched_temp_for(s, n, t), *in = sched_temp_for(s, n, t);
    bool any = false;
    sched_copy(s, own, n, t, block, n, t);
    sched_round(s);
    for (int step = 1; step < c->size; step <<= 1) {
        if (c->rank >= step)
            sched_recv(s, in, n, t, c->rank - step);
        if (c->rank + step < c->size)
            sched_send(s, block, n, t, c->rank + step);
        sched_round(s);
        if (c->rank < step)
            continue;
        /* below = in op below; block = in op block: `in` is lower in rank than both. */
        if (any)
            sched_reduce(s, in, below, n, t, op);
        else
            sched_copy(s, in, n, t, below, n, t);
        any = true;
        sched_round(s);
        sched_reduce(s, in, block, n, t, op);
        sched_round(s);
    }
}

static int build_exscan(struct sched *s, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                        struct op *op, struct comm *comm)
{
    INTRA(comm);
    CHECK(coll_reduce_check(count, t, op));
    if (count > 0)
        prefix(s, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, recvbuf, count, t, op, comm);
    return MPI_SUCCESS;
}
FORMS(exscan,
      (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, struct comm *comm),
      (sendbuf, recvbuf, count, t, op, comm))

static int build_scan(struct sched *s, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                      struct op *op, struct comm *comm)
{
    INTRA(comm);
    CHECK(coll_reduce_check(count, t, op));
    if (count == 0)
        return MPI_SUCCESS;
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    void *below = sched_temp_for(s, count, t);
    prefix(s, own, below, count, t, op, comm);
    if (sendbuf != MPI_IN_PLACE)
        sched_copy(s, sendbuf, count, t, recvbuf, count, t);
    sched_round(s);
    if (comm->rank > 0)
        sched_reduce(s, below, recvbuf, count, t, op);
    return MPI_SUCCESS;
}
FORMS(scan, (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, struct comm *comm),
      (sendbuf, recvbuf, count, t, op, comm))
