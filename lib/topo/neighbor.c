/* SPDX-License-Identifier: BSD-3-Clause
 *
 * neighbor: collectives among neighbours (MPI 5.0, sections 8.6 to 8.8): blocking, nonblocking, persistent.
 *
 * A message to each destination, one from each source, all at once. Several between the same two ranks are matched in
 * their order, since all have one tag. In a grid what goes out one way comes in from the other side; that matters where
 * both neighbours of a dimension are one rank, so there the receives of each dimension are begun the other way round.
 */
#include "lib/bindings/impl.h"
#include "lib/coll/base/sched.h"
#include "lib/coll/checks.h"
#include "lib/topo/topo.h"

/* What is to be done: each destination gets its block, or all the one that there is; each source's goes to its own. */
struct exchange {
    struct neighbors n;
    struct blocks out, in;
    bool same;
};

static struct sched *schedule(const struct exchange *x, struct comm *c)
{
    const struct neighbors *n = &x->n;
    struct sched *s = sched_new(c);
    for (int k = 0; s && k < n->indegree; k++) {
        int i = n->grid ? k ^ 1 : k;
        if (n->sources[i] != MPI_PROC_NULL)
            sched_recv(s, blocks_at(&x->in, i), blocks_count(&x->in, i), blocks_type(&x->in, i), n->sources[i]);
    }
    for (int k = 0; s && k < n->outdegree; k++) {
        int i = x->same ? 0 : k;
        if (n->destinations[k] != MPI_PROC_NULL)
            sched_send(s, blocks_at(&x->out, i), blocks_count(&x->out, i), blocks_type(&x->out, i), n->destinations[k]);
    }
    return s;
}

static int run(const struct exchange *x, struct comm *c)
{
    struct sched *s = schedule(x, c);
    return s ? sched_run(s) : MPI_ERR_NO_MEM;
}

/* By sched_start or sched_persist. */
static int hand(const struct exchange *x, struct comm *c, int (*by)(struct sched *, struct request **),
                MPI_Request *request)
{
    struct request *r;
    struct sched *s = schedule(x, c);
    int rc = s ? by(s, &r) : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        *request = request_handle(r);
    return rc;
}

#define LIST(...) __VA_ARGS__
/* The three variants of a collective, from name_exchange(x, ...), which checks the arguments: who gives wrong ones
 * takes no part in it, as if it had not been called. */
