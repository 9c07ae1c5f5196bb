/* SPDX-License-Identifier: BSD-3-Clause
 *
 * table: from a collective and its arguments to the algorithm that does it. */
#include "lib/coll/table.h"
#include <stdlib.h>
#include <string.h>
#include "lib/coll/base/place.h"
#include "lib/coll/checks.h"
#include "lib/coll/choose.h"
#include "lib/coll/state.h"
#include "lib/object/info.h"
#include "lib/p2p/failure_sweep.h"

const struct coll_kind *const coll_kinds[] = {
    &coll_barrier,
    &coll_bcast,
    &coll_gather,
    &coll_gatherv,
    &coll_scatter,
    &coll_scatterv,
    &coll_allgather,
    &coll_allgatherv,
    &coll_alltoall,
    &coll_alltoallv,
    &coll_alltoallw,
    &coll_reduce,
    &coll_allreduce,
    &coll_scan,
    &coll_exscan,
    &coll_reduce_scatter,
    &coll_reduce_scatter_block,
    NULL,
};

int coll_init(void)
{
    int rc = place_init();
    return rc == MPI_SUCCESS ? choose_init(getenv("MUSTER_COLL")) : rc;
}

void coll_fini(void)
{
    sched_fini();
    place_fini();
}

static struct coll_shape shape_of(const struct coll_args *args, const struct coll_set *set, MPI_Count bytes, bool later)
{
    return (struct coll_shape){args->comm, set->shm->open ? set->shm : NULL, set->levels,
                               bytes,      args->op ? args->recv.t : NULL,   args->op,
                               later};
}

/* Groups do not know of each other how much there is; each direction has its own amount. */
static MPI_Count length_of(const struct coll_kind *k, const struct coll_args *args)
{
    return UNLIKELY(args->comm->inter) ? -1 : k->bytes(args);
}

static int run_schedule(const struct coll_algorithm *row, const struct coll_args *args)
{
    struct sched *s = sched_new(args->comm);
    if (!s)
        return MPI_ERR_NO_MEM;
    row->build(s, args);
    return sched_run(s);
}

static int run_now(const struct coll_kind *k, const struct coll_args *args)
{
    struct comm *c = args->comm;
    int rc = k->check(args);
    if (UNLIKELY(rc != MPI_SUCCESS))
        return rc;
    struct coll_state *st = state_now(c);
    if (UNLIKELY(!st))
        return MPI_ERR_NO_MEM;
    struct shm_coll *a = st->now.shm;
    if (UNLIKELY(a->spoiled))
        return phase_spoiled(a);
    MPI_Count bytes = length_of(k, args);
    if (bytes == 0)
        return MPI_SUCCESS;
    struct coll_shape x = shape_of(args, &st->now, bytes, false);
    const struct coll_algorithm *row = choose_row(k, &x);
    if (row->run) {
        rc = row->run(a, args);
        return LIKELY(!a->broken) ? rc : a->broken;
    }
    if (row->messages)
        return row->messages(args);
    return row->stages ? stages_run(row->stages, st->now.levels, args) : run_schedule(row, args);
}

int coll_run(const struct coll_kind *k, const struct coll_args *args)
{
    int rc = run_now(k, args);
    if (UNLIKELY(rc == MPI_ERR_PROC_ABORTED))
        failure_keep(args->comm);
    return rc;
}

/* A collective that nobody waits in: what it is, until an algorithm can be chosen. */
struct postponed {
    const struct coll_kind *kind;
    struct coll_args args;
};

static void add_steps(struct sched *s, const struct coll_kind *k, const struct coll_args *args)
{
    struct coll_state *st = args->comm->coll;
    MPI_Count bytes = length_of(k, args);
    if (bytes == 0)
        return;
    struct coll_shape x = shape_of(args, &st->later, bytes, true);
    const struct coll_algorithm *row = choose_row(k, &x);
    if (row->build) {
        row->build(s, args);
        return;
    }
    sched_join(s, &st->line);
    sched_hold(s, args->send.t, args->recv.t, args->op);
    if (row->program)
        shm_op_add(s, x.shm, row->program, args);
    else
        stages_add(s, row->stages, st->later.levels, args);
}

static bool choose_now(struct sched *s, void *arg)
{
    struct postponed *p = arg;
    add_steps(s, p->kind, &p->args);
    return true;
}

/* Who comes while the communicator's set is made stands in line behind that. */
static void postpone(struct sched *s, struct sched_line *line, const struct coll_kind *k, const struct coll_args *args)
{
    struct postponed *p = sched_temp(s, sizeof *p);
    if (!p)
        return;
    *p = (struct postponed){k, *args};
    sched_join(s, line);
    sched_hold(s, args->send.t, args->recv.t, args->op);
    sched_call(s, choose_now, p);
}

