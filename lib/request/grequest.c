/* SPDX-License-Identifier: BSD-3-Clause
 *
 * grequest: generalized requests. */
#include "lib/bindings/impl.h"
#include "lib/core/state.h"
#include "lib/request/request.h"

struct general {
    struct request head;
    MPI_Grequest_query_function *query;
    MPI_Grequest_free_function *free;
    MPI_Grequest_cancel_function *cancel;
    void *extra;
};
REQUEST_FITS(struct general);

static int query(struct request *r, MPI_Status *s)
{
    struct general *g = (struct general *)r;
    struct callback_state callback = callback_begin();
    int rc = g->query(g->extra, s);
    callback_end(callback);
    return rc;
}

static int release(struct request *r)
{
    struct general *g = (struct general *)r;
    struct callback_state callback = callback_begin();
    int rc = g->free(g->extra);
    callback_end(callback);
    return rc;
}

static int cancel(struct request *r)
{
    struct general *g = (struct general *)r;
    bool complete = r->complete;
    struct callback_state callback = callback_begin();
    int rc = g->cancel(g->extra, complete);
    callback_end(callback);
    return rc;
}

static const struct request_ops ops = {.query = query, .release = release, .cancel = cancel};

int mpi_grequest_start(MPI_Grequest_query_function *query_fn, MPI_Grequest_free_function *free_fn,
                       MPI_Grequest_cancel_function *cancel_fn, void *extra_state, MPI_Request *request)
{
    if (!query_fn || !free_fn || !cancel_fn)
        return MPI_ERR_ARG;
    struct request *r = request_new(REQ_GENERAL, &ops, NULL);
    if (!r)
        return MPI_ERR_NO_MEM;
    struct general *g = (struct general *)r;
    r->owns = true;
    g->query = query_fn;
    g->free = free_fn;
    g->cancel = cancel_fn;
    g->extra = extra_state;
    *request = request_handle(r);
    return MPI_SUCCESS;
}

int mpi_grequest_complete(struct request *request)
{
    if (request->ops != &ops || request->complete)
        return MPI_ERR_REQUEST;
    request_complete(request, MPI_SUCCESS);
    return MPI_SUCCESS;
}
