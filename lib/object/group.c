/* SPDX-License-Identifier: BSD-3-Clause
 *
 * group: sequences of processes, and what is made of them (MPI 5.0, section 7.3). */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/object/comm.h"
#include "lib/process/process.h"

struct group group_empty;

enum { FEW = 16 }; /* as many are looked through */

/* Their jobs are known as long as there is the group. */
static void members_count(const struct group *g, void (*count)(int index))
{
    for (int r = 0; g->foreign && r < g->size; r++)
        if (process_is_foreign(group_proc(g, r)))
            count(group_proc(g, r));
}

static int regular_rank(const struct group *g, int proc)
{
    if (g->size == 0)
        return MPI_UNDEFINED;
    int d = proc - g->first, r = g->stride ? d / g->stride : 0;
    return r >= 0 && r < g->size && r * g->stride == d ? r : MPI_UNDEFINED;
}

static int looked_up(const struct group *g, int proc)
{
    for (int r = 0; r < g->size; r++)
        if (g->procs[r] == proc)
            return r;
    return MPI_UNDEFINED;
}

static int by_proc(const void *a, const void *b, void *procs)
{
    int x = ((const int *)procs)[*(const int *)a], y = ((const int *)procs)[*(const int *)b];
    return (x > y) - (x < y);
}

/* The ranks by rising process; NULL without memory. */
static int *order_of(const struct group *g)
{
    int *order = malloc((size_t)g->size * sizeof *order);
    if (!order)
        return NULL;
    for (int r = 0; r < g->size; r++)
        order[r] = r;
    qsort_r(order, (size_t)g->size, sizeof *order, by_proc, g->procs);
    return order;
}

int group_rank_of(struct group *g, int proc)
{
    if (!g->procs)
        return regular_rank(g, proc);
    if (g->size > FEW && !g->order)
        g->order = order_of(g);
    if (!g->order)
        return looked_up(g, proc);
    int lo = 0, hi = g->size;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (g->procs[g->order[mid]] < proc)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < g->size && g->procs[g->order[lo]] == proc ? g->order[lo] : MPI_UNDEFINED;
}

struct group *group_new_regular(int first, int stride, int size)
{
    if (size == 0)
        return group_ref(&group_empty);
    struct group *g = obj_new(OBJ_GROUP, sizeof *g);
    if (g) {
        g->size = size;
        g->first = first;
        g->stride = stride;
        g->rank = regular_rank(g, process_self);
        g->foreign = process_is_foreign(first) || process_is_foreign(first + (size - 1) * stride);
        members_count(g, process_hold);
    }
    return g;
}

struct group *group_new(int *procs, int size)
{
    int stride = size > 1 ? procs[1] - procs[0] : 1;
    bool regular = true;
    for (int r = 1; regular && r < size; r++)
        regular = procs[r] - procs[r - 1] == stride;
    if (regular) {
        struct group *g = group_new_regular(size ? procs[0] : 0, stride, size);
        free(procs);
        return g;
    }
    struct group *g = obj_new(OBJ_GROUP, sizeof *g);
    if (!g) {
        free(procs);
        return NULL;
    }
    g->size = size;
    g->procs = procs;
    g->rank = looked_up(g, process_self);
    for (int r = 0; r < size; r++)
        g->foreign |= process_is_foreign(procs[r]);
    members_count(g, process_hold);
    return g;
}

struct group *group_ref(struct group *g)
{
    g->obj.refs++;
    return g;
}

void group_unref(struct group *g)
{
    if (!g || g->obj.predefined || --g->obj.refs > 0)
        return;
    members_count(g, process_release);
    free(g->procs);
    free(g->order);
    obj_free(&g->obj);
}

int group_relation(struct group *a, struct group *b)
{
    if (a->size != b->size)
        return MPI_UNEQUAL;
    bool same = true;
    for (int r = 0; same && r < a->size; r++)
        same = group_proc(a, r) == group_proc(b, r);
    if (same)
        return MPI_IDENT;
    for (int r = 0; r < a->size; r++)
        if (group_rank_of(b, group_proc(a, r)) == MPI_UNDEFINED)
            return MPI_UNEQUAL;
    return MPI_SIMILAR;
}

static int give(int *procs, int size, const struct group *from, MPI_Group *out)
{
    struct group *g = group_new(procs, size);
    if (!g)
        return MPI_ERR_NO_MEM;
    if (!g->obj.predefined)
        g->session = from->session;
    *out = (MPI_Group)g->obj.handle;
    return MPI_SUCCESS;
}

static int *room(int n)
{
    return malloc(((size_t)n + 1) * sizeof(int));
}

int mpi_group_size(struct group *g, int *size)
{
    *size = g->size;
    return MPI_SUCCESS;
}

int mpi_group_rank(struct group *g, int *rank)
{
    *rank = g->size ? g->rank : MPI_UNDEFINED;
    return MPI_SUCCESS;
}

int mpi_group_free(MPI_Group *group)
{
    group_unref(group_of(*group));
    *group = MPI_GROUP_NULL;
    return MPI_SUCCESS;
}

int mpi_group_compare(struct group *a, struct group *b, int *result)
{
    *result = group_relation(a, b);
    return MPI_SUCCESS;
}

static int wrong_rank(const char *name, int i, int rank, int size)
{
    error_detail_set(MPI_ERR_RANK, "%s[%d] is %d, and the group has %d ranks", name, i, rank, size);
    return MPI_ERR_RANK;
}