/* Messages alone: nothing is to be made before. */
static bool is_plain(const struct coll_kind *k)
{
    for (const struct coll_algorithm *row = k->rows; row->name; row++)
        if (row->program || row->stages)
            return false;
    return true;
}

/* A copy of an array that lives as long as the schedule. Without memory that fails, and the array stays. */
static void array_keep(struct sched *s, const void **at, size_t bytes)
{
    void *copy = *at && bytes > 0 ? sched_temp(s, bytes) : NULL;
    if (copy)
        *at = memcpy(copy, *at, bytes);
}

static void blocks_keep(struct sched *s, struct blocks *v, int ranks)
{
    size_t n = (size_t)ranks;
    if (!v->counts.at)
        return;
    array_keep(s, &v->counts.at, n * (v->counts.wide ? sizeof(int64_t) : sizeof(int)));
    array_keep(s, &v->displs.at, n * (v->displs.wide ? sizeof(int64_t) : sizeof(int)));
    const void *types = v->types;
    array_keep(s, &types, n * sizeof *v->types);
    v->types = types;
}

/* The standard has programs keep their arrays of counts until the end; some do not, as mpi4py 4.1. At ranks where an
 * array means nothing it is not looked at. */
static void arrays_keep(struct sched *s, const struct coll_kind *k, struct coll_args *args)
{
    const struct comm *c = args->comm;
    if ((k == &coll_gatherv || k == &coll_scatterv) && !args_at_root(args))
        return;
    blocks_keep(s, &args->send, c->peer_size);
    blocks_keep(s, &args->recv, args->op ? c->size : c->peer_size);
}

static int schedule_of(const struct coll_kind *k, const struct coll_args *args, struct sched **out)
{
    int rc = k->check(args);
    if (UNLIKELY(rc != MPI_SUCCESS))
        return rc;
    struct coll_state *st = state_later(args->comm);
    if (UNLIKELY(!st))
        return MPI_ERR_NO_MEM;
    if (UNLIKELY(st->later.shm->spoiled))
        return phase_spoiled(st->later.shm);
    struct sched *s = sched_new(args->comm);
    if (!s)
        return MPI_ERR_NO_MEM;
    struct coll_args own = *args;
    arrays_keep(s, k, &own);
    if (is_plain(k) || st->later.made)
        add_steps(s, k, &own);
    else
        postpone(s, &st->line, k, &own);
    *out = s;
    return MPI_SUCCESS;
}

int coll_begin(const struct coll_kind *k, const struct coll_args *args, struct request **r)
{
    struct sched *s;
    int rc = schedule_of(k, args, &s);
    return rc == MPI_SUCCESS ? sched_start(s, r) : rc;
}

int coll_start(const struct coll_kind *k, const struct coll_args *args, MPI_Request *request)
{
    struct request *r;
    int rc = coll_begin(k, args, &r);
    if (rc == MPI_SUCCESS)
        *request = request_handle(r);
    return rc;
}

/* MPI 4.1, section 7.4.4. */
static bool is_strict(const struct comm *c)
{
    const char *value = c->info ? info_find(c->info, "mpi_assert_strict_persistent_collective_ordering") : NULL;
    return value && strcmp(value, "true") == 0;
}

/* What is matched when it is made, by its tag, and may be started in any order (MPI 5.0, section 6.13): messages, since
 * shared memory and stages are used in turn. */
static int order_free(const struct coll_kind *k, const struct coll_args *args, struct sched **out)
{
    int rc = k->check(args);
    if (rc != MPI_SUCCESS)
        return rc;
    struct sched *s = sched_new(args->comm);
    if (!s)
        return MPI_ERR_NO_MEM;
    struct coll_args own = *args;
    arrays_keep(s, k, &own);
    struct coll_shape x = {.comm = args->comm,
                           .bytes = k->bytes(args),
                           .t = args->op ? args->recv.t : NULL,
                           .op = args->op,
                           .later = true,
                           .any_order = true};
    if (x.bytes != 0)
        choose_row(k, &x)->build(s, &own);
    *out = s;
    return MPI_SUCCESS;
}

int coll_persist(const struct coll_kind *k, const struct coll_args *args, MPI_Request *request)
{
    struct request *r;
    struct sched *s;
    /* Between two groups there are stages, which take turns. */
    bool in_turn = args->comm->inter || is_strict(args->comm);
    int rc = in_turn ? schedule_of(k, args, &s) : order_free(k, args, &s);
    if (rc == MPI_SUCCESS)
        rc = sched_persist(s, &r);
    if (rc == MPI_SUCCESS)
        *request = request_handle(r);
    return rc;
}
