/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reduce, allreduce, reduce_scatter, scan. Whatever the tree, an operation that does not commute meets its operands in
 * the order of ranks. */
#include <stdlib.h>
#include <string.h>
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

/* Operations on predefined types; the elements of an offer lie as in memory. */
static bool node_reduces(const struct node *a, MPI_Count count, const struct datatype *t)
{
    return t->obj.predefined && t->dense && node_fits(a, count * t->extent);
}

#define SHARE(k) (count / a->n * (k) + ((k) < count % a->n ? (k) : count % a->n))

/* Long vectors: each rank reduces one part; the root reads the parts. */
static int long_reduce(struct node *a, const void *own, void *recvbuf, MPI_Count count, struct datatype *t,
                       struct op *op, int root)
{
    MPI_Count first = SHARE(a->me), mine = SHARE(a->me + 1) - first;
    char *part = a->me == root ? forms_at(recvbuf, first, t) : malloc((size_t)(mine * t->extent) + 1);
    uint32_t k = node_begin(a);
    node_offer(a, k, own, (size_t)(count * t->extent));
    node_meet(a, k);
    int rc = part ? node_combine(a, k, (size_t)(first * t->extent), part, mine, t, op) : MPI_ERR_NO_MEM;
    node_end(a, k);
    k = node_begin(a);
    node_offer_place(a, k, part, (size_t)(mine * t->extent));
    node_gathered(a, k, root);
    for (int r = 0; a->me == root && r < a->n; r++)
        if (r != root &&
            !node_fetch(a, k, r, 0, forms_at(recvbuf, SHARE(r), t), (size_t)((SHARE(r + 1) - SHARE(r)) * t->extent)))
            rc = MPI_ERR_OTHER;
    node_end(a, k);
    /* The root's end says that all have read all. */
    if (a->me == root) {
        node_wake(a, -1);
    } else {
        node_await_end(a, k, root);
        free(part);
    }
    return rc;
}