static int named_twice(int i, int rank)
{
    error_detail_set(MPI_ERR_RANK, "ranks[%d] is %d, which is there twice", i, rank);
    return MPI_ERR_RANK;
}

int mpi_group_translate_ranks(struct group *a, int n, const int *ranks1, struct group *b, int *ranks2)
{
    if (n < 0 || (n > 0 && (!ranks1 || !ranks2)))
        return MPI_ERR_ARG;
    for (int i = 0; i < n; i++)
        if (ranks1[i] != MPI_PROC_NULL && (ranks1[i] < 0 || ranks1[i] >= a->size))
            return wrong_rank("ranks1", i, ranks1[i], a->size);
    for (int i = 0; i < n; i++)
        ranks2[i] = ranks1[i] == MPI_PROC_NULL ? MPI_PROC_NULL : group_rank_of(b, group_proc(a, ranks1[i]));
    return MPI_SUCCESS;
}

/* The members of a that are in b (or are not), in a's order, behind what out already holds. */
static int filter(const struct group *a, struct group *b, bool in, int *out, int n)
{
    for (int r = 0; r < a->size; r++) {
        int p = group_proc(a, r);
        if ((group_rank_of(b, p) != MPI_UNDEFINED) == in)
            out[n++] = p;
    }
    return n;
}

int mpi_group_union(struct group *a, struct group *b, MPI_Group *out)
{
    int *p = room(a->size + b->size);
    if (!p)
        return MPI_ERR_NO_MEM;
    for (int r = 0; r < a->size; r++)
        p[r] = group_proc(a, r);
    return give(p, filter(b, a, false, p, a->size), a->size ? a : b, out);
}

int mpi_group_intersection(struct group *a, struct group *b, MPI_Group *out)
{
    int *p = room(a->size);
    return p ? give(p, filter(a, b, true, p, 0), a, out) : MPI_ERR_NO_MEM;
}

int mpi_group_difference(struct group *a, struct group *b, MPI_Group *out)
{
    int *p = room(a->size);
    return p ? give(p, filter(a, b, false, p, 0), a, out) : MPI_ERR_NO_MEM;
}

/* Every rank inside, none twice. */
static int ranks_check(const struct group *g, int n, const int *ranks)
{
    int rc = MPI_SUCCESS;
    if (n < 0 || (n > 0 && !ranks))
        return MPI_ERR_ARG;
    if (n > g->size) {
        error_detail_set(MPI_ERR_RANK, "n is %d, and the group has %d ranks", n, g->size);
        return MPI_ERR_RANK;
    }
    char *seen = calloc(1, (size_t)g->size + 1);
    if (!seen)
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < n && rc == MPI_SUCCESS; i++)
        if (ranks[i] < 0 || ranks[i] >= g->size)
            rc = wrong_rank("ranks", i, ranks[i], g->size);
        else if (seen[ranks[i]]++)
            rc = named_twice(i, ranks[i]);
    free(seen);
    return rc;
}

int mpi_group_incl(struct group *g, int n, const int *ranks, MPI_Group *out)
{
    int rc = ranks_check(g, n, ranks), *p;
    if (rc != MPI_SUCCESS)
        return rc;
    if (!(p = room(n)))
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < n; i++)
        p[i] = group_proc(g, ranks[i]);
    return give(p, n, g, out);
}

int mpi_group_excl(struct group *g, int n, const int *ranks, MPI_Group *out)
{
    int rc = ranks_check(g, n, ranks), *p, kept = 0;
    if (rc != MPI_SUCCESS)
        return rc;
    char *gone = calloc(1, (size_t)g->size + 1);
    if (!gone || !(p = room(g->size))) {
        free(gone);
        return MPI_ERR_NO_MEM;
    }
    for (int i = 0; i < n; i++)
        gone[ranks[i]] = 1;
    for (int r = 0; r < g->size; r++)
        if (!gone[r])
            p[kept++] = group_proc(g, r);
    free(gone);
    return give(p, kept, g, out);
}

/* The ranks that the triplets name, one by one; counts at most one more than the group has. */
static int expand(const struct group *g, int n, int ranges[][3], int **out, int *count)
{
    int *p = room(g->size + 1), k = 0;
    if (!p)
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < n; i++) {
        int first = ranges[i][0], last = ranges[i][1], stride = ranges[i][2];
        if (stride == 0) {
            free(p);
            return MPI_ERR_ARG;
        }
        for (int64_t r = first; (stride > 0 ? r <= last : r >= last) && k <= g->size; r += stride)
            p[k++] = r >= 0 && r < g->size ? (int)r : -1;
    }
    *out = p;
    *count = k;
    return MPI_SUCCESS;
}

static int by_ranges(struct group *g, int n, int ranges[][3], MPI_Group *out,
                     int (*how)(struct group *, int, const int *, MPI_Group *))
{
    int *ranks, count;
    if (n < 0 || (n > 0 && !ranges))
        return MPI_ERR_ARG;
    int rc = expand(g, n, ranges, &ranks, &count);
    if (rc != MPI_SUCCESS)
        return rc;
    rc = how(g, count, ranks, out);
    free(ranks);
    return rc;
}

int mpi_group_range_incl(struct group *g, int n, int ranges[][3], MPI_Group *out)
{
    return by_ranges(g, n, ranges, out, mpi_group_incl);
}

int mpi_group_range_excl(struct group *g, int n, int ranges[][3], MPI_Group *out)
{
    return by_ranges(g, n, ranges, out, mpi_group_excl);
}
