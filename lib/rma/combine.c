/* SPDX-License-Identifier: BSD-3-Clause
 *
 * combine: few elements one by one by instructions, past the guard; many under the guard, by the kernels of reductions,
 * which have all of the memory's speed. */
#include "lib/rma/combine.h"
#include <string.h>
#include "lib/core/bytes.h"
#include "lib/rma/atomic.h"

enum {
    FEW = 128,           /* so many elements take less by instructions than taking the guard does */
    FEW_FENCED = 8,      /* where no membarrier is needed for that */
    HELD = 1 << 20,      /* so many bytes are done at most before others may have the guard */
    BOUNCE = 1024,       /* bytes of a copy that is aligned */
    NEAR = 16384,        /* so many bytes are read twice while they are in the nearest cache */
    REMOTE_BYTES = 65536 /* at a time */
};

int combine_check(const struct op *op, const struct datatype *basic)
{
    return op->which == NO_OP || (op->which >= 0 && op_kernels[basic->basic][op->which]) ? MPI_SUCCESS : MPI_ERR_OP;
}

/* Elements between where they lie and an array of them. Of a pair its two members, and not what is between or behind
 * them, which may belong to others. */
static void copy_pair(const struct datatype *basic, char *to, const char *from)
{
    size_t value = basic_table[basic->basic].value, size = (size_t)basic->size;
    size_t index = (size_t)basic->true_extent - (size - value);
    memcpy(to, from, value);
    memcpy(to + index, from + index, size - value);
}
static void copy_elements(const struct datatype *basic, char *to, const char *from, MPI_Count n)
{
    if (basic->dense)
        memcpy(to, from, (size_t)(n * basic->size));
    else
        for (MPI_Count i = 0; i < n; i++)
            copy_pair(basic, to + i * basic->extent, from + i * basic->extent);
}

static bool is_aligned(const struct datatype *basic, const char *at)
{
    return ((uintptr_t)at & (basic->align - 1)) == 0;
}

/* Where something is not aligned as its type asks for, or has gaps: by way of copies. */
static void bulk_by_copies(const struct combine *c, char *target, const char *origin, char *result, MPI_Count n)
{
    _Alignas(64) char in[BOUNCE], out[BOUNCE];
    MPI_Count most = BOUNCE / c->basic->extent, step = c->basic->extent;
    for (MPI_Count i = 0, k; i < n; i += k) {
        k = n - i < most ? n - i : most;
        copy_elements(c->basic, out, target + i * step, k);
        if (result)
            copy_elements(c->basic, result + i * step, out, k);
        if (c->op == NO_OP)
            continue;
        copy_elements(c->basic, in, origin + i * step, k);
        op_kernels[c->basic->basic][c->op](in, out, out, k);
        copy_elements(c->basic, target + i * step, out, k);
    }
}

/* n elements in a row, by who has the guard. */
static void bulk(const struct combine *c, char *target, const char *origin, char *result, MPI_Count n)
{
    MPI_Count step = c->basic->extent, most = result ? NEAR / step : n;
    bool aligned = is_aligned(c->basic, target) && (c->op == NO_OP || is_aligned(c->basic, origin));
    if (!c->basic->dense || !aligned) {
        bulk_by_copies(c, target, origin, result, n);
        return;
    }
    for (MPI_Count i = 0, k; i < n; i += k) {
        k = n - i < most ? n - i : most;
        if (result)
            memcpy(result + i * step, target + i * step, (size_t)(k * step));
        if (c->op == REPLACE)
            bytes_copy_long(target + i * step, origin + i * step, (size_t)(k * step));
        else if (c->op != NO_OP)
            op_kernels[c->basic->basic][c->op](origin + i * step, target + i * step, target + i * step, k);
    }
}

/* A row of elements of memory that is not mapped here, by who has the guard. */
static int bulk_remote(const struct combine *c, char *target, const char *origin, char *result, MPI_Count n)
{
    static _Alignas(64) char copy[REMOTE_BYTES]; /* under the lock of the library */
    const struct remote_memory *m = c->remote;
    MPI_Count step = c->basic->extent, most = REMOTE_BYTES / step;
    for (MPI_Count i = 0, k; i < n; i += k) {
        k = n - i < most ? n - i : most;
        uint64_t at = (uint64_t)(uintptr_t)target + (uint64_t)(i * step);
        size_t bytes = (size_t)((k - 1) * step + c->basic->true_extent);
        bool look = result || c->op != REPLACE || !c->basic->one_run;
        int error = look ? m->read(m->rank, copy, at, bytes) : 0;
        if (error == 0 && look)
            bulk(c, copy, origin + (origin ? i * step : 0), result ? result + i * step : NULL, k);
        if (error == 0 && c->op != NO_OP)
            error = m->write(m->rank, look ? copy : origin + i * step, at, bytes);
        if (error != 0)
            return error;
    }
    return 0;
}

/* The buffers side by side: target, then those that there are. */
struct rows {
    struct elements walk;
    bool has_origin, has_result;
};