static int node_reduce(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                       struct op *op, int root, struct comm *comm)
{
    int rc = coll_reduce_check(count, t, op);
    if (rc != MPI_SUCCESS || count == 0)
        return rc;
    if (sendbuf == MPI_IN_PLACE && comm->rank != root)
        return MPI_ERR_BUFFER;
    if (!node_reduces(a, count, t))
        return NODE_LATER;
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    if (count * t->extent > NODE_SLOT)
        return long_reduce(a, own, recvbuf, count, t, op, root);
    uint32_t k = node_begin(a);
    node_offer(a, k, own, (size_t)(count * t->extent));
    node_gathered(a, k, root);
    if (comm->rank == root)
        rc = node_combine(a, k, 0, recvbuf, count, t, op);
    node_end(a, k);
    return rc;
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
    struct node *a = node_of(comm);
    int rc = a ? node_reduce(a, sendbuf, recvbuf, count, t, op, root, comm) : NODE_LATER;
    if (rc != NODE_LATER)
        return node_came_to(a, rc);
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

/* Each rank reduces one part in its place of recvbuf, and reads the others'. */
static int long_allreduce(struct node *a, const void *own, void *recvbuf, MPI_Count count, struct datatype *t,
                          struct op *op)
{
    MPI_Count first = SHARE(a->me), mine = SHARE(a->me + 1) - first;
    uint32_t k = node_begin(a);
    node_offer(a, k, own, (size_t)(count * t->extent));
    node_meet(a, k);
    int rc = node_combine(a, k, (size_t)(first * t->extent), forms_at(recvbuf, first, t), mine, t, op);
    node_end(a, k);
    k = node_begin(a);
    node_offer_place(a, k, recvbuf, (size_t)(count * t->extent));
    node_meet(a, k);
    for (int i = 1; i < a->n; i++) {
        int r = (a->me + i) % a->n;
        size_t at = (size_t)(SHARE(r) * t->extent), n = (size_t)(SHARE(r + 1) * t->extent) - at;
        if (!node_fetch(a, k, r, at, (char *)recvbuf + at, n))
            rc = MPI_ERR_OTHER;
    }
    node_end(a, k);
    node_barrier_all(a);
    return rc;
}

/* Two ranks: both combine. More: who comes last does it for all, so that each need run but once. */
static int node_allreduce(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                          struct op *op, struct comm *comm)
{
    int rc = coll_reduce_check(count, t, op);
    if (rc != MPI_SUCCESS || count == 0)
        return rc;
    if (!node_reduces(a, count, t))
        return NODE_LATER;
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    size_t bytes = (size_t)(count * t->extent);
    if (bytes > NODE_SLOT)
        return long_allreduce(a, own, recvbuf, count, t, op);
    uint32_t k = node_begin(a);
    node_offer(a, k, own, bytes);
    if (a->n == 2) {
        node_meet(a, k);
        rc = node_combine(a, k, 0, recvbuf, count, t, op);
    } else {
        char *result = node_slot(a, k, a->n);
        if (node_last(a, k, a->n)) {
            rc = node_combine(a, k, 0, result, count, t, op);
            node_release(a, k, -1);
        } else {
            node_await_release(a, k);
        }
        a->known = k;
        memcpy(recvbuf, result, bytes);
    }
    node_end(a, k);
    return rc;
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
    struct node *a = node_of(comm);
    int rc = a ? node_allreduce(a, sendbuf, recvbuf, count, t, op, comm) : NODE_LATER;
    if (rc != NODE_LATER)
        return node_came_to(a, rc);
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

static int node_scatter_reduced(struct node *a, const void *sendbuf, void *recvbuf, struct ints counts, MPI_Count each,
                                struct datatype *t, struct op *op)
{
    MPI_Count total = 0, first = 0, mine = each;
    for (int r = 0; r < a->n; r++) {
        MPI_Count n = counts.at ? ints_get(counts, r) : each;
        CHECK(coll_reduce_check(n, t, op));
        if (r == a->me)
            first = total, mine = n;
        total += n;
    }
    if (total == 0)
        return MPI_SUCCESS;
    if (!node_reduces(a, total, t))
        return NODE_LATER;
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    bool lies = total * t->extent > NODE_SLOT; /* offered where it lies, so that it must not change yet */
    size_t bytes = (size_t)(mine * t->extent);
    char *out = lies && sendbuf == MPI_IN_PLACE ? malloc(bytes + 1) : recvbuf;
    uint32_t k = node_begin(a);
    node_offer(a, k, own, (size_t)(total * t->extent));
    node_meet(a, k);
    int rc = out ? node_combine(a, k, (size_t)(first * t->extent), out, mine, t, op) : MPI_ERR_NO_MEM;
    node_end(a, k);
    if (lies)
        node_barrier_all(a);
    if (out && out != recvbuf) {
        memcpy(recvbuf, out, bytes);
        free(out);
    }
    return rc;
}

static int build_reduce_scatter(struct sched *s, const void *sendbuf, void *recvbuf, struct ints recvcounts,
                                struct datatype *t, struct op *op, struct comm *comm)
{
    if (!recvcounts.at)
        return MPI_ERR_ARG;
    return reduce_scatter(s, sendbuf, recvbuf, recvcounts, 0, t, op, comm);
}

static int node_reduce_scatter(struct node *a, const void *sendbuf, void *recvbuf, struct ints recvcounts,
                               struct datatype *t, struct op *op, struct comm *comm)
{
    if (!recvcounts.at)
        return MPI_ERR_ARG;
    return node_scatter_reduced(a, sendbuf, recvbuf, recvcounts, 0, t, op);
}
FORMS_NODE(reduce_scatter,
           (const void *sendbuf, void *recvbuf, struct ints recvcounts, struct datatype *t, struct op *op,
            struct comm *comm),
           (sendbuf, recvbuf, recvcounts, t, op, comm))

static int build_reduce_scatter_block(struct sched *s, const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                                      struct datatype *t, struct op *op, struct comm *comm)
{
    return reduce_scatter(s, sendbuf, recvbuf, (struct ints){NULL, false}, recvcount, t, op, comm);
}

static int node_reduce_scatter_block(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                                     struct datatype *t, struct op *op, struct comm *comm)
{
    return node_scatter_reduced(a, sendbuf, recvbuf, (struct ints){NULL, false}, recvcount, t, op);
}
FORMS_NODE(reduce_scatter_block,
           (const void *sendbuf, void *recvbuf, MPI_Count recvcount, struct datatype *t, struct op *op,
            struct comm *comm),
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

/* Whoever comes last makes the prefixes of all, in their slots; long vectors go slot by slot. */
static int node_prefix(struct node *a, const void *own, void *to, MPI_Count count, struct datatype *t, struct op *op,
                       bool below)
{
    MPI_Count most = NODE_SLOT / t->extent;
    for (MPI_Count i = 0; i < count; i += most) {
        MPI_Count m = count - i < most ? count - i : most;
        uint32_t k = node_begin(a);
        node_offer(a, k, forms_at(own, i, t), (size_t)(m * t->extent));
        if (node_last(a, k, a->n)) {
            for (int r = 1; r < a->n; r++)
                op_apply(op, node_data(a, k, r - 1), (void *)(uintptr_t)node_data(a, k, r), m, t);
            node_release(a, k, -1);
        } else {
            node_await_release(a, k);
        }
        a->known = k;
        if (!below || a->me > 0)
            memcpy(forms_at(to, i, t), node_data(a, k, a->me - below), (size_t)(m * t->extent));
        node_end(a, k);
    }
    return MPI_SUCCESS;
}

static int node_exscan(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                       struct op *op, struct comm *comm)
{
    CHECK(coll_reduce_check(count, t, op));
    if (!t->obj.predefined || !t->dense)
        return NODE_LATER;
    return node_prefix(a, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, recvbuf, count, t, op, true);
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
FORMS_NODE(exscan,
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

static int node_scan(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                     struct op *op, struct comm *comm)
{
    CHECK(coll_reduce_check(count, t, op));
    if (!t->obj.predefined || !t->dense)
        return NODE_LATER;
    return node_prefix(a, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, recvbuf, count, t, op, false);
}
FORMS_NODE(scan,
           (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, struct comm *comm),
           (sendbuf, recvbuf, count, t, op, comm))
