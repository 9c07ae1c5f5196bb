/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ties: made and left. */
#include "lib/comm/ties.h"
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/comm/ask.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/process/process.h"

/* Jobs by the index of their first rank, in the order in which groups have them: the same for who has the same groups.
 */
struct jobs {
    int *first;
    int count;
};

static int jobs_find(const struct jobs *s, int first)
{
    for (int i = 0; i < s->count; i++)
        if (s->first[i] == first)
            return i;
    return -1;
}

static bool jobs_add(struct jobs *s, const struct group *g)
{
    int last = -1, rank;
    for (int r = 0; r < g->size; r++) {
        int first = process_job_of(group_proc(g, r), &rank)->first;
        if (first == last || jobs_find(s, last = first) >= 0)
            continue;
        int *p = realloc(s->first, (size_t)(s->count + 1) * sizeof *p);
        if (!p)
            return false;
        s->first = p;
        p[s->count++] = first;
    }
    return true;
}

/* Does this process speak for those of its job, the own one, whose indices begin at 0? How many they are goes to
 * *count.
 */
static bool speaks(const struct group *g, int64_t *count)
{
    int lowest = -1;
    *count = 0;
    for (int r = 0; r < g->size; r++) {
        bool own = !process_is_foreign(group_proc(g, r));
        if (own && lowest < 0)
            lowest = r;
        *count += own;
    }
    return lowest == g->rank;
}

/* That the launcher does not care is no error. */
static void tell(bool parts, int first, int64_t count)
{
    char name[PROCESS_JOB_NAME];
    int rank;
    strcpy(name, process_job_of(first, &rank)->name);
    struct boot_ask a = {.name = name, .count = count};
    a.what = parts ? BOOT_PART : BOOT_TIE;
    ask_at_once(&a);
}

void ties_make(const struct comm *c, enum ties_side side)
{
    struct jobs far = {NULL, 0};
    int64_t count;
    if (side == TIES_THEIRS || (side == TIES_LOW && !c->low))
        return;
    bool tells = speaks(c->group, &count) && side == TIES_LOW;
    if (jobs_add(&far, c->peers))
        for (int i = 0; i < far.count; i++) {
            if (!process_is_foreign(far.first[i]))
                continue;
            ++*process_ties(far.first[i]);
            if (tells)
                tell(false, far.first[i], count);
        }
    free(far.first);
}

static bool has_any(const struct group *g, const struct process_job *j)
{
    for (int r = 0; g->foreign && r < g->size; r++)
        if ((unsigned)(group_proc(g, r) - j->first) < (unsigned)j->size)
            return true;
    return false;
}

/* Is this process in another communicator with any of that job? */
static bool is_elsewhere(const struct comm *c, int first)
{
    int rank;
    const struct process_job *j = process_job_of(first, &rank);
    const struct comm *o = NULL;
    while ((o = obj_next(OBJ_COMM, o)) != NULL)
        if (o != c && !o->inner && !o->freed && (has_any(o->group, j) || has_any(o->peers, j)))
            return true;
    return false;
}

/* What each job of the local group drops of each job, from the ties that its processes have. */
static int drops_add(const struct comm *c, struct comm *local, const struct jobs *all, int64_t *mine, int64_t *sum)
{
    int64_t *row = mine + (size_t)jobs_find(all, 0) * (size_t)all->count;
    for (int i = 0; i < all->count; i++)
        if (process_is_foreign(all->first[i]) && !is_elsewhere(c, all->first[i]))
            row[i] = *process_ties(all->first[i]);
    return mpi_allreduce(mine, sum, (MPI_Count)all->count * all->count, datatype_of(MPI_INT64_T), op_of(MPI_SUM),
                         local);
}

static void drop(const struct comm *c, const struct jobs *all, const int64_t *mine, const int64_t *sum)
{
    size_t own = (size_t)jobs_find(all, 0) * (size_t)all->count;
    int64_t count;
    bool tells = speaks(c->group, &count);
    for (int i = 0; i < all->count; i++) {
        *process_ties(all->first[i]) -= mine[own + (size_t)i];
        if (tells && sum[own + (size_t)i] > 0)
            tell(true, all->first[i], sum[own + (size_t)i]);
    }
}

/* Once all of both groups are here. A collective over two groups waits for the other one alone. */
static int leave(struct comm *c, const struct jobs *all, int64_t *mine)
{
    struct comm *local = c->inter ? comm_local(c) : c;
    int64_t *sum = mine + (size_t)all->count * (size_t)all->count;
    int rc = local ? drops_add(c, local, all, mine, sum) : MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS)
        return rc;
    drop(c, all, mine, sum);
    rc = mpi_barrier(local);
    return rc == MPI_SUCCESS && c->inter ? mpi_barrier(c) : rc;
}

void ties_leave(struct comm *c)
{
    struct jobs all = {NULL, 0};
    int64_t *mine = NULL;
    if (mpi_barrier(c) != MPI_SUCCESS)
        return;
    if (jobs_add(&all, c->group) && jobs_add(&all, c->peers))
        mine = calloc(2 * (size_t)all.count * (size_t)all.count, sizeof *mine);
    if (mine)
        leave(c, &all, mine);
    free(mine);
    free(all.first);
}
