/* SPDX-License-Identifier: BSD-3-Clause
 *
 * request: life of requests, and statuses. */
#include "lib/request/request.h"
#include <string.h>
#include "lib/core/state.h"
#include "lib/request/progress.h"

struct request *request_sent;

int request_init(void)
{
    if (!(request_sent = request_new(REQ_SEND, NULL, NULL)))
        return MPI_ERR_NO_MEM;
    request_sent->complete = true;
    return MPI_SUCCESS;
}

void request_fini(void)
{
    obj_free(&request_sent->obj);
    request_sent = NULL;
}

int request_free(struct request *r)
{
    if (r == request_sent)
        return MPI_SUCCESS;
    int rc = r->ops && r->ops->release ? r->ops->release(r) : MPI_SUCCESS;
    request_drop_uses(r);
    obj_free(&r->obj);
    return rc;
}

MPI_Count status_bytes(const MPI_Status *s)
{
    MPI_Count n;
    memcpy(&n, &s->MPI_internal[0], sizeof n);
    return n;
}

void status_empty(MPI_Status *s)
{
    status_set(s, MPI_ANY_SOURCE, MPI_ANY_TAG, 0, false);
    if (s != MPI_STATUS_IGNORE)
        s->MPI_ERROR = MPI_SUCCESS;
}

void request_status(const struct request *r, MPI_Status *s)
{
    if (s == MPI_STATUS_IGNORE)
        return;
    if (r->type == REQ_RECV)
        status_set(s, r->source, r->status_tag, r->bytes, r->cancelled);
    else
        status_set(s, MPI_ANY_SOURCE, MPI_ANY_TAG, 0, r->cancelled);
}

int request_finish_slow(struct request *r, MPI_Request *handle, MPI_Status *status)
{
    int error = r->error;
    if (r->ops && r->ops->query) {
        MPI_Status own;
        int rc = r->ops->query(r);
        error = rc != MPI_SUCCESS ? rc : error;
        if (status != MPI_STATUS_IGNORE) {
            memcpy(&own, r->extra, sizeof own); /* a generalized request begins with its status */
            own.MPI_ERROR = status->MPI_ERROR;
            *status = own;
        }
    } else {
        request_status(r, status);
    }
    if (UNLIKELY(error != MPI_SUCCESS) && r->comm)
        lib.error_on = &r->comm->obj;
    if (r->persistent) {
        r->active = false;
        return error;
    }
    int rc = request_free(r);
    if (handle)
        *handle = MPI_REQUEST_NULL;
    return error != MPI_SUCCESS ? error : rc;
}

void request_await_slow(const struct request *r)
{
    struct waiter w = {0};
    while (!r->complete)
        progress_wait(&w, r);
}

int request_wait(struct request *r, MPI_Status *status)
{
    request_await(r);
    return request_finish(r, NULL, status);
}
