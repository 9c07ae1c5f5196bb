/* SPDX-License-Identifier: BSD-3-Clause
 *
 * transfers: life of accesses behind requests. */
#include "lib/io/transfers.h"
#include <stdlib.h>
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/request/progress.h"

struct transfer_request {
    struct request head;
    struct transfer *transfer;
};
REQUEST_FITS(struct transfer_request);

static struct transfer *transfer_of(const struct request *r)
{
    return ((const struct transfer_request *)r)->transfer;
}

static int query(struct request *r, MPI_Status *s)
{
    status_set(s, MPI_ANY_SOURCE, MPI_ANY_TAG, r->bytes, false);
    return MPI_SUCCESS;
}

static int release(struct request *r)
{
    struct transfer *t = transfer_of(r);
    if (t->file)
        TAILQ_REMOVE(&t->file->transfers, t, link);
    access_drop(&t->access);
    datatype_unref(t->type);
    free(t);
    return MPI_SUCCESS;
}

/* The error is the file's, not a communicator's. */
static void explain(const struct request *r)
{
    struct transfer *t = transfer_of(r);
    lib.error_on = t->file ? &t->file->obj : &file_null.obj;
    if (t->file && t->access.error != 0)
        access_end(&t->access, MPI_STATUS_IGNORE);
    else if (t->file && t->access.converted != MPI_SUCCESS)
        error_detail_set(r->error, "what was read from %.200s could not be converted", t->file->name);
    else if (t->file)
        error_detail_set(r->error, "a collective access of file %.200s failed", t->file->name);
}

static const struct request_ops ops = {.query = query, .release = release, .explain = explain};

struct transfer *transfer_new(const struct access *a)
{
    struct transfer *t = calloc(1, sizeof *t);
    struct request *r = t ? request_new(REQ_FILE, &ops, NULL) : NULL;
    if (!r) {
        free(t);
        return NULL;
    }
    r->owns = true;
    r->bytes = 0;
    ((struct transfer_request *)r)->transfer = t;
    t->request = r;
    t->access = *a;
    t->file = a->file;
    t->type = datatype_ref((struct datatype *)(uintptr_t)a->user.type);
    TAILQ_INSERT_TAIL(&t->file->transfers, t, link);
    t->file->under_way++;
    return t;
}

void transfer_drop(struct transfer *t)
{
    t->file->under_way--;
    request_free(t->request);
}

void transfer_complete(struct transfer *t, int rc)
{
    t->file->under_way--;
    t->request->bytes = access_bytes(&t->access);
    request_complete(t->request, rc);
}

static void run(struct job *j)
{
    struct transfer *t = (struct transfer *)((char *)j - offsetof(struct transfer, job));
    transfer_run(&t->access);
}

static void ended(struct job *j)
{
    struct transfer *t = (struct transfer *)((char *)j - offsetof(struct transfer, job));
    transfer_complete(t, access_end(&t->access, MPI_STATUS_IGNORE));
}

int transfer_begin(struct transfer *t, struct request **out)
{
    t->job = (struct job){.run = run, .ended = ended};
    t->access.locks = t->file->comm->size > 1;
    int rc = worker_submit(&t->job);
    if (rc != MPI_SUCCESS)
        transfer_drop(t);
    else
        *out = t->request;
    return rc;
}

static bool none_under_way(const void *arg)
{
    return ((const struct file *)arg)->under_way == 0;
}

void transfers_await(struct file *f)
{
    struct waiter w = {.ready = none_under_way, .arg = f, .comm = f->comm};
    while (!none_under_way(f))
        progress_wait(&w, NULL);
}

void transfers_forget(struct file *f)
{
    struct transfer *t;
    while ((t = TAILQ_FIRST(&f->transfers)) != NULL) {
        TAILQ_REMOVE(&f->transfers, t, link);
        t->file = NULL;
    }
}
