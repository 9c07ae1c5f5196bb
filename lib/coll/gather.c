/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gather and scatter, with equal and with varying counts. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_blocks.h"

static void gather(struct sched *s, const void *sendbuf, MPI_Count n, struct datatype *t, const struct blocks *v,
                   int root, struct comm *c)
{
    if (c->rank != root) {
        if (n * t->size > 0)
            sched_send(s, sendbuf, n, t, root);
        return;
    }
    for (int r = 0; r < c->size; r++)
        if (r != root && blocks_bytes(v, r) > 0)
            sched_recv(s, blocks_at(v, r), blocks_count(v, r), v->t, r);
    if (sendbuf != MPI_IN_PLACE)
        sched_copy(s, sendbuf, n, t, blocks_at(v, root), blocks_count(v, root), v->t);
}

/* The one side is (buf, n, t) on each rank, the other v at the root. */
static int check_rooted(const void *buf, MPI_Count n, struct datatype *t, const struct blocks *v, int root,
                        struct comm *c)
{
    INTRA(c);
    if (c->rank == root)
        CHECK(blocks_check(v, c->size));
    else if (buf == MPI_IN_PLACE)
        return MPI_ERR_BUFFER;
    return buf == MPI_IN_PLACE ? MPI_SUCCESS : forms_check(n, t);
}

static void scatter(struct sched *s, const struct blocks *v, void *recvbuf, MPI_Count n, struct datatype *t, int root,
                    struct comm *c)
{
    if (c->rank != root) {
        if (n * t->size > 0)
            sched_recv(s, recvbuf, n, t, root);
        return;
    }
    for (int r = 0; r < c->size; r++)
        if (r != root && blocks_bytes(v, r) > 0)
            sched_send(s, blocks_at(v, r), blocks_count(v, r), v->t, r);
    if (recvbuf != MPI_IN_PLACE)
        sched_copy(s, blocks_at(v, root), blocks_count(v, root), v->t, recvbuf, n, t);
}

static int build_gather(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                        void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct blocks v = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    CHECK(check_rooted(sendbuf, sendcount, sendtype, &v, root, comm));
    gather(s, sendbuf, sendcount, sendtype, &v, root, comm);
    return MPI_SUCCESS;
}

static int on_node_gather(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                          void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct blocks v = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    struct node_data mine = {sendbuf, sendcount, sendtype};
    CHECK(check_rooted(sendbuf, sendcount, sendtype, &v, root, comm));
    return node_gather(a, sendbuf == MPI_IN_PLACE ? NULL : &mine, &v, root);
}
FORMS_NODE(gather,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, root, comm))

static int check_arrays(struct ints counts, struct ints displs, int root, const struct comm *comm)
{
    return comm->rank == root && (!counts.at || !displs.at) ? MPI_ERR_ARG : MPI_SUCCESS;
}

static int build_gatherv(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                         void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype, int root,
                         struct comm *comm)
{
    struct blocks v = BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype);
    CHECK(check_arrays(recvcounts, displs, root, comm));
    CHECK(check_rooted(sendbuf, sendcount, sendtype, &v, root, comm));
    gather(s, sendbuf, sendcount, sendtype, &v, root, comm);
    return MPI_SUCCESS;
}

static int on_node_gatherv(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                           void *recvbuf, struct ints recvcounts, struct ints displs, struct datatype *recvtype,
                           int root, struct comm *comm)
{
    struct blocks v = BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype);
    struct node_data mine = {sendbuf, sendcount, sendtype};
    CHECK(check_arrays(recvcounts, displs, root, comm));
    CHECK(check_rooted(sendbuf, sendcount, sendtype, &v, root, comm));
    return node_gatherv(a, sendbuf == MPI_IN_PLACE ? NULL : &mine, &v, root);
}
FORMS_NODE(gatherv,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, struct ints recvcounts,
            struct ints displs, struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype, root, comm))

static int build_scatter(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                         void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct blocks v = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    CHECK(check_rooted(recvbuf, recvcount, recvtype, &v, root, comm));
    scatter(s, &v, recvbuf, recvcount, recvtype, root, comm);
    return MPI_SUCCESS;
}

static int on_node_scatter(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                           void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm)
{
    struct blocks v = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    struct node_data mine = {recvbuf, recvcount, recvtype};
    CHECK(check_rooted(recvbuf, recvcount, recvtype, &v, root, comm));
    return node_scatter(a, &v, recvbuf == MPI_IN_PLACE ? NULL : &mine, root);
}
FORMS_NODE(scatter,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, root, comm))

static int build_scatterv(struct sched *s, const void *sendbuf, struct ints sendcounts, struct ints displs,
                          struct datatype *sendtype, void *recvbuf, MPI_Count recvcount, struct datatype *recvtype,
                          int root, struct comm *comm)
{
    struct blocks v = BLOCKS_VARYING(sendbuf, sendcounts, displs, sendtype);
    CHECK(check_arrays(sendcounts, displs, root, comm));
    CHECK(check_rooted(recvbuf, recvcount, recvtype, &v, root, comm));
    scatter(s, &v, recvbuf, recvcount, recvtype, root, comm);
    return MPI_SUCCESS;
}

static int on_node_scatterv(struct node *a, const void *sendbuf, struct ints sendcounts, struct ints displs,
                            struct datatype *sendtype, void *recvbuf, MPI_Count recvcount, struct datatype *recvtype,
                            int root, struct comm *comm)
{
    struct blocks v = BLOCKS_VARYING(sendbuf, sendcounts, displs, sendtype);
    struct node_data mine = {recvbuf, recvcount, recvtype};
    CHECK(check_arrays(sendcounts, displs, root, comm));
    CHECK(check_rooted(recvbuf, recvcount, recvtype, &v, root, comm));
    return node_scatterv(a, &v, recvbuf == MPI_IN_PLACE ? NULL : &mine, root);
}
FORMS_NODE(scatterv,
           (const void *sendbuf, struct ints sendcounts, struct ints displs, struct datatype *sendtype, void *recvbuf,
            MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm),
           (sendbuf, sendcounts, displs, sendtype, recvbuf, recvcount, recvtype, root, comm))
