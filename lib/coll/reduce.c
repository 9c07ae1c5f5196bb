/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reduce: the tables of reduce and allreduce. */
#include "lib/coll/base/short.h"
#include "lib/coll/checks.h"
#include "lib/coll/cost.h"
#include "lib/coll/groups.h"
#include "lib/coll/levels.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/reductions.h"
#include "lib/coll/shm/short_phase.h"

static int allreduce_check(const struct coll_args *args)
{
    CHECK(operand_check(args->recv.count, args->recv.t, args->op));
    return in_place_wrong(args) ? MPI_ERR_BUFFER : MPI_SUCCESS;
}

static int reduce_check(const struct coll_args *args)
{
    if (args_idle(args))
        return MPI_SUCCESS;
    CHECK(operand_check(args->recv.count, args->recv.t, args->op));
    return args->send.buf == MPI_IN_PLACE && !args_at_root(args) ? MPI_ERR_BUFFER : MPI_SUCCESS;
}

static MPI_Count vector_length(const struct coll_args *args)
{
    return args->recv.count * args->recv.t->size;
}

static struct vector vector_of(const struct coll_args *args)
{
    return (struct vector){args_operand(args), (char *)(uintptr_t)args->recv.buf, args->recv.count, args->recv.t,
                           args->op};
}

static int reduce_run(struct shm_coll *a, const struct coll_args *args)
{
    struct vector v = vector_of(args);
    return shm_reduce(a, &v, args->root);
}

static int allreduce_run(struct shm_coll *a, const struct coll_args *args)
{
    struct vector v = vector_of(args);
    return shm_allreduce(a, &v);
}

static bool fits_reduce(const struct coll_shape *x)
{
    return x->shm && shm_reduce_fits(x->t);
}

static bool fits_allreduce(const struct coll_shape *x)
{
    size_t bytes = (size_t)x->bytes;
    return fits_reduce(x) && (bytes <= choice_whole(x->shm) ||
                              choice_each(x->shm, bytes / (size_t)x->shm->n + 1, (size_t)x->t->size) > 0);
}

static bool fits_short(const struct coll_shape *x)
{
    return x->t->dense && x->t->true_lb == 0 && x->bytes <= (MPI_Count)knobs.COLL_SHORT_MAX;
}

/* Does each rank have a part of the vector? */
static bool is_divisible(const struct coll_shape *x)
{
    return x->bytes / x->t->size >= x->comm->size;
}

/* The ranks that go on where some give theirs to a neighbour first: a power of two; *folds: two more messages. */
static int rounds_folded(int n, int *folds)
{
    int rounds = 0;
    while (2 << rounds <= n)
        rounds++;
    *folds = n > 1 << rounds ? 2 : 0;
    return rounds;
}

static MPI_Count doubling_cost(const struct coll_shape *x)
{
    int folds, rounds = rounds_folded(x->comm->size, &folds) + folds;
    return cost_of(rounds, rounds * x->bytes);
}

static MPI_Count halving_cost(const struct coll_shape *x)
{
    int folds, rounds = rounds_folded(x->comm->size, &folds);
    return cost_of(2 * rounds + folds, 2 * (x->bytes - (x->bytes >> rounds)) + folds * x->bytes);
}

static MPI_Count ring_cost(const struct coll_shape *x)
{
    int n = x->comm->size;
    return cost_of(2 * (n - 1), 2 * (x->bytes - x->bytes / n));
}

static bool fits_ring(const struct coll_shape *x)
{
    return x->op->commutative && is_divisible(x);
}

static bool ring_pays(const struct coll_shape *x)
{
    return ring_cost(x) < halving_cost(x) && ring_cost(x) < doubling_cost(x);
}

static bool halving_pays(const struct coll_shape *x)
{
    return halving_cost(x) < doubling_cost(x);
}

const struct coll_kind coll_reduce = {
    "reduce",
    reduce_check,
    vector_length,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_reduce, .run = reduce_run, .program = &shm_ireduce},
        {.name = "two-level", .fits = fits_levels_reduce, .stages = levels_reduce},
        {.name = "short", .fits = fits_short, .messages = short_reduce},
        {.name = "binomial", .build = messages_reduce},
        {.name = "two-group", .between = TWO_GROUPS, .stages = groups_reduce},
        {0},
    },
};
const struct coll_kind coll_allreduce = {
    "allreduce",
    allreduce_check,
    vector_length,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_allreduce, .run = allreduce_run, .program = &shm_iallreduce},
        {.name = "two-level", .fits = fits_levels_reduce, .stages = levels_allreduce},
        {.name = "short", .fits = fits_short, .messages = short_allreduce},
        {.name = "ring", .fits = fits_ring, .pays = ring_pays, .build = messages_allreduce_ring},
        {.name = "halving", .fits = is_divisible, .pays = halving_pays, .build = messages_allreduce_halving},
        {.name = "recursive-doubling", .build = messages_allreduce_doubling},
        {.name = "two-group", .between = TWO_GROUPS, .stages = groups_allreduce},
        {0},
    },
};

/* Two ranks, and few bytes of what there is a kernel for. */
ALWAYS_INLINE bool is_pair(const struct shm_coll *a, MPI_Count count, const struct datatype *t, const struct op *op)
{
    return LIKELY(a && a->n == 2 && operand_check(count, t, op) == MPI_SUCCESS && op_kernel_of(op, t) &&
                  shm_is_short(count, t) && count > 0);
}

int mpi_reduce(const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, int root,
               struct comm *comm)
{
    struct shm_coll *a = shm_quick(comm);
    if (!is_pair(a, count, t, op) || UNLIKELY(sendbuf == MPI_IN_PLACE && comm->rank != root))
        return coll_run(&coll_reduce,
                        &(struct coll_args){{.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, count, t), op, root, comm});
    int rc = shm_pair_reduce(a, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, recvbuf, count, t, op_kernel_of(op, t),
                             op->which, root);
    return LIKELY(!a->broken) ? rc : a->broken;
}
COLL_LATER(reduce, &coll_reduce,
           (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, int root,
            struct comm *comm),
           {.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, count, t), op, root, comm)

int mpi_allreduce(const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
                  struct comm *comm)
{
    struct shm_coll *a = shm_quick(comm);
    if (!is_pair(a, count, t, op))
        return coll_run(&coll_allreduce,
                        &(struct coll_args){{.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, count, t), op, 0, comm});
    int rc = shm_pair_allreduce(a, sendbuf == MPI_IN_PLACE ? recvbuf : sendbuf, recvbuf, count, t, op_kernel_of(op, t),
                                op->which);
    return LIKELY(!a->broken) ? rc : a->broken;
}
COLL_LATER(allreduce, &coll_allreduce,
           (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op, struct comm *comm),
           {.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, count, t), op, 0, comm)
