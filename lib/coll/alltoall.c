/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alltoall in its three forms. The exchange is pairwise, some pairs at once; in place, the shares that go out are
 * copied first. */
#include <stdlib.h>
#include "lib/coll/forms.h"

/* One side: equal counts; counts and displacements in elements; or in bytes with a type for each rank. */
struct side {
    const void *buf;
    struct datatype *t;
    MPI_Count count;
    struct ints counts, displs;
    const MPI_Datatype *types;
};

static struct datatype *type_at(const struct side *v, int r)
{
    return v->types ? datatype_of(v->types[r]) : v->t;
}

static MPI_Count count_at(const struct side *v, int r)
{
    return v->counts.at ? ints_get(v->counts, r) : v->count;
}

static void *buf_at(const struct side *v, int r)
{
    if (v->types)
        return (char *)(uintptr_t)v->buf + ints_get(v->displs, r);
    return forms_at(v->buf, v->counts.at ? ints_get(v->displs, r) : r * v->count, v->t);
}

static int side_check(const struct side *v, int n)
{
    for (int r = 0; r < (v->counts.at ? n : 1); r++)
        CHECK(forms_check(count_at(v, r), type_at(v, r)));
    return MPI_SUCCESS;
}

static MPI_Count bytes_at(const struct side *v, int r)
{
    return count_at(v, r) * type_at(v, r)->size;
}

static int exchange(struct sched *s, const struct side *out, const struct side *in, struct comm *c)
{
    enum { AT_ONCE = 32 };
    bool in_place = out->buf == MPI_IN_PLACE;
    int n = c->size;
    INTRA(c);
    CHECK(side_check(in, n));
    if (!in_place)
        CHECK(side_check(out, n));
    char **copies = in_place ? sched_temp(s, (size_t)n * sizeof *copies) : NULL;
    for (int r = 0; copies && r < n; r++) {
        MPI_Count bytes = bytes_at(in, r);
        copies[r] = sched_temp(s, (size_t)bytes + 1);
        if (r != c->rank)
            sched_copy(s, buf_at(in, r), count_at(in, r), type_at(in, r), copies[r], bytes, &datatype_byte);
    }
    if (in_place && !copies)
        return MPI_ERR_NO_MEM;
    sched_round(s);
    for (int k = 1; k < n; k++) {
        int to = (c->rank + k) % n, from = (c->rank - k + n) % n;
        if (bytes_at(in, from) > 0)
            sched_recv(s, buf_at(in, from), count_at(in, from), type_at(in, from), from);
        if (in_place && bytes_at(in, to) > 0)
            sched_send(s, copies[to], bytes_at(in, to), &datatype_byte, to);
        else if (!in_place && bytes_at(out, to) > 0)
            sched_send(s, buf_at(out, to), count_at(out, to), type_at(out, to), to);
        if (k % AT_ONCE == 0)
            sched_round(s);
    }
    if (!in_place)
        sched_copy(s, buf_at(out, c->rank), count_at(out, c->rank), type_at(out, c->rank), buf_at(in, c->rank),
                   count_at(in, c->rank), type_at(in, c->rank));
    return MPI_SUCCESS;
}

/* Each offers a table of its shares; in place, of copies of them. */
static int node_exchange(struct node *a, const struct side *out, const struct side *in)
{
    bool in_place = out->buf == MPI_IN_PLACE, lies = false;
    const struct side *from = in_place ? in : out;
    void *temp;
    int me = a->me;
    CHECK(side_check(in, a->n));
    CHECK(side_check(from, a->n));
    for (int r = 0; r < a->n; r++)
        a->parts[r] = (struct node_part){buf_at(from, r), r == me ? 0 : count_at(from, r), type_at(from, r)};
    uint32_t k = node_begin(a);
    int rc = node_offer_table(a, k, in_place, &temp);
    if (!in_place)
        datatype_copy(buf_at(out, me), count_at(out, me), type_at(out, me), buf_at(in, me), count_at(in, me),
                      type_at(in, me));
    node_meet(a, k);
    for (int i = 0; i < a->n; i++) {
        int r = (me + i) % a->n;
        int one = r == me ? MPI_SUCCESS : node_fetch_entry(a, k, r, me, buf_at(in, r), count_at(in, r), type_at(in, r));
        rc = rc != MPI_SUCCESS ? rc : one;
        lies |= node_cell(a, k, r)->any_in_place;
    }
    node_end(a, k);
    if (lies)
        node_barrier_all(a);
    free(temp);
    return rc;
}

