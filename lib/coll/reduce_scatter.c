/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reduce_scatter, with equal and with varying counts. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_reduce.h"

/* Checks all counts, and adds them up. */
static int sum_of(struct ints counts, MPI_Count each, int n, const struct datatype *t, const struct op *op,
                  MPI_Count *total)
{
    *total = 0;
    for (int r = 0; r < n; r++) {
        MPI_Count count = counts.at ? ints_get(counts, r) : each;
        CHECK(coll_reduce_check(count, t, op));
        *total += count;
        if (UNLIKELY(!datatype_bears(t, *total)))
            return forms_wrong_together(count, r + 1, t);
    }
    return MPI_SUCCESS;
}

static int reduce_scatter(struct sched *s, const void *sendbuf, void *recvbuf, struct ints counts, MPI_Count each,
                          struct datatype *t, struct op *op, struct comm *c)
{
    MPI_Count total, at = 0, mine = counts.at ? ints_get(counts, c->rank) : each;
    INTRA(c);
    CHECK(sum_of(counts, each, c->size, t, op, &total));
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

static int on_node(struct node *a, const void *sendbuf, void *recvbuf, struct ints counts, MPI_Count each,
                   struct datatype *t, struct op *op)
{
    MPI_Count total;
    CHECK(sum_of(counts, each, a->n, t, op, &total));
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    return total > 0 ? node_reduce_scatter(a, &(struct vector){own, recvbuf, total, t, op}, counts, each) : MPI_SUCCESS;
}

static int build_reduce_scatter(struct sched *s, const void *sendbuf, void *recvbuf, struct ints recvcounts,
                                struct datatype *t, struct op *op, struct comm *comm)
{
    if (!recvcounts.at)
        return MPI_ERR_ARG;
    return reduce_scatter(s, sendbuf, recvbuf, recvcounts, 0, t, op, comm);
}

static int on_node_reduce_scatter(struct node *a, const void *sendbuf, void *recvbuf, struct ints recvcounts,
                                  struct datatype *t, struct op *op, struct comm *comm)
{
    if (!recvcounts.at)
        return MPI_ERR_ARG;
    return on_node(a, sendbuf, recvbuf, recvcounts, 0, t, op);
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

static int on_node_reduce_scatter_block(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count recvcount,
                                        struct datatype *t, struct op *op, struct comm *comm)
{
    return on_node(a, sendbuf, recvbuf, (struct ints){NULL, false}, recvcount, t, op);
}
FORMS_NODE(reduce_scatter_block,
           (const void *sendbuf, void *recvbuf, MPI_Count recvcount, struct datatype *t, struct op *op,
            struct comm *comm),
           (sendbuf, recvbuf, recvcount, t, op, comm))
