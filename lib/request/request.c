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
    static const struct request_ops none;
    if (!(request_sent = request_new(REQ_SEND, &none, NULL)))
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
    int rc = UNLIKELY(r->owns) ? r->ops->release(r) : MPI_SUCCESS;
    request_drop_comm(r);
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

int request_status(struct request *r, MPI_Status *s)
{
    if (r->ops->query) {
        MPI_Status own;
        status_empty(&own);
        int rc = r->ops->query(r, &own);
        if (s != MPI_STATUS_IGNORE) {
            own.MPI_ERROR = s->MPI_ERROR;
            *s = own;
        }
        return rc;
    }
    if (r->type == REQ_RECV)
        status_set(s, r->source, r->tag, r->bytes, r->cancelled);
    else
        status_set(s, MPI_ANY_SOURCE, MPI_ANY_TAG, 0, r->cancelled);
    return MPI_SUCCESS;
}

int request_finish_slow(struct request *r, MPI_Request *handle, MPI_Status *status)
{
    int rc = request_status(r, status), error = rc != MPI_SUCCESS ? rc : r->error;
    if (UNLIKELY(error != MPI_SUCCESS) && r->comm)
        lib.error_on = &r->comm->obj;
    if (UNLIKELY(error != MPI_SUCCESS) && r->ops->explain)
        r->ops->explain(r);
    if (r->persistent) {
        r->active = false;
        return error;
    }
    rc = request_free(r);
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
