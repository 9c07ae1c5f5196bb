/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far: how this process stands with a rank that is reached by messages: what it knows of it, its lock, and what is to
 * be flushed. */
#include "lib/rma/far.h"
#include <stdlib.h>
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/p2p/failure_sweep.h"
#include "lib/process/finalized.h"
#include "lib/rma/epoch.h"
#include "lib/rma/far_remote.h"
#include "lib/rma/far_type.h"
#include "lib/rma/message.h"

int far_new(struct target *t)
{
    struct peer *p = peer_get(t->proc);
    if (!p || !(p->transport || transport_select(p)))
        return p ? failure_of_peer(p) : MPI_ERR_NO_MEM;
    struct far *f = calloc(1, sizeof *f);
    if (!f)
        return MPI_ERR_NO_MEM;
    f->t = t;
    f->peer = p;
    TAILQ_INIT(&f->jobs);
    t->far = f;
    t->verbs = &target_message;
    return MPI_SUCCESS;
}

void far_free(struct far *f)
{
    if (!f)
        return;
    far_types_free(f->told);
    far_types_free(f->learnt);
    free(f);
}

static int alive(const struct target *t)
{
    int rc = epoch_alive(t->w, t->proc);
    if (rc == MPI_SUCCESS && finalized_stage(t->proc, t->w->comm->session) == FINALIZED)
        rc = finalized_error(t->proc, "this operation on a window");
    return rc;
}

static void describe(const void *arg, struct trace_wait *wait)
{
    (void)arg;
    (void)wait;
}

int far_wait(struct target *t, bool (*ready)(const void *arg), const void *arg)
{
    struct waiter wait = {.ready = ready, .arg = arg, .comm = t->w->comm, .local_only = true, .describe = describe};
    int rc = MPI_SUCCESS;
    while (!ready(arg) && (rc = alive(t)) == MPI_SUCCESS)
        progress_wait(&wait, NULL);
    progress_give_up(&wait);
    return rc;
}

int far_error(const struct target *t, struct far_failure why)
{
    if (why.class == MPI_ERR_RMA_RANGE)
        error_detail_set(why.class, "%lld bytes at %s %lld are not in the window of rank %d", (long long)why.bytes,
                         t->w->flavor == MPI_WIN_FLAVOR_DYNAMIC ? "address" : "offset", (long long)why.at, t->rank);
    else if (why.class == MPI_ERR_PROC_ABORTED && alive(t) != MPI_SUCCESS)
        return alive(t);
    else if (why.class == MPI_ERR_PROC_ABORTED)
        error_detail_set(why.class, "rank %d waits for a process that has ended", t->rank);
    else if (why.class != MPI_SUCCESS)
        error_detail_set(why.class, "so says rank %d", t->rank);
    return why.class;
}

/* A message without data. */
static int say(struct target *t, enum message_kind kind, uint32_t what)
{
    char *data;
    struct message_head h = {.kind = (uint8_t)kind, .what = what};
    int rc = message_room(t, 0, &data);
    if (rc == MPI_SUCCESS)
        message_send(t, &h, 0);
    return rc;
}

static bool is_known(const void *arg)
{
    return ((const struct far *)arg)->known == FAR_TOLD;
}

static int ask(struct target *t)
{
    struct far *f = t->far;
    int rc = f->known == FAR_UNKNOWN ? say(t, MESSAGE_ASK, 0) : MPI_SUCCESS;
    if (rc == MPI_SUCCESS && f->known == FAR_UNKNOWN)
        f->known = FAR_ASKED;
    return rc == MPI_SUCCESS ? far_wait(t, is_known, f) : rc;
}

static bool is_settled(const void *arg)
{
    const struct target *t = arg;
    return t->lock || t->far->grant == FAR_NOT_ASKED;
}

/* In an epoch of lock_all; several threads may come here at once. */
static int lock_lazily(struct target *t)
{
    int rc = far_wait(t, is_settled, t);
    if (rc != MPI_SUCCESS || t->lock)
        return rc;
    rc = far_lock(t, false);
    if (rc == MPI_SUCCESS)
        t->lock = TARGET_SHARED;
    return rc;
}

int far_enter(struct target *t)
{
    struct win *w = t->w;
    int rc = UNLIKELY(t->far->known != FAR_TOLD) ? ask(t) : MPI_SUCCESS;
    if (rc == MPI_SUCCESS && w->access == ACCESS_LOCK_ALL && !w->unchecked && UNLIKELY(!t->lock))
        rc = lock_lazily(t);
    return rc;
}

void far_list(struct far *f)
{
    if (!f->listed)
        TAILQ_INSERT_TAIL(&f->t->w->message->dirty, f, in_dirty);
    f->listed = true;
}

void far_soil(struct target *t)
{
    t->far->dirty = true;
    far_list(t->far);
}

static void unlist(struct far *f)
{
    if (!f->listed || f->dirty || far_remote_is_dirty(f) || (f->t->lock && f->t->w->access == ACCESS_LOCK_ALL))
        return;
    TAILQ_REMOVE(&f->t->w->message->dirty, f, in_dirty);
    f->listed = false;
}

