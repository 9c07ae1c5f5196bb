/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alltoall in its three forms. The exchange is pairwise, some pairs at once; in place, the shares that go out are
 * copied first. */
#include "lib/coll/forms.h"
#include "lib/coll/shm/node_blocks.h"

static int check_both(const struct blocks *out, const struct blocks *in, int n)
{
    CHECK(blocks_check(in, n));
    return out->buf == MPI_IN_PLACE ? MPI_SUCCESS : blocks_check(out, n);
}

static int exchange(struct sched *s, const struct blocks *out, const struct blocks *in, struct comm *c)
{
    enum { AT_ONCE = 32 };
    bool in_place = out->buf == MPI_IN_PLACE;
    int n = c->size;
    INTRA(c);
    CHECK(check_both(out, in, n));
    char **copies = in_place ? sched_temp(s, (size_t)n * sizeof *copies) : NULL;
    for (int r = 0; copies && r < n; r++) {
        MPI_Count bytes = blocks_bytes(in, r);
        copies[r] = sched_temp(s, (size_t)bytes + 1);
        if (r != c->rank)
            sched_copy(s, blocks_at(in, r), blocks_count(in, r), blocks_type(in, r), copies[r], bytes, &datatype_byte);
    }
    if (in_place && !copies)
        return MPI_ERR_NO_MEM;
    sched_round(s);
    for (int k = 1; k < n; k++) {
        int to = (c->rank + k) % n, from = (c->rank - k + n) % n;
        if (blocks_bytes(in, from) > 0)
            sched_recv(s, blocks_at(in, from), blocks_count(in, from), blocks_type(in, from), from);
        if (in_place && blocks_bytes(in, to) > 0)
            sched_send(s, copies[to], blocks_bytes(in, to), &datatype_byte, to);
        else if (!in_place && blocks_bytes(out, to) > 0)
            sched_send(s, blocks_at(out, to), blocks_count(out, to), blocks_type(out, to), to);
        if (k % AT_ONCE == 0)
            sched_round(s);
    }
    if (!in_place)
        sched_copy(s, blocks_at(out, c->rank), blocks_count(out, c->rank), blocks_type(out, c->rank),
                   blocks_at(in, c->rank), blocks_count(in, c->rank), blocks_type(in, c->rank));
    return MPI_SUCCESS;
}

static int build_alltoall(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                          void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct blocks out = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    struct blocks in = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    return exchange(s, &out, &in, comm);
}
static int on_node_alltoall(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                            void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct blocks out = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    struct blocks in = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    CHECK(check_both(&out, &in, a->n));
    return node_alltoall(a, &out, &in);
}
FORMS_NODE(alltoall,
           (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
            struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm))

static bool arrays(const void *sendbuf, struct ints sc, struct ints sd, struct ints rc, struct ints rd)
{
    return rc.at && rd.at && (sendbuf == MPI_IN_PLACE || (sc.at && sd.at));
}

static int build_alltoallv(struct sched *s, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                           struct datatype *sendtype, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                           struct datatype *recvtype, struct comm *comm)
{
    struct blocks out = BLOCKS_VARYING(sendbuf, sendcounts, sdispls, sendtype);
    struct blocks in = BLOCKS_VARYING(recvbuf, recvcounts, rdispls, recvtype);
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls))
        return MPI_ERR_ARG;
    return exchange(s, &out, &in, comm);
}
static int on_node_alltoallv(struct node *a, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                             struct datatype *sendtype, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                             struct datatype *recvtype, struct comm *comm)
{
    struct blocks out = BLOCKS_VARYING(sendbuf, sendcounts, sdispls, sendtype);
    struct blocks in = BLOCKS_VARYING(recvbuf, recvcounts, rdispls, recvtype);
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls))
        return MPI_ERR_ARG;
    CHECK(check_both(&out, &in, a->n));
    return node_alltoallv(a, &out, &in);
}
FORMS_NODE(alltoallv,
           (const void *sendbuf, struct ints sendcounts, struct ints sdispls, struct datatype *sendtype, void *recvbuf,
            struct ints recvcounts, struct ints rdispls, struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcounts, sdispls, sendtype, recvbuf, recvcounts, rdispls, recvtype, comm))

static bool types(const void *sendbuf, const MPI_Datatype *sendtypes, const MPI_Datatype *recvtypes)
{
    return recvtypes && (sendbuf == MPI_IN_PLACE || sendtypes);
}

static int build_alltoallw(struct sched *s, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                           const MPI_Datatype *sendtypes, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                           const MPI_Datatype *recvtypes, struct comm *comm)
{
    struct blocks out = BLOCKS_TYPED(sendbuf, sendcounts, sdispls, sendtypes);
    struct blocks in = BLOCKS_TYPED(recvbuf, recvcounts, rdispls, recvtypes);
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls) || !types(sendbuf, sendtypes, recvtypes))
        return MPI_ERR_ARG;
    return exchange(s, &out, &in, comm);
}
static int on_node_alltoallw(struct node *a, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                             const MPI_Datatype *sendtypes, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                             const MPI_Datatype *recvtypes, struct comm *comm)
{
    struct blocks out = BLOCKS_TYPED(sendbuf, sendcounts, sdispls, sendtypes);
    struct blocks in = BLOCKS_TYPED(recvbuf, recvcounts, rdispls, recvtypes);
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls) || !types(sendbuf, sendtypes, recvtypes))
        return MPI_ERR_ARG;
    CHECK(check_both(&out, &in, a->n));
    return node_alltoallv(a, &out, &in);
}
FORMS_NODE(alltoallw,
           (const void *sendbuf, struct ints sendcounts, struct ints sdispls, const MPI_Datatype *sendtypes,
            void *recvbuf, struct ints recvcounts, struct ints rdispls, const MPI_Datatype *recvtypes,
            struct comm *comm),
           (sendbuf, sendcounts, sdispls, sendtypes, recvbuf, recvcounts, rdispls, recvtypes, comm))
