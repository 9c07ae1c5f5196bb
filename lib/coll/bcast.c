/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bcast: the tables of barrier and bcast. */
#include "lib/coll/base/short.h"
#include "lib/coll/checks.h"
#include "lib/coll/groups.h"
#include "lib/coll/levels.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/short_phase.h"
#include "lib/core/knobs.h"

static int barrier_check(const struct coll_args *args)
{
    return MPI_SUCCESS;
}

static MPI_Count barrier_bytes(const struct coll_args *args)
{
    return -1;
}

static int barrier_run(struct shm_coll *a, const struct coll_args *args)
{
    return shm_barrier(a);
}

const struct coll_kind coll_barrier = {
    "barrier",
    barrier_check,
    barrier_bytes,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = barrier_run, .program = &shm_ibarrier},
        {.name = "two-level", .fits = fits_levels, .stages = levels_barrier},
        {.name = "short", .messages = short_barrier},
        {.name = "dissemination", .build = messages_barrier},
        {.name = "two-group", .between = TWO_GROUPS, .stages = groups_barrier},
        {0},
    },
};

int mpi_barrier(struct comm *comm)
{
    struct shm_coll *a = shm_quick(comm);
    if (UNLIKELY(!a))
        return coll_run(&coll_barrier, &(struct coll_args){.comm = comm});
    int rc = shm_barrier(a);
    return LIKELY(!a->broken) ? rc : a->broken;
}
COLL_LATER(barrier, &coll_barrier, (struct comm * comm), .comm = comm)

static int bcast_check(const struct coll_args *args)
{
    return args_idle(args) ? MPI_SUCCESS : data_check(args->recv.count, args->recv.t);
}

static MPI_Count bcast_bytes(const struct coll_args *args)
{
    return args->recv.count * args->recv.t->size;
}

static int bcast_run(struct shm_coll *a, const struct coll_args *args)
{
    struct coll_data d = args_block(&args->recv);
    return shm_bcast(a, &d, args->root);
}

static bool fits_short(const struct coll_shape *x)
{
    return x->bytes <= (MPI_Count)knobs.COLL_SHORT_MAX;
}

const struct coll_kind coll_bcast = {
    "bcast",
    bcast_check,
    bcast_bytes,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_shm, .run = bcast_run, .program = &shm_ibcast},
        {.name = "two-level", .fits = fits_levels, .stages = levels_bcast},
        {.name = "short", .fits = fits_short, .messages = short_bcast},
        {.name = "binomial", .build = messages_bcast},
        {.name = "two-group", .between = TWO_GROUPS, .stages = groups_bcast},
        {0},
    },
};

int mpi_bcast(void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm)
{
    struct shm_coll *a = shm_quick(comm);
    if (UNLIKELY(!a) || UNLIKELY(data_check(count, t) != MPI_SUCCESS) || !shm_is_short(count, t) ||
        count * t->size == 0)
        return coll_run(&coll_bcast,
                        &(struct coll_args){.recv = BLOCKS_EQUAL(buffer, count, t), .root = root, .comm = comm});
    int rc = shm_short_bcast(a, (char *)buffer + t->true_lb, (size_t)(count * t->size), root);
    return LIKELY(!a->broken) ? rc : a->broken;
}
COLL_LATER(bcast, &coll_bcast, (void *buffer, MPI_Count count, struct datatype *t, int root, struct comm *comm),
           .recv = BLOCKS_EQUAL(buffer, count, t), .root = root, .comm = comm)