static MPI_Count elements_of(const struct combine *c)
{
    return c->only > 0 ? c->only : c->target.count * c->target.type->size / c->basic->size;
}

static void rows_init(struct rows *r, const struct combine *c)
{
    MPI_Count n = elements_of(c);
    r->has_origin = c->op != NO_OP;
    r->has_result = c->result.type != NULL;
    elements_init(&r->walk, c->basic, n);
    elements_add(&r->walk, c->target);
    r->walk.side[0].from = c->from;
    if (r->has_origin)
        elements_add(&r->walk, c->origin);
    if (r->has_result)
        elements_add(&r->walk, c->result);
}

static MPI_Count rows_next(struct rows *r, MPI_Count most, char *at[ELEMENTS_SIDES])
{
    char *found[ELEMENTS_SIDES];
    MPI_Count n = elements_next(&r->walk, most, found);
    at[0] = found[0];
    at[1] = r->has_origin ? found[1] : NULL;
    at[2] = r->has_result ? found[1 + r->has_origin] : NULL;
    return n;
}

/* A row of few elements, by instructions if there are some. */
static void few_in_row(const struct combine *c, char *target, const char *origin, char *result, MPI_Count n)
{
    if (atomic_fits(c->basic, target) && guard_enter(c->guard, c->owner)) {
        atomic_apply(c->op, c->basic, target, origin, result, n);
        guard_leave(c->guard);
        return;
    }
    guard_take(c->guard, c->owner);
    guard_drain(c->guard, c->owner);
    bulk(c, target, origin, result, n);
    guard_give(c->guard, c->owner);
}

static void few_elements(const struct combine *c)
{
    struct rows r;
    char *at[ELEMENTS_SIDES];
    rows_init(&r, c);
    for (MPI_Count n; (n = rows_next(&r, FEW, at)) > 0;)
        few_in_row(c, at[0], at[1], at[2], n);
}

static int many_elements(const struct combine *c)
{
    struct rows r;
    int error = 0;
    rows_init(&r, c);
    MPI_Count most = HELD / c->basic->extent;
    while (error == 0 && r.walk.left > 0) {
        char *at[ELEMENTS_SIDES];
        guard_take(c->guard, c->owner);
        guard_drain(c->guard, c->owner);
        for (MPI_Count done = 0, n; error == 0 && (n = rows_next(&r, most - done, at)) > 0; done += n)
            if (c->remote)
                error = bulk_remote(c, at[0], at[1], at[2], n);
            else
                bulk(c, at[0], at[1], at[2], n);
        guard_give(c->guard, c->owner);
    }
    return error;
}

static bool is_row(const struct operand *o)
{
    return datatype_is_run(o->type, o->count);
}
static char *row_of(const struct operand *o)
{
    return (char *)(uintptr_t)o->at + o->type->true_lb;
}

int combine_elements(const struct combine *c)
{
    MPI_Count n = elements_of(c);
    bool has_origin = c->op != NO_OP, has_result = c->result.type != NULL;
    if (n == 0 || (!has_origin && !has_result))
        return 0;
    if (c->remote || c->basic->extent > 8 || n > (c->guard->fence ? FEW_FENCED : FEW))
        return many_elements(c);
    /* Nearly all that is short is of predefined types, and needs no walk. */
    if (c->basic->dense && is_row(&c->target) && (!has_origin || is_row(&c->origin)) &&
        (!has_result || is_row(&c->result)))
        few_in_row(c, row_of(&c->target) + c->from, has_origin ? row_of(&c->origin) : NULL,
                   has_result ? row_of(&c->result) : NULL, n);
    else
        few_elements(c);
    return 0;
}

static int compare_swap_held(const struct combine *c, const void *compare)
{
    size_t n = (size_t)c->basic->size;
    uint64_t at = (uint64_t)(uintptr_t)c->target.at;
    void *target = (void *)(uintptr_t)c->target.at, *result = (void *)(uintptr_t)c->result.at;
    char was[16];
    int error = 0;
    if (c->remote)
        error = c->remote->read(c->remote->rank, was, at, n);
    else
        memcpy(was, target, n);
    if (error == 0 && memcmp(was, compare, n) == 0) {
        if (c->remote)
            error = c->remote->write(c->remote->rank, c->origin.at, at, n);
        else
            memcpy(target, c->origin.at, n);
    }
    if (error == 0)
        memcpy(result, was, n);
    return error;
}

int combine_compare_swap(const struct combine *c, const void *compare)
{
    if (!c->remote && atomic_fits(c->basic, c->target.at) && guard_enter(c->guard, c->owner)) {
        atomic_compare_swap((size_t)c->basic->size, (void *)(uintptr_t)c->target.at, c->origin.at, compare,
                            (void *)(uintptr_t)c->result.at);
        guard_leave(c->guard);
        return 0;
    }
    guard_take(c->guard, c->owner);
    guard_drain(c->guard, c->owner);
    int error = compare_swap_held(c, compare);
    guard_give(c->guard, c->owner);
    return error;
}