#define NEIGHBOR_VARIANTS(name, params, args)                                                                          \
    int mpi_##name(LIST params)                                                                                        \
    {                                                                                                                  \
        struct exchange x;                                                                                             \
        CHECK(name##_exchange(&x, LIST args));                                                                         \
        return run(&x, comm);                                                                                          \
    }                                                                                                                  \
    int mpi_i##name(LIST params, MPI_Request *request)                                                                 \
    {                                                                                                                  \
        struct exchange x;                                                                                             \
        CHECK(name##_exchange(&x, LIST args));                                                                         \
        return hand(&x, comm, sched_start, request);                                                                   \
    }                                                                                                                  \
    int mpi_##name##_init(LIST params, struct info *info, MPI_Request *request)                                        \
    {                                                                                                                  \
        struct exchange x;                                                                                             \
        CHECK(name##_exchange(&x, LIST args));                                                                         \
        return hand(&x, comm, sched_persist, request);                                                                 \
    }

/* n blocks of equal counts. NULL holds no data, unless it is MPI_BOTTOM and the type has addresses. */
static int equal_check(const struct blocks *v, int n)
{
    if (v->buf == MPI_IN_PLACE)
        return MPI_ERR_BUFFER;
    CHECK(blocks_check(v, n));
    bool data = n > 0 && v->count > 0 && v->t->size > 0;
    return data && !v->buf && v->t->true_lb == 0 ? MPI_ERR_BUFFER : MPI_SUCCESS;
}

/* n blocks of varying counts, which may have types of their own. */
static int varying_check(const struct blocks *v, bool typed, int n)
{
    if (v->buf == MPI_IN_PLACE)
        return MPI_ERR_BUFFER;
    if (n == 0)
        return MPI_SUCCESS;
    if (!v->counts.at || !v->displs.at || (typed && !v->types))
        return MPI_ERR_ARG;
    return blocks_check(v, n);
}

static int neighbor_allgather_exchange(struct exchange *x, const void *sendbuf, MPI_Count sendcount,
                                       struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
                                       struct datatype *recvtype, struct comm *comm)
{
    x->out = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    x->in = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    CHECK(topo_neighbors(comm, &x->n));
    CHECK(equal_check(&x->out, x->n.outdegree > 0));
    x->same = true;
    return equal_check(&x->in, x->n.indegree);
}
NEIGHBOR_VARIANTS(neighbor_allgather,
                  (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf,
                   MPI_Count recvcount, struct datatype *recvtype, struct comm *comm),
                  (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm))

static int neighbor_allgatherv_exchange(struct exchange *x, const void *sendbuf, MPI_Count sendcount,
                                        struct datatype *sendtype, void *recvbuf, struct ints recvcounts,
                                        struct ints displs, struct datatype *recvtype, struct comm *comm)
{
    x->out = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    x->in = BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype);
    CHECK(topo_neighbors(comm, &x->n));
    CHECK(equal_check(&x->out, x->n.outdegree > 0));
    x->same = true;
    return varying_check(&x->in, false, x->n.indegree);
}
NEIGHBOR_VARIANTS(neighbor_allgatherv,
                  (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf,
                   struct ints recvcounts, struct ints displs, struct datatype *recvtype, struct comm *comm),
                  (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype, comm))

static int neighbor_alltoall_exchange(struct exchange *x, const void *sendbuf, MPI_Count sendcount,
                                      struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
                                      struct datatype *recvtype, struct comm *comm)
{
    x->out = BLOCKS_EQUAL(sendbuf, sendcount, sendtype);
    x->in = BLOCKS_EQUAL(recvbuf, recvcount, recvtype);
    CHECK(topo_neighbors(comm, &x->n));
    CHECK(equal_check(&x->out, x->n.outdegree));
    x->same = false;
    return equal_check(&x->in, x->n.indegree);
}
NEIGHBOR_VARIANTS(neighbor_alltoall,
                  (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf,
                   MPI_Count recvcount, struct datatype *recvtype, struct comm *comm),
                  (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm))

static int varying_exchange(struct exchange *x, bool typed, const struct comm *comm)
{
    CHECK(topo_neighbors(comm, &x->n));
    CHECK(varying_check(&x->out, typed, x->n.outdegree));
    return varying_check(&x->in, typed, x->n.indegree);
}

static int neighbor_alltoallv_exchange(struct exchange *x, const void *sendbuf, struct ints sendcounts,
                                       struct ints sdispls, struct datatype *sendtype, void *recvbuf,
                                       struct ints recvcounts, struct ints rdispls, struct datatype *recvtype,
                                       struct comm *comm)
{
    x->out = BLOCKS_VARYING(sendbuf, sendcounts, sdispls, sendtype);
    x->in = BLOCKS_VARYING(recvbuf, recvcounts, rdispls, recvtype);
    x->same = false;
    return varying_exchange(x, false, comm);
}
NEIGHBOR_VARIANTS(neighbor_alltoallv,
                  (const void *sendbuf, struct ints sendcounts, struct ints sdispls, struct datatype *sendtype,
                   void *recvbuf, struct ints recvcounts, struct ints rdispls, struct datatype *recvtype,
                   struct comm *comm),
                  (sendbuf, sendcounts, sdispls, sendtype, recvbuf, recvcounts, rdispls, recvtype, comm))

/* Displacements are in bytes here, and addresses in both forms. */
static int neighbor_alltoallw_exchange(struct exchange *x, const void *sendbuf, struct ints sendcounts,
                                       const MPI_Aint sdispls[], const MPI_Datatype sendtypes[], void *recvbuf,
                                       struct ints recvcounts, const MPI_Aint rdispls[], const MPI_Datatype recvtypes[],
                                       struct comm *comm)
{
    struct ints to = {sdispls, true}, from = {rdispls, true};
    x->out = BLOCKS_TYPED(sendbuf, sendcounts, to, sendtypes);
    x->in = BLOCKS_TYPED(recvbuf, recvcounts, from, recvtypes);
    x->same = false;
    return varying_exchange(x, true, comm);
}
NEIGHBOR_VARIANTS(neighbor_alltoallw,
                  (const void *sendbuf, struct ints sendcounts, const MPI_Aint sdispls[],
                   const MPI_Datatype sendtypes[], void *recvbuf, struct ints recvcounts, const MPI_Aint rdispls[],
                   const MPI_Datatype recvtypes[], struct comm *comm),
                  (sendbuf, sendcounts, sdispls, sendtypes, recvbuf, recvcounts, rdispls, recvtypes, comm))