static int build_alltoall(struct sched *s, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                          void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    struct side out = {sendbuf, sendtype, sendcount, {NULL, false}, {NULL, false}, NULL};
    struct side in = {recvbuf, recvtype, recvcount, {NULL, false}, {NULL, false}, NULL};
    return exchange(s, &out, &in, comm);
}
static int node_alltoall(struct node *a, const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype,
                         void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, struct comm *comm)
{
    CHECK(forms_check(recvcount, recvtype));
    struct side out = {sendbuf, sendtype, sendcount, {NULL, false}, {NULL, false}, NULL};
    struct side in = {recvbuf, recvtype, recvcount, {NULL, false}, {NULL, false}, NULL};
    return node_table_fits(a, recvcount * recvtype->size) ? node_exchange(a, &out, &in) : NODE_LATER;
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
    struct side out = {sendbuf, sendtype, 0, sendcounts, sdispls, NULL};
    struct side in = {recvbuf, recvtype, 0, recvcounts, rdispls, NULL};
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls))
        return MPI_ERR_ARG;
    return exchange(s, &out, &in, comm);
}
static int node_alltoallv(struct node *a, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                          struct datatype *sendtype, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                          struct datatype *recvtype, struct comm *comm)
{
    struct side out = {sendbuf, sendtype, 0, sendcounts, sdispls, NULL};
    struct side in = {recvbuf, recvtype, 0, recvcounts, rdispls, NULL};
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls))
        return MPI_ERR_ARG;
    return node_table_fits(a, NODE_SLOT) ? node_exchange(a, &out, &in) : NODE_LATER;
}
FORMS_NODE(alltoallv,
           (const void *sendbuf, struct ints sendcounts, struct ints sdispls, struct datatype *sendtype, void *recvbuf,
            struct ints recvcounts, struct ints rdispls, struct datatype *recvtype, struct comm *comm),
           (sendbuf, sendcounts, sdispls, sendtype, recvbuf, recvcounts, rdispls, recvtype, comm))

static int build_alltoallw(struct sched *s, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                           const MPI_Datatype *sendtypes, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                           const MPI_Datatype *recvtypes, struct comm *comm)
{
    struct side out = {sendbuf, NULL, 0, sendcounts, sdispls, sendtypes};
    struct side in = {recvbuf, NULL, 0, recvcounts, rdispls, recvtypes};
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls) || !recvtypes ||
        (sendbuf != MPI_IN_PLACE && !sendtypes))
        return MPI_ERR_ARG;
    return exchange(s, &out, &in, comm);
}
static int node_alltoallw(struct node *a, const void *sendbuf, struct ints sendcounts, struct ints sdispls,
                          const MPI_Datatype *sendtypes, void *recvbuf, struct ints recvcounts, struct ints rdispls,
                          const MPI_Datatype *recvtypes, struct comm *comm)
{
    struct side out = {sendbuf, NULL, 0, sendcounts, sdispls, sendtypes};
    struct side in = {recvbuf, NULL, 0, recvcounts, rdispls, recvtypes};
    if (!arrays(sendbuf, sendcounts, sdispls, recvcounts, rdispls) || !recvtypes ||
        (sendbuf != MPI_IN_PLACE && !sendtypes))
        return MPI_ERR_ARG;
    return node_table_fits(a, NODE_SLOT) ? node_exchange(a, &out, &in) : NODE_LATER;
}
FORMS_NODE(alltoallw,
           (const void *sendbuf, struct ints sendcounts, struct ints sdispls, const MPI_Datatype *sendtypes,
            void *recvbuf, struct ints recvcounts, struct ints rdispls, const MPI_Datatype *recvtypes,
            struct comm *comm),
           (sendbuf, sendcounts, sdispls, sendtypes, recvbuf, recvcounts, rdispls, recvtypes, comm))
