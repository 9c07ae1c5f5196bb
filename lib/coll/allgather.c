/* SPDX-License-Identifier: BSD-3-Clause
 *
 * allgather, with equal and with varying counts. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_blocks.h"

/* Ring: in round k the share of the rank k to the left arrives. */
static void ring(struct sched *s, const struct blocks *v, struct comm *c)
{
    int n = c->size, right = (c->rank + 1) % n, left = (c->rank - 1 + n) % n;
    for (int k = 0; k < n - 1; k++) {
        int out = (c->rank - k + n) % n, in = (c->rank - k - 1 + n) % n;
        if (blocks_bytes(v, in) > 0)
            sched_recv(s, blocks_at(v, in), blocks_count(v, in), v->t, left);
        if (blocks_bytes(v, out) > 0)
            sched_send(s, blocks_at(v, out), blocks_count(v, out), v->t, right);
        sched_round(s);
    }
}

/* Bruck: in ceil(log2 n) rounds, on packed shares counted from one's own; then each to its place. */
static void bruck(struct sched *s, const struct blocks *v, struct comm *c)
{
    int n = c->size;
    MPI_Count each = v->count * v->t->size;
    char *all = sched_temp(s, (size_t)(each * n));
    sched_copy(s, blocks_at(v, c->rank), v->count, v->t, all, each, &datatype_byte);
    for (int have = 1; have < n; have <<= 1) {
        int more = n - have < have ? n - have : have;
        sched_recv(s, all + have * each, more * each, &datatype_byte, (c->rank + have) % n);
        sched_send(s, all, more * each, &datatype_byte, (c->rank - have + n) % n);
        sched_round(s);
    }
    for (int k = 1; k < n; k++)
        sched_copy(s, all + k * each, each, &datatype_byte, blocks_at(v, (c->rank + k) % n), v->count, v->t);
}

static int allgather(struct sched *s, const void *sendbuf, MPI_Count n, struct datatype *t, const struct blocks *v,
                     struct comm *c)
{
    enum { SMALL = 16384 };
    INTRA(c);
    CHECK(blocks_check(v, c->size));
    if (sendbuf != MPI_IN_PLACE) {
        CHECK(forms_check(n, t));
        sched_copy(s, sendbuf, n, t, blocks_at(v, c->rank), blocks_count(v, c->rank), v->t);
        sched_round(s);
    }
    if (!v->counts.at && c->size > 2 && v->count * v->t->size <= SMALL) {
        if (v->count * v->t->size > 0)
            bruck(s, v, c);
    } else {
        ring(s, v, c);
    }
    return MPI_SUCCESS;
}

static int on_node(struct node *a, const void *sendbuf, MPI_Count n, struct datatype *t, const struct blocks *v)
{
    CHECK(blocks_check(v, a->n));
    if (sendbuf != MPI_IN_PLACE) {
        struct node_data from = {sendbuf, n, t}, to = blocks_data(v, a->me);
        CHECK(forms_check(n, t));
        CHECK(blocks_own(&from, &to));
    }
    return node_allgather(a, v);
}

static int build_allgather(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                           void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct blocks v = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    return allgather(s, sendbuf, sendcount, sendtype, &v, comm);
}

static int on_node_allgather(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                             void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct blocks v = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    return on_node(a, sendbuf, sendcount, sendtype, &v);
}
FORMS_NODE(allgather,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm))

static int build_allgatherv(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                            void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype,
                            struct comm *comm)
{
    struct blocks v = BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype);
    if (!recvcounts.at || !displs.at)
        return MPI_ERR_ARG;
    return allgather(s, sendbuf, sendcount, sendtype, &v, comm);
}

static int on_node_allgatherv(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                              void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype,
                              struct comm *comm)
{
    struct blocks v = BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype);
    if (!recvcounts.at || !displs.at)
        return MPI_ERR_ARG;
    return on_node(a, sendbuf, sendcount, sendtype, &v);
}
FORMS_NODE(allgatherv,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, struct ints recvcounts,
            struct ints displs, struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype, comm))
