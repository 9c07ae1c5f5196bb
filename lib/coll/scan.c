/* SPDX-License-Identifier: BSD-3-Clause
 *
 * scan: the tables of scan and exscan. */
#include "lib/coll/checks.h"
#include "lib/coll/shm/reductions.h"
#include "lib/coll/table.h"

static int scan_check(const struct coll_args *args)
{
    if (args->comm->inter) /* of two groups none comes before the other */
        return MPI_ERR_COMM;
    return operand_check(args->recv.count, args->recv.t, args->op);
}

static MPI_Count scan_bytes(const struct coll_args *args)
{
    return args->recv.count * args->recv.t->size;
}

static int run(struct shm_coll *a, const struct coll_args *args, bool below)
{
    struct vector v = {args_operand(args), (char *)(uintptr_t)args->recv.buf, args->recv.count, args->recv.t, args->op};
    return shm_scan(a, &v, below);
}

static int scan_run(struct shm_coll *a, const struct coll_args *args)
{
    return run(a, args, false);
}

static int exscan_run(struct shm_coll *a, const struct coll_args *args)
{
    return run(a, args, true);
}

static bool fits_scan(const struct coll_shape *x)
{
    return x->shm && shm_reduce_fits(x->t);
}

const struct coll_kind coll_scan = {
    "scan",
    scan_check,
    scan_bytes,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_scan, .run = scan_run, .program = &shm_iscan},
        {.name = "prefix", .build = messages_scan},
        {0},
    },
};
const struct coll_kind coll_exscan = {
    "exscan",
    scan_check,
    scan_bytes,
    (const struct coll_algorithm[]){
        {.name = "shm", .fits = fits_scan, .run = exscan_run, .program = &shm_iexscan},
        {.name = "prefix", .build = messages_exscan},
        {0},
    },
};

COLL_VARIANTS(scan, &coll_scan,
              (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
               struct comm *comm),
              {.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, count, t), op, 0, comm)
COLL_VARIANTS(exscan, &coll_exscan,
              (const void *sendbuf, void *recvbuf, MPI_Count count, struct datatype *t, struct op *op,
               struct comm *comm),
              {.buf = sendbuf}, BLOCKS_EQUAL(recvbuf, count, t), op, 0, comm)
