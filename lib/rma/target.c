/* SPDX-License-Identifier: BSD-3-Clause
 *
 * target: a table of those that were spoken to, by rank, so that nothing is kept of a million others. */
#include "lib/rma/target.h"
#include <errno.h>
#include <stdlib.h>
#include "lib/core/error.h"
#include "lib/process/failed.h"
#include "lib/rma/far.h"

enum { TABLE_FIRST = 16 };

int target_begin(struct win *w)
{
    w->target_mask = TABLE_FIRST - 1;
    w->targets = calloc(TABLE_FIRST, sizeof *w->targets);
    return w->targets ? MPI_SUCCESS : MPI_ERR_NO_MEM;
}

static void target_free(struct target *t)
{
    if (t)
        far_free(t->far);
    free(t);
}

void target_end(struct win *w)
{
    for (uint32_t i = 0; w->targets && i <= w->target_mask; i++)
        target_free(w->targets[i]);
    free(w->targets);
    w->targets = NULL;
}

static struct target **slot(struct target **table, uint32_t mask, int rank)
{
    uint32_t i = (uint32_t)rank & mask;
    while (table[i] && table[i]->rank != rank)
        i = (i + 1) & mask;
    return &table[i];
}

/* It stays half empty at least. */
static int room(struct win *w)
{
    uint32_t mask = w->target_mask * 2 + 1;
    if (2 * (w->target_count + 1) <= w->target_mask + 1)
        return MPI_SUCCESS;
    struct target **table = calloc((size_t)mask + 1, sizeof *table);
    if (!table)
        return MPI_ERR_NO_MEM;
    for (uint32_t i = 0; i <= w->target_mask; i++)
        if (w->targets[i])
            *slot(table, mask, w->targets[i]->rank) = w->targets[i];
    free(w->targets);
    w->targets = table;
    w->target_mask = mask;
    return MPI_SUCCESS;
}

/* Where this process has that part of the window, or NULL. */
static char *mapped(const struct win *w, int member)
{
    const struct control_member *m = &w->control->member[member];
    if (member == w->node->rank)
        return w->base;
    if (m->place != CONTROL_PRIVATE)
        return (char *)w->control + m->place;
    struct alloc_file f = m->file;
    uint64_t at = m->file_at;
    char *file = at <= f.bytes && m->size <= f.bytes - at ? alloc_map(m->local, &f) : NULL;
    return file ? file + at : NULL;
}

static void fill(const struct win *w, struct target *t)
{
    const struct control_member *m = &w->control->member[t->member];
    char *here = mapped(w, t->member);
    bool own = t->member == w->node->rank;
    t->local = m->local;
    t->size = m->size;
    t->disp_unit = m->disp_unit;
    t->verbs = own || here ? &target_direct : &target_cma;
    t->base = own || here ? here : (char *)(uintptr_t)m->base;
}

static int make(struct win *w, int rank, struct target **out)
{
    struct target *t = calloc(1, sizeof *t);
    int rc = t ? room(w) : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS) {
        t->w = w;
        t->rank = rank;
        t->proc = comm_proc(w->comm, rank);
        t->member = group_rank_of(w->node->group, t->proc);
        if (t->member != MPI_UNDEFINED)
            fill(w, t);
        else
            rc = far_new(t);
    }
    if (rc != MPI_SUCCESS) {
        free(t);
        return rc;
    }
    *slot(w->targets, w->target_mask, rank) = t;
    w->target_count++;
    *out = t;
    return MPI_SUCCESS;
}

int target_get_slow(struct win *w, int rank, struct target **out)
{
    if (rank < 0 || rank >= w->comm->size) {
        error_detail_set(MPI_ERR_RANK, "target rank is %d, and the window has %d ranks", rank, w->comm->size);
        return MPI_ERR_RANK;
    }
    struct target *t = *slot(w->targets, w->target_mask, rank);
    if (!t)
        return make(w, rank, out);
    *out = t;
    return MPI_SUCCESS;
}

