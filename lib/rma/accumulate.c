/* SPDX-License-Identifier: BSD-3-Clause
 *
 * accumulate: the functions of MPI that combine elements of windows atomically, and their forms with requests. What
 * is done directly is complete at once. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/nodemem/nodemem.h"
#include "lib/object/win.h"
#include "lib/op/op.h"
#include "lib/process/failed.h"
#include "lib/rma/combine.h"
#include "lib/rma/epoch.h"
#include "lib/rma/owner.h"
#include "lib/rma/far.h"

static int cma_read_flat(int local, void *to, uint64_t from, size_t n)
{
    return cma_read(local, &(struct iovec){to, n}, 1, from, n);
}

static int cma_write_flat(int local, const void *from, uint64_t to, size_t n)
{
    return cma_write(local, &(struct iovec){(void *)(uintptr_t)from, n}, 1, to, n);
}

/* By the place among the ranks of the node, as guards count. */
static bool is_alive(int local)
{
    enum rank_state s = process_state(local);
    return s != RANK_DEAD && s != RANK_NEVER;
}

static int outcome(const struct target *t, int error)
{
    return error == 0 ? MPI_SUCCESS : target_cma_error(t, error);
}

static int mixed(void)
{
    error_detail_set(MPI_ERR_TYPE, "elements of one predefined type are needed, the same on both sides");
    return MPI_ERR_TYPE;
}

/* What both sides of an accumulate come to: all is checked, and c->target.count is 0 if nothing is to be done. */
static int prepare(struct combine *c, struct target **t, struct op *op, int rank, MPI_Aint disp, struct win *w)
{
    char *at = NULL;
    c->target.at = NULL;
    c->basic = combine_basic(c->target.type);
    c->op = (enum op_which)op->which;
    if (rank == MPI_PROC_NULL) {
        c->target.count = 0;
        return MPI_SUCCESS;
    }
    bool any = c->target.count > 0 && c->target.type->size > 0;
    if (any && (!c->basic || (op->which != NO_OP && combine_basic(c->origin.type) != c->basic) ||
                (c->result.type && combine_basic(c->result.type) != c->basic)))
        return mixed();
    int rc = target_get(w, rank, t);
    if (rc == MPI_SUCCESS && !epoch_covers(w, *t))
        rc = epoch_wrong("no epoch is open for that target");
    if (rc == MPI_SUCCESS)
        rc = target_place(w, *t, disp, &c->target.count, c->target.type, &at);
    if (rc == MPI_SUCCESS && c->target.count > 0) /* of nothing, any operation will do: programs probe with it */
        rc = combine_check(op, c->basic);
    MPI_Count n = c->target.count * c->target.type->size;
    if (rc == MPI_SUCCESS && ((op->which != NO_OP && c->origin.count * c->origin.type->size < n) ||
                              (c->result.type && c->result.count * c->result.type->size < n)))
        rc = MPI_ERR_TRUNCATE;
    c->target.at = at;
    return rc;
}

typedef int combine_fn(const struct combine *c, const void *compare);

static int elements(const struct combine *c, const void *compare)
{
    (void)compare;
    return combine_elements(c);
}

/* In a process that is alone on its node the guards are its own. */
struct guard guard_of(const struct win *w)
{
    return (struct guard){.places = control_guards(w->control),
                          .count = nodemem_active ? nodemem.ranks : 1,
                          .me = w->control->member[w->node->rank].local,
                          .fence = nodemem.fence,
                          .alive = is_alive};
}

static int run(struct combine *c, combine_fn *fn, const void *compare, struct op *op, int rank, MPI_Aint disp,
               struct win *w, struct request **request)
{
    struct target *t = NULL;
    int rc = prepare(c, &t, op, rank, disp, w);
    if (rc != MPI_SUCCESS || c->target.count == 0)
        return rc;
    if (t->far)
        return far_accumulate(t, c, compare, request);
    if (t->verbs == &target_cma && owner_combine(t, c, compare, &rc))
        return rc;
    struct guard guard = guard_of(w);
    struct remote_memory remote = {t->local, cma_read_flat, cma_write_flat};
    c->guard = &guard;
    c->owner = t->local;
    c->remote = t->verbs == &target_cma ? &remote : NULL;
    return outcome(t, fn(c, compare));
}

