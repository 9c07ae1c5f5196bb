/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reduce_scatter: its tables, with equal and with varying counts. */
#include "lib/coll/checks.h"
#include "lib/coll/groups.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/reductions.h"
#include "lib/coll/table.h"

static MPI_Count sum_of(const struct coll_args *args)
{
    MPI_Count total = 0;
    for (int r = 0; r < args->comm->size; r++)
        total += blocks_count(&args->recv, r);
    return total;
}

/* All counts, and their sum. */
static int counts_check(const struct coll_args *args)
{
    const struct blocks *v = &args->recv;
    MPI_Count total = 0;
    for (int r = 0; r < args->comm->size; r++) {
        CHECK(operand_check(blocks_count(v, r), v->t, args->op));
        total += blocks_count(v, r);
        if (UNLIKELY(!datatype_count_ok(v->t, total)))
            return data_wrong_together(blocks_count(v, r), r + 1, v->t);
    }
    if (in_place_wrong(args))
        return MPI_ERR_BUFFER;
    /* As an operand it has no type of its own. */
    struct coll_args same = *args;
    same.send.t = v->t;
    same.send.count = total;
    return buffers_check(&same);
}

static int varying_check(const struct coll_args *args)
{
    return args->recv.counts.at ? counts_check(args) : MPI_ERR_ARG;
}

static MPI_Count longest_part(const struct coll_args *args)
{
    MPI_Count longest = 0;
    for (int r = 0; r < (args->recv.counts.at ? args->comm->size : 1); r++)
        longest = blocks_bytes(&args->recv, r) > longest ? blocks_bytes(&args->recv, r) : longest;
    return longest;
}

static int reduce_scatter_run(struct shm_coll *a, const struct coll_args *args)
{
    struct vector v = {args_operand(args), (char *)(uintptr_t)args->recv.buf, sum_of(args), args->recv.t, args->op};
    return shm_reduce_scatter(a, &v, &args->recv);
}

static bool fits_reduce_scatter(const struct coll_shape *x)
{
    return x->shm && shm_reduce_fits(x->t) && choice_each(x->shm, (size_t)x->bytes, (size_t)x->t->size) > 0;
}

static const struct coll_algorithm rows[] = {
    {.name = "shm", .fits = fits_reduce_scatter, .run = reduce_scatter_run, .program = &shm_ireduce_scatter},
    {.name = "reduce", .build = messages_reduce_scatter},
    {.name = "two-group", .between = TWO_GROUPS, .stages = groups_reduce_scatter},
    {0},
};
const struct coll_kind coll_reduce_scatter = {"reduce_scatter", varying_check, longest_part, rows};
const struct coll_kind coll_reduce_scatter_block = {"reduce_scatter_block", counts_check, longest_part, rows};

COLL_VARIANTS(reduce_scatter, &coll_reduce_scatter,
              (const void *sendbuf, void *recvbuf, struct ints recvcounts, struct datatype *t, struct op *op,
               struct comm *comm),
              {.buf = sendbuf}, BLOCKS_VARYING(recvbuf, recvcounts, recvcounts, t), op, 0, comm)
COLL_VARIANTS(reduce_scatter_block, &coll_reduce_scatter_block,
              (const void *sendbuf, void *recvbuf, MPI_Count recvcount, struct datatype *t, struct op *op,
               struct comm *comm),
              {.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, recvcount, t), op, 0, comm)
