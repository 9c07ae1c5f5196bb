/* SPDX-License-Identifier: BSD-3-Clause
 *
 * request: life of requests, and statuses. */
#include "lib/p2p/request.h"
#include <string.h>
#include "lib/core/state.h"
#include "lib/p2p/match.h"

struct request *request_new(enum request_type type, struct comm *comm, struct datatype *t)
{
    struct request *r = obj_new_raw(OBJ_REQUEST, sizeof *r);
    if (UNLIKELY(!r))
        return NULL;
    struct obj head = r->obj;
    memset(r, 0, offsetof(struct request, link));
    r->obj = head;
    r->extra = NULL;
    r->peer = NULL;
    r->moved = 0;
    r->type = (uint8_t)type;
    r->active = true;
    r->comm = comm;
    r->datatype = t;
    if (comm)
        comm->obj.refs++;
    if (t)
        t->obj.refs++;
    return r;
}

/* One for all sends that were over at once: it never changes, and freeing it does nothing. */
static struct request *sent;

int request_free(struct request *r)
{
    if (r == sent)
        return MPI_SUCCESS;
    int rc = r->ops && r->ops->release ? r->ops->release(r) : MPI_SUCCESS;
    if (r->datatype)
        datatype_unref(r->datatype);
    if (r->comm)
        comm_unref(r->comm);
    obj_free(&r->obj);
    return rc;
}

void request_complete(struct request *r, int error)
{
    r->error = error;
    r->complete = true;
    if (UNLIKELY(r->orphan))
        request_free(r);
}

struct request *request_sent(void)
{
    if (UNLIKELY(!sent) && (sent = request_new(REQ_SEND, NULL, NULL)) != NULL) {
        sent->source = MPI_ANY_SOURCE;
        sent->status_tag = MPI_ANY_TAG;
        sent->complete = true;
    }
    return sent;
}

/* MPI_internal: bytes in [0..1], cancelled in [2]. */
MPI_Count status_bytes(const MPI_Status *s)
{
    MPI_Count n;
    memcpy(&n, &s->MPI_internal[0], sizeof n);
    return n;
}

void status_set_bytes(MPI_Status *s, MPI_Count bytes)
{
    memcpy(&s->MPI_internal[0], &bytes, sizeof bytes);
}

void status_set(MPI_Status *s, int source, int tag, MPI_Count bytes, bool cancelled)
{
    if (s == MPI_STATUS_IGNORE)
        return;
    s->MPI_SOURCE = source;
    s->MPI_TAG = tag;
    status_set_bytes(s, bytes);
    s->MPI_internal[2] = cancelled;
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

int request_finish(struct request *r, MPI_Request *handle, MPI_Status *status)
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

int request_wait(struct request *r, MPI_Status *status)
{
    struct waiter w = {0};
    while (!r->complete)
        progress_wait(&w, r);
    return request_finish(r, NULL, status);
}