int mpi_accumulate(const void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
                   struct datatype *there, struct op *op, struct win *w)
{
    struct combine c = {.origin = {origin, n, type}, .target = {NULL, count, there}};
    return run(&c, elements, NULL, op, rank, disp, w, NULL);
}

static int get_accumulate(const void *origin, MPI_Count n, struct datatype *type, void *result, MPI_Count result_count,
                          struct datatype *result_type, int rank, MPI_Aint disp, MPI_Count count,
                          struct datatype *there, struct op *op, struct win *w, struct request **request)
{
    if (op->which != NO_OP && (!type || !type->committed))
        return MPI_ERR_TYPE;
    struct combine c = {.origin = {origin, n, type ? type : result_type},
                        .target = {NULL, count, there},
                        .result = {result, result_count, result_type}};
    return run(&c, elements, NULL, op, rank, disp, w, request);
}

int mpi_get_accumulate(const void *origin, MPI_Count n, struct datatype *type, void *result, MPI_Count result_count,
                       struct datatype *result_type, int rank, MPI_Aint disp, MPI_Count count, struct datatype *there,
                       struct op *op, struct win *w)
{
    return get_accumulate(origin, n, type, result, result_count, result_type, rank, disp, count, there, op, w, NULL);
}

int mpi_fetch_and_op(const void *origin, void *result, struct datatype *type, int rank, MPI_Aint disp, struct op *op,
                     struct win *w)
{
    struct combine c = {.origin = {origin, 1, type}, .target = {NULL, 1, type}, .result = {result, 1, type}};
    if (!type->obj.predefined)
        return mixed();
    return run(&c, elements, NULL, op, rank, disp, w, NULL);
}

/* MPI 5.0, section 12.3.4: integers, logicals and bytes. */
static bool may_compare(const struct datatype *t)
{
    return t->obj.predefined && t->basic >= 0 && t->one_run &&
           (basic_table[t->basic].class == BASIC_INTEGER || basic_table[t->basic].class == BASIC_LOGICAL ||
            basic_table[t->basic].class == BASIC_BYTES);
}

int mpi_compare_and_swap(const void *origin, const void *compare, void *result, struct datatype *type, int rank,
                         MPI_Aint disp, struct win *w)
{
    struct combine c = {.origin = {origin, 1, type}, .target = {NULL, 1, type}, .result = {result, 1, type}};
    if (!may_compare(type))
        return MPI_ERR_TYPE;
    return run(&c, combine_compare_swap, compare, op_of(MPI_REPLACE), rank, disp, w, NULL);
}

int mpi_raccumulate(const void *origin, MPI_Count n, struct datatype *type, int rank, MPI_Aint disp, MPI_Count count,
                    struct datatype *there, struct op *op, struct win *w, MPI_Request *request)
{
    int rc = epoch_passive(w);
    if (rc == MPI_SUCCESS)
        rc = mpi_accumulate(origin, n, type, rank, disp, count, there, op, w);
    return epoch_requested(rc, NULL, request);
}

int mpi_rget_accumulate(const void *origin, MPI_Count n, struct datatype *type, void *result, MPI_Count result_count,
                        struct datatype *result_type, int rank, MPI_Aint disp, MPI_Count count, struct datatype *there,
                        struct op *op, struct win *w, MPI_Request *request)
{
    struct request *r = NULL;
    int rc = epoch_passive(w);
    if (rc == MPI_SUCCESS)
        rc = get_accumulate(origin, n, type, result, result_count, result_type, rank, disp, count, there, op, w, &r);
    return epoch_requested(rc, r, request);
}
