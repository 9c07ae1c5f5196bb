/* SPDX-License-Identifier: BSD-3-Clause
 *
 * collective: life of collective accesses. */
#include "lib/io/collective.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/io/two_phase.h"

static void ended(struct job *j)
{
    struct collective *c = (struct collective *)((char *)j - offsetof(struct collective, job));
    c->over = true;
}

static int job_begin(struct collective *c, void (*run)(struct job *j))
{
    c->begun = true;
    c->over = c->waits;
    c->job = (struct job){.run = run, .ended = ended};
    if (!c->waits)
        return worker_submit(&c->job);
    struct callback_state callback = callback_begin();
    run(&c->job);
    callback_end(callback);
    return MPI_SUCCESS;
}

bool collective_job(struct sched *s, struct collective *c, void (*run)(struct job *j))
{
    int rc = c->begun ? MPI_SUCCESS : job_begin(c, run);
    sched_fail(s, rc);
    if (rc == MPI_SUCCESS && !c->over)
        return false;
    c->begun = false;
    return true;
}

/* As of a collective of its own, so that its messages meet no others. */
static int tag_of(struct comm *c)
{
    return (int)(c->coll_seq++ & 0x3fffffff);
}

static struct sched *collective_new(struct access *a, bool waits)
{
    struct sched *s = sched_new(a->file->comm);
    struct collective *c = s ? sched_temp(s, sizeof *c) : NULL;
    if (!c) {
        sched_free(s);
        return NULL;
    }
    *c = (struct collective){.access = a, .waits = waits};
    c->header_tag = tag_of(a->file->comm);
    c->data_tag = tag_of(a->file->comm);
    plan_add(s, c);
    return s;
}

static void schedule_completed(struct counter *counter)
{
    struct transfer *t = (struct transfer *)((char *)counter - offsetof(struct transfer, counter));
    int rc = t->schedule->error, own = access_end(&t->access, MPI_STATUS_IGNORE);
    request_free(t->schedule);
    transfer_complete(t, rc != MPI_SUCCESS ? rc : own);
}

int collective_begin(struct access *a, int error, struct transfer **out)
{
    struct transfer *t = transfer_new(a);
    if (!t)
        access_drop(a);
    struct sched *s = t ? collective_new(&t->access, false) : NULL;
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
    struct sched *s = collective_new(a, true);
    int rc = s ? sched_run(s) : MPI_ERR_NO_MEM;
    if (error != MPI_SUCCESS) {
        access_drop(a);
        return error;
    }
    int own = access_end(a, status);
    if (rc != MPI_SUCCESS && own == MPI_SUCCESS && rc != MPI_ERR_PROC_ABORTED)
        error_detail_set(rc, "it failed on another rank, of file %.200s", a->file->name);
    return rc;
}

int collective_check(const struct file *f)
{
    if (!f->split)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_IO, "a split collective has begun on file %.200s, and has not ended", f->name);
    return MPI_ERR_IO;
}
