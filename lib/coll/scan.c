/* SPDX-License-Identifier: BSD-3-Clause
 *
 * scan, exscan. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_reduce.h"

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
static int on_node_exscan(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                          struct op *op, struct comm *comm)
{
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    CHECK(coll_reduce_check(count, t, op));
    return count > 0 ? node_scan(a, &(struct vector){own, recvbuf, count, t, op}, true) : MPI_SUCCESS;
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

static int on_node_scan(struct node *a, const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t,
                        struct op *op, struct comm *comm)
{
    const void *own = sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf;
    CHECK(coll_reduce_check(count, t, op));
    return count > 0 ? node_scan(a, &(struct vector){own, recvbuf, count, t, op}, false) : MPI_SUCCESS;
}
FORMS_NODE(scan,
           (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, struct comm *comm),
           (sendbuf, recvbuf, count, t, op, comm))
