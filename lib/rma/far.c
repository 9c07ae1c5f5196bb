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

int far_enter(struct target *t)
{
    struct win *w = t->w;
    int rc = UNLIKELY(t->far->known != FAR_TOLD) ? ask(t) : MPI_SUCCESS;
    if (rc == MPI_SUCCESS && w->access == ACCESS_LOCK_ALL && !w->unchecked && UNLIKELY(!t->lock)) {
        rc = far_lock(t, false);
        if (rc == MPI_SUCCESS)
            t->lock = TARGET_SHARED;
    }
    return rc;
}

static void list(struct far *f)
{
    if (!f->listed)
        TAILQ_INSERT_TAIL(&f->t->w->message->dirty, f, in_dirty);
    f->listed = true;
}

void far_soil(struct target *t)
{
    t->far->dirty = true;
    list(t->far);
}

static void clean(struct far *f)
{
    f->dirty = false;
    if (f->listed && !(f->t->lock && f->t->w->access == ACCESS_LOCK_ALL)) {
        TAILQ_REMOVE(&f->t->w->message->dirty, f, in_dirty);
        f->listed = false;
    }
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
        list(f);
    return rc;
}

static int sync_begin(struct target *t, enum message_sync what)
{
    int rc = say(t, MESSAGE_SYNC, what);
    if (rc == MPI_SUCCESS)
        t->far->syncs++;
    return rc;
}

static bool is_over(const void *arg)
{
    const struct far *f = arg;
    return f->syncs == 0 && f->pending == 0;
}

static int sync_end(struct target *t)
{
    struct far *f = t->far;
    int rc = far_wait(t, is_over, f);
    if (rc == MPI_SUCCESS)
        rc = far_error(t, f->failure);
    else
        f->syncs = 0;
    f->failure.class = MPI_SUCCESS;
    clean(f);
    return rc;
}

static int sync(struct target *t, enum message_sync what)
{
    int rc = sync_begin(t, what);
    return rc == MPI_SUCCESS ? sync_end(t) : rc;
}

int far_unlock(struct target *t, bool exclusive)
{
    (void)exclusive; /* the other side knows */
    return sync(t, SYNC_UNLOCK);
}

int far_flush(struct target *t)
{
    return t->far->dirty ? sync(t, SYNC_FLUSH) : MPI_SUCCESS;
}

static bool is_local(const void *arg)
{
    return ((const struct far *)arg)->pending == 0;
}

int far_flush_local(struct target *t)
{
    return far_wait(t, is_local, t->far);
}

int far_flush_local_all(struct win *w)
{
    struct far *f;
    int rc = MPI_SUCCESS;
    if (!w->message)
        return rc;
    TAILQ_FOREACH(f, &w->message->dirty, in_dirty)
    if (rc == MPI_SUCCESS)
        rc = far_flush_local(f->t);
    return rc;
}

/* All are asked first, and then waited for. The first error counts; all are waited for. */
static int sync_all(struct win *w, bool unlock)
{
    struct far *f, *next;
    int rc = MPI_SUCCESS;
    if (!w->message)
        return rc;
    TAILQ_FOREACH(f, &w->message->dirty, in_dirty)
    {
        bool locked = unlock && f->t->lock;
        int error = locked || f->dirty ? sync_begin(f->t, locked ? SYNC_UNLOCK : SYNC_FLUSH) : MPI_SUCCESS;
        if (locked)
            f->t->lock = 0;
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    for (f = TAILQ_FIRST(&w->message->dirty); f; f = next) {
        next = TAILQ_NEXT(f, in_dirty);
        int error = sync_end(f->t);
        rc = rc == MPI_SUCCESS ? error : rc;
    }
    return rc;
}

int far_flush_all(struct win *w)
{
    return sync_all(w, false);
}

int far_unlock_all(struct win *w)
{
    return sync_all(w, true);
}

int far_post(struct target *t)
{
    return say(t, MESSAGE_POST, 0);
}

int far_complete(struct target *t)
{
    return sync_begin(t, SYNC_COMPLETE);
}

int far_completed(struct target *t)
{
    return sync_end(t);
}
