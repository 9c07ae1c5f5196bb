/* SPDX-License-Identifier: BSD-3-Clause
 *
 * collective: life of collective accesses. */
#include "lib/io/collective.h"
#include "lib/core/error.h"
#include "lib/core/state.h"

struct collective {
    struct access *access;
    bool waits;
    bool begun, over; /* its job */
    struct job job;
};

static void run(struct job *j)
{
    struct collective *c = (struct collective *)((char *)j - offsetof(struct collective, job));
    transfer_run(c->access);
}

static void ended(struct job *j)
{
    struct collective *c = (struct collective *)((char *)j - offsetof(struct collective, job));
    c->over = true;
}

/* Who waits may be kept waiting; else the worker is. */
static int job_begin(struct collective *c)
{
    c->begun = true;
    c->job = (struct job){.run = run, .ended = ended};
    if (!c->waits)
        return worker_submit(&c->job);
    struct callback_state callback = callback_begin();
    run(&c->job);
    callback_end(callback);
    c->over = true;
    return MPI_SUCCESS;
}

static bool move(struct sched *s, void *arg)
{
    struct collective *c = arg;
    int rc = c->begun ? MPI_SUCCESS : job_begin(c);
    sched_fail(s, rc);
    if (c->over)
        sched_fail(s, access_end(c->access, MPI_STATUS_IGNORE));
    return rc != MPI_SUCCESS || c->over;
}

struct sched *collective_new(struct access *a, int error, bool waits)
{
    struct sched *s = sched_new(a->file->comm);
    struct collective *c = s ? sched_temp(s, sizeof *c) : NULL;
    if (!c) {
        sched_free(s);
        return NULL;
    }
    *c = (struct collective){.access = a, .waits = waits};
    if (error == MPI_SUCCESS)
        sched_call(s, move, c);
    return s;
}

static void schedule_completed(struct counter *counter)
{
    struct transfer *t = (struct transfer *)((char *)counter - offsetof(struct transfer, counter));
    int rc = t->schedule->error;
    request_free(t->schedule);
    transfer_complete(t, rc);
}

int collective_begin(struct access *a, int error, struct transfer **out)
{
    struct transfer *t = transfer_new(a);
    if (!t)
        access_drop(a);
    struct sched *s = t ? collective_new(&t->access, error, false) : NULL;
    int rc = s ? sched_start(s, &t->schedule) : MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS) {
        if (t)
            transfer_drop(t);
        return error != MPI_SUCCESS ? error : rc;
    }
    t->counter = (struct counter){.completed = schedule_completed, .request = t->request};
    counter_begin(&t->counter);
    counter_add(&t->counter, t->schedule);
    t->request->orphan = error != MPI_SUCCESS;
    if (counter_end(&t->counter))
        schedule_completed(&t->counter);
    if (error == MPI_SUCCESS)
        *out = t;
    return error;
}

int collective_run(struct access *a, int error, MPI_Status *status)
{
    struct sched *s = collective_new(a, error, true);
    int rc = s ? sched_run(s) : MPI_ERR_NO_MEM;
    access_drop(a); /* if it has not come to its end */
    if (error != MPI_SUCCESS)
        return error;
    status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, access_bytes(a), false);
    return rc;
}

int collective_check(const struct file *f)
{
    if (!f->split)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_IO, "a split collective has begun on file %.200s, and has not ended", f->name);
    return MPI_ERR_IO;
}
