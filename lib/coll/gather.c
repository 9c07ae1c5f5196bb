/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gather: the tables of gather and scatter, with equal and with varying counts. */
#include "lib/coll/checks.h"
#include "lib/coll/levels.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"

/* One side is a block on each rank, the other the blocks of all at the root; or of all of the other group, there being
 * none of the root's. */
static int rooted_check(const struct coll_args *args, const struct blocks *one, const struct blocks *all)
{
    if (args_idle(args))
        return MPI_SUCCESS;
    if (!args_at_root(args))
        return one->buf == MPI_IN_PLACE ? MPI_ERR_BUFFER : data_check(one->count, one->t);
    CHECK(blocks_check(all, args->comm->peer_size));
    if (one->buf == MPI_IN_PLACE || args->comm->inter)
        return MPI_SUCCESS;
    CHECK(data_check(one->count, one->t));
    return buffers_check(args);
}

static int varying_check(const struct coll_args *args, const struct blocks *one, const struct blocks *all)
{
    if (args_at_root(args) && (!all->counts.at || !all->displs.at))
        return MPI_ERR_ARG;
    return rooted_check(args, one, all);
}

static MPI_Count rooted_bytes(const struct coll_args *args, const struct blocks *one, const struct blocks *all)
{
    const struct blocks *v = args->comm->rank == args->root ? all : one;
    return v->count * v->t->size;
}

static MPI_Count bytes_unknown(const struct coll_args *args)
{
    return -1;
}

static int gather_check(const struct coll_args *args)
{
    return rooted_check(args, &args->send, &args->recv);
}

static int gatherv_check(const struct coll_args *args)
{
    return varying_check(args, &args->send, &args->recv);
}

static int scatter_check(const struct coll_args *args)
{
    return rooted_check(args, &args->recv, &args->send);
}

static int scatterv_check(const struct coll_args *args)
{
    return varying_check(args, &args->recv, &args->send);
}

static MPI_Count gather_bytes(const struct coll_args *args)
{
    return rooted_bytes(args, &args->send, &args->recv);
}

static MPI_Count scatter_bytes(const struct coll_args *args)
{
    return rooted_bytes(args, &args->recv, &args->send);
}

/* NULL: in place, at the root. */
static const struct coll_data *block_of(const struct blocks *v, struct coll_data *d)
{
    *d = args_block(v);
    return v->buf == MPI_IN_PLACE ? NULL : d;
}

static int gather_run(struct shm_coll *a, const struct coll_args *args)
{
    struct coll_data d;
    return shm_gather(a, block_of(&args->send, &d), &args->recv, args->root);
}

static int gatherv_run(struct shm_coll *a, const struct coll_args *args)
{
    struct coll_data d;
    return shm_gatherv(a, block_of(&args->send, &d), &args->recv, args->root);
}

static int scatter_run(struct shm_coll *a, const struct coll_args *args)
{
    struct coll_data d;
    return shm_scatter(a, &args->send, block_of(&args->recv, &d), args->root);
}

static int scatterv_run(struct shm_coll *a, const struct coll_args *args)
{
    struct coll_data d;
    return shm_scatterv(a, &args->send, block_of(&args->recv, &d), args->root);
}

/* Where nobody waits, a phase has a piece of each block. */
static bool fits_scatter(const struct coll_shape *x)
{
    return x->shm && (!x->later || choice_each(x->shm, (size_t)x->bytes, 1) > 0);
}

const struct coll_kind coll_gather = {
    "gather",
    gather_check,
    gather_bytes,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = gather_run, .program = &shm_igather},
        {.name = "two-level", .fits = fits_levels_blocks, .stages = levels_gather},
        {.name = "linear", .between = ANY_GROUPS, .build = messages_gather},
        {0},
    },
};
const struct coll_kind coll_gatherv = {
    "gatherv",
    gatherv_check,
    bytes_unknown,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = gatherv_run, .program = &shm_igatherv},
        {.name = "linear", .between = ANY_GROUPS, .build = messages_gather},
        {0},
    },
};
const struct coll_kind coll_scatter = {
    "scatter",
    scatter_check,
    scatter_bytes,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_scatter, .run = scatter_run, .program = &shm_iscatter},
        {.name = "two-level", .fits = fits_levels_blocks, .stages = levels_scatter},
        {.name = "linear", .between = ANY_GROUPS, .build = messages_scatter},
        {0},
    },
};
const struct coll_kind coll_scatterv = {
    "scatterv",
    scatterv_check,
    bytes_unknown,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = scatterv_run, .program = &shm_iscatterv},
        {.name = "linear", .between = ANY_GROUPS, .build = messages_scatter},
        {0},
    },
};

COLL_VARIANTS(gather, &coll_gather,
              (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
               struct datatype *recvtype, int root, struct comm *comm),
              BLOCKS_EQUAL(sendbuf, sendcount, sendtype), BLOCKS_EQUAL(recvbuf, recvcount, recvtype), NULL, root, comm)
COLL_VARIANTS(gatherv, &coll_gatherv,
              (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf,
               struct ints recvcounts, struct ints displs, struct datatype *recvtype, int root, struct comm *comm),
              BLOCKS_EQUAL(sendbuf, sendcount, sendtype), BLOCKS_VARYING(recvbuf, recvcounts, displs, recvtype), NULL,
              root, comm)
COLL_VARIANTS(scatter, &coll_scatter,
              (const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, void *recvbuf, MPI_Count recvcount,
               struct datatype *recvtype, int root, struct comm *comm),
              BLOCKS_EQUAL(sendbuf, sendcount, sendtype), BLOCKS_EQUAL(recvbuf, recvcount, recvtype), NULL, root, comm)
COLL_VARIANTS(scatterv, &coll_scatterv,
              (const void *sendbuf, struct ints sendcounts, struct ints displs, struct datatype *sendtype,
               void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int root, struct comm *comm),
              BLOCKS_VARYING(sendbuf, sendcounts, displs, sendtype), BLOCKS_EQUAL(recvbuf, recvcount, recvtype), NULL,
              root, comm)
