/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alltoall: the tables of alltoall, alltoallv and alltoallw. */
#include "lib/coll/checks.h"
#include "lib/coll/levels.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/cma_read.h"
#include "lib/coll/table.h"

static int alltoall_check(const struct coll_args *args)
{
    CHECK(blocks_check(&args->recv, args->comm->peer_size));
    if (args->send.buf == MPI_IN_PLACE)
        return in_place_wrong(args) ? MPI_ERR_BUFFER : MPI_SUCCESS;
    CHECK(blocks_check(&args->send, args->comm->peer_size));
    return buffers_check(args);
}

static bool has_arrays(const struct blocks *v)
{
    return v->counts.at && v->displs.at;
}

static int alltoallv_check(const struct coll_args *args)
{
    bool in_place = args->send.buf == MPI_IN_PLACE;
    return has_arrays(&args->recv) && (in_place || has_arrays(&args->send)) ? alltoall_check(args) : MPI_ERR_ARG;
}

static int alltoallw_check(const struct coll_args *args)
{
    bool in_place = args->send.buf == MPI_IN_PLACE;
    return args->recv.types && (in_place || args->send.types) ? alltoallv_check(args) : MPI_ERR_ARG;
}

static MPI_Count alltoall_bytes(const struct coll_args *args)
{
    return args->recv.count * args->recv.t->size;
}

static MPI_Count bytes_unknown(const struct coll_args *args)
{
    return -1;
}

static int alltoall_run(struct shm_coll *a, const struct coll_args *args)
{
    return shm_alltoall(a, &args->send, &args->recv);
}

static int alltoallv_run(struct shm_coll *a, const struct coll_args *args)
{
    return shm_alltoallv(a, &args->send, &args->recv);
}

static bool fits_cma(const struct coll_shape *x)
{
    return x->shm && !x->later && shm_cma_fits(x->shm, x->bytes) && choice_each(x->shm, (size_t)x->bytes, 1) > 0;
}

static int alltoall_cma(struct shm_coll *a, const struct coll_args *args)
{
    bool in_place = args->send.buf == MPI_IN_PLACE; /* on all members: what is read would be written */
    return in_place ? alltoall_run(a, args) : shm_cma_alltoall(a, &args->send, &args->recv);
}

static bool fits_alltoall(const struct coll_shape *x)
{
    return x->shm && choice_each(x->shm, (size_t)x->bytes, 1) > 0;
}

const struct coll_kind coll_alltoall = {
    "alltoall",
    alltoall_check,
    alltoall_bytes,
    (const struct coll_algorithm[]){
        {.name = "cma", .fits = fits_cma, .run = alltoall_cma},
        {.name = "shm", .fits = fits_alltoall, .run = alltoall_run, .program = &shm_ialltoall},
        {.name = "two-level", .fits = fits_levels_alltoall, .pays = alltoall_levels_pays, .stages = levels_alltoall},
        {.name = "pairwise", .between = ANY_GROUPS, .build = messages_alltoall},
        {0},
    },
};
const struct coll_kind coll_alltoallv = {
    "alltoallv",
    alltoallv_check,
    bytes_unknown,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = alltoallv_run, .program = &shm_ialltoallv},
        {.name = "pairwise", .between = ANY_GROUPS, .build = messages_alltoall},
        {0},
    },
};
/* Where nobody waits, it goes by messages: their steps hold each type, which the caller may free meanwhile. */
const struct coll_kind coll_alltoallw = {
    "alltoallw",
    alltoallw_check,
    bytes_unknown,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = alltoallv_run},
        {.name = "pairwise", .between = ANY_GROUPS, .build = messages_alltoall},
        {0},
    },
};

COLL_VARIANTS(alltoall, &coll_alltoall,
              (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
               struct datatype *recvtype, struct comm *comm),
              BLOCKS_EQUAL(sendbuf, sendcount, sendtype), BLOCKS_EQUAL(recvbuf, recvcount, recvtype), NULL, 0, comm)
COLL_VARIANTS(alltoallv, &coll_alltoallv,
              (const void *sendbuf, struct ints sendcounts, struct ints sdispls, struct datatype *sendtype,
               void *recvbuf, struct ints recvcounts, struct ints rdispls, struct datatype *recvtype,
               struct comm *comm),
              BLOCKS_VARYING(sendbuf, sendcounts, sdispls, sendtype),
              BLOCKS_VARYING(recvbuf, recvcounts, rdispls, recvtype), NULL, 0, comm)
COLL_VARIANTS(alltoallw, &coll_alltoallw,
              (const void *sendbuf, struct ints sendcounts, struct ints sdispls, const MPI_Datatype *sendtypes,
               void *recvbuf, struct ints recvcounts, struct ints rdispls, const MPI_Datatype *recvtypes,
               struct comm *comm),
              BLOCKS_TYPED(sendbuf, sendcounts, sdispls, sendtypes),
              BLOCKS_TYPED(recvbuf, recvcounts, rdispls, recvtypes), NULL, 0, comm)