/* The end of the region that has this address; 0: none has. Acquire: a length is stored behind its base. */
static uint64_t region_end(const struct control_region *r, uint64_t at)
{
    for (int i = 0; i < CONTROL_REGIONS; i++) {
        uint64_t len = atomic_load_explicit(&r[i].len, memory_order_acquire);
        uint64_t base = atomic_load_explicit(&r[i].base, memory_order_relaxed);
        if (len > 0 && at >= base && at - base < len)
            return base + len;
    }
    return 0;
}

/* By one region, or several that touch. */
static bool attached(const struct win *w, int member, uint64_t from, uint64_t n)
{
    const struct control_region *r = control_regions(w->control, member);
    uint64_t at = from, end, to;
    if (__builtin_add_overflow(from, n, &to))
        return false;
    while ((end = region_end(r, at)) > at && end < to)
        at = end;
    return end > at;
}

static int out_of_range(const struct target *t, MPI_Aint disp, MPI_Count bytes)
{
    error_detail_set(MPI_ERR_RMA_RANGE, "%lld bytes at displacement %lld, and rank %d has %llu bytes in the window",
                     (long long)bytes, (long long)disp, t->rank, (unsigned long long)t->size);
    return MPI_ERR_RMA_RANGE;
}

MPI_Count target_span(MPI_Count count, const struct datatype *type, MPI_Count *low)
{
    MPI_Count reach = (count - 1) * type->extent;
    *low = type->true_lb + (reach < 0 ? reach : 0);
    return type->true_extent + (reach < 0 ? -reach : reach);
}

static bool within(uint64_t size, int64_t offset, MPI_Count count, const struct datatype *type)
{
    MPI_Count low, n = target_span(count, type, &low);
    int64_t begin;
    return !__builtin_add_overflow(offset, low, &begin) && begin >= 0 && (uint64_t)n <= size &&
           (uint64_t)begin <= size - (uint64_t)n;
}

bool target_holds(struct win *w, int member, int64_t offset, MPI_Count count, const struct datatype *type)
{
    MPI_Count low, n = target_span(count, type, &low);
    int64_t begin;
    if (w->flavor != MPI_WIN_FLAVOR_DYNAMIC)
        return within(w->control->member[member].size, offset, count, type);
    return !__builtin_add_overflow(offset, low, &begin) && attached(w, member, (uint64_t)begin, (uint64_t)n);
}

/* What is attached where others run is looked up there. */
static bool is_held(struct win *w, const struct target *t, int64_t offset, MPI_Count count, const struct datatype *type)
{
    if (w->flavor != MPI_WIN_FLAVOR_DYNAMIC)
        return within(t->size, offset, count, type);
    return t->far || target_holds(w, t->member, offset, count, type);
}

int target_place(struct win *w, struct target *t, MPI_Aint disp, MPI_Count *count, const struct datatype *type,
                 char **at)
{
    int64_t offset;
    MPI_Count low;
    if (*count == 0 || type->size == 0) {
        *count = 0;
        return MPI_SUCCESS;
    }
    if (!datatype_count_ok(type, *count))
        return MPI_ERR_COUNT;
    if (disp < 0 && w->flavor != MPI_WIN_FLAVOR_DYNAMIC) {
        error_detail_set(MPI_ERR_DISP, "the displacement is %lld", (long long)disp);
        return MPI_ERR_DISP;
    }
    int rc = t->far ? far_enter(t) : MPI_SUCCESS;
    if (rc != MPI_SUCCESS)
        return rc;
    if (__builtin_mul_overflow(disp, t->disp_unit, &offset) || !is_held(w, t, offset, *count, type))
        return out_of_range(t, disp, target_span(*count, type, &low));
    *at = (char *)((uintptr_t)t->base + (uintptr_t)offset);
    return MPI_SUCCESS;
}

int target_cma_error(const struct target *t, int error)
{
    if (error == ESRCH)
        return failed_error(t->proc);
    if (error == EFAULT) {
        error_detail_set(MPI_ERR_RMA_RANGE, "rank %d no longer has that memory, or it cannot be written", t->rank);
        return MPI_ERR_RMA_RANGE;
    }
    error_detail_set(MPI_ERR_UNSUPPORTED_OPERATION,
                     "the memory of rank %d cannot be reached (process_vm_readv); MPI_Win_allocate needs no such call",
                     t->rank);
    return MPI_ERR_UNSUPPORTED_OPERATION;
}