static bool is_answered(const void *arg)
{
    return ((const struct far *)arg)->grant != FAR_AWAITED;
}

int far_lock(struct target *t, bool exclusive)
{
    struct far *f = t->far;
    if (f->grant == FAR_AWAITED)
        return epoch_wrong("another thread locks that target");
    f->grant = FAR_AWAITED;
    int rc = say(t, MESSAGE_LOCK, exclusive ? TARGET_EXCLUSIVE : TARGET_SHARED);
    if (rc == MPI_SUCCESS)
        rc = far_wait(t, is_answered, f);
    bool refused = f->grant == FAR_REFUSED;
    f->grant = FAR_NOT_ASKED;
    if (rc == MPI_SUCCESS && refused)
        rc = far_error(t, f->failure);
    if (refused)
        f->failure.class = MPI_SUCCESS;
    else
        far_list(f);
    return rc;
}

/* One that is asked for; what other threads do meanwhile is theirs to flush. */
struct flush {
    struct far *f;
    uint64_t number;
};

static int flush_begin(struct flush *x, struct target *t, enum message_sync what)
{
    far_remote_fence(t);
    far_remote_settle(t);
    int rc = say(t, MESSAGE_SYNC, what);
    *x = (struct flush){t->far, t->far->asked};
    if (rc == MPI_SUCCESS) {
        x->number = ++t->far->asked;
        t->far->dirty = false;
    }
    return rc;
}

static bool is_flushed(const void *arg)
{
    const struct flush *x = arg;
    return x->f->answered >= x->number;
}

static int flush_end(struct flush *x)
{
    struct far *f = x->f;
    int rc = far_wait(f->t, is_flushed, x);
    if (rc == MPI_SUCCESS)
        rc = far_error(f->t, f->failure);
    f->failure.class = MPI_SUCCESS;
    unlist(f);
    return rc;
}

static int flush(struct target *t, enum message_sync what)
{
    struct flush x;
    int rc = flush_begin(&x, t, what);
    return rc == MPI_SUCCESS ? flush_end(&x) : rc;
}

int far_unlock(struct target *t)
{
    return flush(t, SYNC_UNLOCK);
}

int far_flush(struct target *t)
{
    if (t->far->dirty)
        return flush(t, SYNC_FLUSH);
    far_remote_fence(t);
    far_remote_settle(t);
    return flush_end(&(struct flush){t->far, t->far->asked}); /* what another thread flushes at the moment */
}

static bool is_local(const void *arg)
{
    return ((const struct far *)arg)->pending == 0;
}

int far_flush_local(struct target *t)
{
    int rc = far_wait(t, is_local, t->far);
    if (rc != MPI_SUCCESS)
        far_remote_settle(t);
    return rc;
}

/* Those that there is something to do for, as they are now: other threads may add some. From malloc; *n of them. */
static struct flush *dirty_ones(struct win *w, size_t *n)
{
    struct far *f;
    *n = 0;
    TAILQ_FOREACH(f, &w->message->dirty, in_dirty)
    ++*n;
    struct flush *all = malloc((*n ? *n : 1) * sizeof *all), *x = all;
    if (!all)
        return NULL;
    TAILQ_FOREACH(f, &w->message->dirty, in_dirty)
    *x++ = (struct flush){f, f->asked};
    return all;
}

int far_flush_local_all(struct win *w)
{
    size_t n;
    struct flush *all = w->message ? dirty_ones(w, &n) : NULL;
    int rc = w->message && !all ? MPI_ERR_NO_MEM : MPI_SUCCESS;
    for (size_t i = 0; all && i < n && rc == MPI_SUCCESS; i++)
        rc = far_flush_local(all[i].f->t);
    free(all);
    return rc;
}

/* All are asked first, and then waited for. The first error counts. */
static int flush_all(struct win *w, bool unlock)
{
    size_t n;
    struct flush *all = w->message ? dirty_ones(w, &n) : NULL;
    int rc = w->message && !all ? MPI_ERR_NO_MEM : MPI_SUCCESS, error;
    for (size_t i = 0; all && i < n; i++)
        far_remote_fence(all[i].f->t);
    for (size_t i = 0; all && i < n; i++) {
        struct target *t = all[i].f->t;
        bool locked = unlock && t->lock;
        far_remote_settle(t);
        if (!locked && !all[i].f->dirty)
            continue;
        error = flush_begin(&all[i], t, locked ? SYNC_UNLOCK : SYNC_FLUSH);
        t->lock = locked ? 0 : t->lock;
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    for (size_t i = 0; all && i < n; i++) {
        error = flush_end(&all[i]);
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    free(all);
    return rc;
}

int far_flush_all(struct win *w)
{
    return flush_all(w, false);
}

int far_unlock_all(struct win *w)
{
    return flush_all(w, true);
}

int far_post(struct target *t)
{
    return say(t, MESSAGE_POST, 0);
}

int far_complete(struct target *t)
{
    struct flush x;
    return flush_begin(&x, t, SYNC_COMPLETE);
}

int far_completed(struct target *t)
{
    return flush_end(&(struct flush){t->far, t->far->asked});
}
