/* SPDX-License-Identifier: BSD-3-Clause
 *
 * allgather: the tables of allgather, with equal and with varying counts. */
#include "lib/coll/checks.h"
#include "lib/coll/groups.h"
#include "lib/coll/levels.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/cma_read.h"

static int allgather_check(const struct coll_args *args)
{
    CHECK(blocks_check(&args->recv, args->comm->peer_size));
    if (args->send.buf == MPI_IN_PLACE)
        return in_place_wrong(args) ? MPI_ERR_BUFFER : MPI_SUCCESS;
    CHECK(blocks_check(&args->send, args->comm->inter ? args->comm->size : 1));
    return buffers_check(args);
}

static int allgatherv_check(const struct coll_args *args)
{
    return args->recv.counts.at && args->recv.displs.at ? allgather_check(args) : MPI_ERR_ARG;
}

static MPI_Count allgather_bytes(const struct coll_args *args)
{
    MPI_Count longest = 0;
    for (int r = 0; r < (args->recv.counts.at ? args->comm->size : 1); r++)
        longest = blocks_bytes(&args->recv, r) > longest ? blocks_bytes(&args->recv, r) : longest;
    return longest;
}

static int allgather_run(struct shm_coll *a, const struct coll_args *args)
{
    if (args->send.buf != MPI_IN_PLACE) {
        struct coll_data from = args_block(&args->send), to = blocks_data(&args->recv, a->me);
        CHECK(blocks_own(&from, &to));
    }
    return shm_allgather(a, &args->recv);
}

static bool fits_cma(const struct coll_shape *x)
{
    return x->shm && !x->later && shm_cma_fits(x->shm, x->bytes);
}

static int allgather_cma(struct shm_coll *a, const struct coll_args *args)
{
    if (args->send.buf != MPI_IN_PLACE) {
        struct coll_data from = args_block(&args->send), to = blocks_data(&args->recv, a->me);
        CHECK(blocks_own(&from, &to));
    }
    return shm_cma_allgather(a, &args->recv);
}

static bool fits_bruck(const struct coll_shape *x)
{
    enum { SHORT = 16384 };
    return x->comm->size > 2 && x->bytes <= SHORT;
}

const struct coll_kind coll_allgather = {
    "allgather",
    allgather_check,
    allgather_bytes,
    (const struct coll_algorithm[]){
        {.name = "cma", .fits = fits_cma, .run = allgather_cma},
        {.name = "shm", .fits = fits_shm, .run = allgather_run, .program = &shm_iallgather},
        {.name = "two-level", .fits = fits_levels_blocks, .stages = levels_allgather},
        {.name = "bruck", .fits = fits_bruck, .build = messages_allgather_bruck},
        {.name = "ring", .build = messages_allgather_ring},
        {.name = "two-group", .between = TWO_GROUPS, .stages = groups_allgather},
        {0},
    },
};
const struct coll_kind coll_allgatherv = {
    "allgatherv",
    allgatherv_check,
    allgather_bytes,
    (const struct coll_algorithm[]){
        {.name = "cma", .fits = fits_cma, .run = allgather_cma},
        {.name = "shm", .fits = fits_shm, .run = allgather_run, .program = &shm_iallgather},
        {.name = "ring", .build = messages_allgather_ring},
        {.name = "two-group", .between = TWO_GROUPS, .stages = groups_allgatherv},
        {0},
    },
};

COLL_VARIANTS(allgather, &coll_allgather,
              (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
               struct datatype *recvtype, struct comm *comm),
              BLOCKS_EQUAL(sendbuf, sendcount, sendtype), BLOCKS_EQUAL(recvbuf, recvcount, recvtype), NULL, 0, comm)
COLL_VARIANTS(allgatherv, &coll_allgatherv,
              (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf,
               struct ints recvcounts, struct ints displs, struct datatype *recvtype, struct comm *comm),
              BLOCKS_EQUAL(sendbuf, sendcount, sendtype), BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype), NULL,
              0, comm)
