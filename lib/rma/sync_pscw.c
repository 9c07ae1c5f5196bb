/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sync_pscw: post, start, complete, wait: each counts in the memory of the other one, or has him count, who compares
 * that with what he has seen. */
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/nodemem/nodemem.h"
#include "lib/request/progress.h"
#include "lib/rma/epoch.h"
#include "lib/rma/far.h"
#include "lib/rma/far_remote.h"

enum { POST_ASSERTS = MPI_MODE_NOCHECK | MPI_MODE_NOSTORE | MPI_MODE_NOPUT };

/* The members of a group of the window, one after the other. */
static int target_at(struct win *w, const struct group *g, int i, struct target **t)
{
    int rank = group_rank_of(w->comm->group, group_proc(g, i));
    if (rank == MPI_UNDEFINED) {
        error_detail_set(MPI_ERR_GROUP, "a process of the group is not in the window");
        return MPI_ERR_GROUP;
    }
    return target_get(w, rank, t);
}

/* All of them are made, so that what follows cannot fail. */
static int targets_make(struct win *w, const struct group *g)
{
    struct target *t;
    int rc = MPI_SUCCESS;
    for (int i = 0; i < g->size && rc == MPI_SUCCESS; i++)
        rc = target_at(w, g, i, &t);
    return rc;
}

/* Release: what was stored or put before. The instruction is a fence for the look whether he sleeps, too. */
static void count_up(_Atomic uint32_t *at, const struct target *t)
{
    atomic_fetch_add_explicit(at, 1, memory_order_seq_cst);
    if (nodemem_active)
        doorbell_wake_rank(t->local);
}

/* What t has told this rank. */
static struct control_pair *pair_of(struct win *w, struct target *t)
{
    return t->far ? &t->far->pair : control_pair(w->control, w->node->rank, t->member);
}

struct await {
    const _Atomic uint32_t *at;
    uint32_t seen;
    int proc;
};

static bool has_come(const void *arg)
{
    const struct await *a = arg;
    return atomic_load_explicit(a->at, memory_order_acquire) != a->seen;
}

static void describe(const void *arg, struct trace_wait *t)
{
    t->peer = ((const struct await *)arg)->proc;
}

static int await(const struct win *w, const struct await *a)
{
    struct waiter wait = {.ready = has_come, .arg = a, .comm = w->comm, .describe = describe};
    int rc = MPI_SUCCESS;
    while (!has_come(a) && (rc = epoch_alive(w, a->proc)) == MPI_SUCCESS)
        progress_wait(&wait, NULL);
    progress_give_up(&wait);
    return rc;
}

/* Of one that has ended MPI_Win_wait tells. */
static int post_one(struct win *w, struct target *t)
{
    int rc = MPI_SUCCESS;
    if (t->far)
        rc = far_post(t);
    else
        count_up(&control_pair(w->control, t->member, w->node->rank)->posts, t);
    return rc == MPI_ERR_PROC_ABORTED ? MPI_SUCCESS : rc;
}

int mpi_win_post(struct group *group, int assert, struct win *w)
{
    struct target *t;
    if (assert & ~POST_ASSERTS)
        return MPI_ERR_ASSERT;
    if (w->posted)
        return epoch_wrong("MPI_Win_post while the window is posted");
    if (w->access == ACCESS_FENCE && !epoch_is_free(w))
        return epoch_wrong("MPI_Win_post within an epoch of MPI_Win_fence");
    int rc = targets_make(w, group);
    for (int i = 0; i < group->size && rc == MPI_SUCCESS; i++)
        if ((rc = target_at(w, group, i, &t)) == MPI_SUCCESS)
            rc = post_one(w, t);
    if (rc == MPI_SUCCESS)
        w->posted = group_ref(group);
    return rc;
}

int mpi_win_start(struct group *group, int assert, struct win *w)
{
    struct target *t;
    if (assert & ~MPI_MODE_NOCHECK)
        return MPI_ERR_ASSERT;
    if (!epoch_is_free(w))
        return epoch_wrong("MPI_Win_start within another epoch");
    int rc = targets_make(w, group);
    for (int i = 0; i < group->size && rc == MPI_SUCCESS; i++) {
        if ((rc = target_at(w, group, i, &t)) != MPI_SUCCESS)
            break;
        struct control_pair *p = pair_of(w, t);
        if (!(assert &MPI_MODE_NOCHECK))
            rc = await(w, &(struct await){&p->posts, p->started, t->proc});
        if (rc != MPI_SUCCESS)
            break;
        p->started++;
        t->entered = true;
    }
    if (rc != MPI_SUCCESS)
        return rc;
    w->started = group_ref(group);
    w->access = ACCESS_START;
    return MPI_SUCCESS;
}

static int complete_one(struct win *w, struct target *t)
{
    t->entered = false;
    if (t->far)
        return far_complete(t);
    count_up(&control_pair(w->control, t->member, w->node->rank)->completes, t);
    return MPI_SUCCESS;
}

/* All are told, whatever becomes of one; the first error counts. */
int mpi_win_complete(struct win *w)
{
    struct target *t;
    int rc = MPI_SUCCESS, error;
    if (w->access != ACCESS_START)
        return epoch_wrong("MPI_Win_complete without MPI_Win_start");
    for (int i = 0; w->message && i < w->started->size; i++)
        if (target_at(w, w->started, i, &t) == MPI_SUCCESS && t->far)
            far_remote_fence(t);
    for (int i = 0; i < w->started->size; i++) {
        error = target_at(w, w->started, i, &t) == MPI_SUCCESS ? complete_one(w, t) : MPI_SUCCESS;
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    for (int i = 0; w->message && i < w->started->size; i++) {
        error = target_at(w, w->started, i, &t) == MPI_SUCCESS && t->far ? far_completed(t) : MPI_SUCCESS;
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    group_unref(w->started);
    w->started = NULL;
    w->access = ACCESS_NONE;
    return rc;
}

static struct control_pair *posted_pair(struct win *w, int i, int *proc)
{
    struct target *t;
    if (target_at(w, w->posted, i, &t) != MPI_SUCCESS)
        return NULL;
    *proc = t->proc;
    return pair_of(w, t);
}

static void posted_end(struct win *w)
{
    int proc;
    for (int i = 0; i < w->posted->size; i++)
        posted_pair(w, i, &proc)->waited++;
    group_unref(w->posted);
    w->posted = NULL;
}

int mpi_win_wait(struct win *w)
{
    int rc = MPI_SUCCESS, proc = -1;
    if (!w->posted)
        return epoch_wrong("MPI_Win_wait without MPI_Win_post");
    for (int i = 0; i < w->posted->size && rc == MPI_SUCCESS; i++) {
        struct control_pair *p = posted_pair(w, i, &proc);
        rc = await(w, &(struct await){&p->completes, p->waited, proc});
    }
    if (rc == MPI_SUCCESS)
        posted_end(w);
    return rc;
}

int mpi_win_test(struct win *w, int *flag)
{
    int proc, rc = MPI_SUCCESS;
    if (!w->posted)
        return epoch_wrong("MPI_Win_test without MPI_Win_post");
    *flag = 0;
    progress_poll();
    for (int i = 0; i < w->posted->size; i++) {
        struct control_pair *p = posted_pair(w, i, &proc);
        struct await a = {&p->completes, p->waited, proc};
        if (!has_come(&a))
            rc = epoch_alive(w, proc);
        if (!has_come(&a) || rc != MPI_SUCCESS)
            return rc;
    }
    *flag = 1;
    posted_end(w);
    return MPI_SUCCESS;
}
