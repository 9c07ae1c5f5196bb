/* SPDX-License-Identifier: BSD-3-Clause
 *
 * wait: MPI_Wait, MPI_Test and their kin. A null or inactive request is complete and empty. */
#include <stdio.h>
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/request/counter.h"
#include "lib/request/progress.h"
#include "lib/transport/transport.h"

/* The request of a handle; NULL if there is nothing to wait for. *bad: not a request. */
ALWAYS_INLINE struct request *live(MPI_Request h, bool *bad)
{
    struct request *r = request_of(h);
    if (r ? r->orphan : h != MPI_REQUEST_NULL)
        *bad = true;
    return r && r->active ? r : NULL;
}

static bool poll_until(const struct request *r)
{
    if (r->complete)
        return true;
    progress_poll();
    return r->complete;
}

static void in_vain(const struct request *r)
{
    progress_missed(r, NULL, NULL);
    lib_yield();
}

static int no_request(const char *name, int i)
{
    if (i < 0)
        error_detail_set(MPI_ERR_REQUEST, "%s is complete, has been freed, or is not a request", name);
    else
        error_detail_set(MPI_ERR_REQUEST, "%s[%d] is complete, has been freed, or is not a request", name, i);
    return MPI_ERR_REQUEST;
}

int mpi_wait(MPI_Request *request, MPI_Status *status)
{
    transport_push();
    bool bad = false;
    struct request *r = live(*request, &bad);
    if (bad)
        return no_request("request", -1);
    if (!r) {
        status_empty(status);
        return MPI_SUCCESS;
    }
    request_await(r);
    return request_finish(r, request, status);
}

int mpi_test(MPI_Request *request, int *flag, MPI_Status *status)
{
    transport_push();
    bool bad = false;
    struct request *r = live(*request, &bad);
    if (bad)
        return no_request("request", -1);
    *flag = !r || poll_until(r);
    if (!r) {
        status_empty(status);
    } else if (*flag) {
        progress_hit();
        return request_finish(r, request, status);
    } else {
        in_vain(r);
    }
    return MPI_SUCCESS;
}

/* The request of a handle that the user has not freed; NULL if it is none. */
static struct request *user_request(MPI_Request h)
{
    struct request *r = request_of(h);
    return r && !r->orphan ? r : NULL;
}

/* Are the handles requests at all? And who looks at them sees to it that sends have gone. */
static int check(int count, const MPI_Request *h)
{
    transport_push();
    if (count > 0 && !h)
        return MPI_ERR_ARG;
    for (int i = 0; i < count; i++)
        if (h[i] != MPI_REQUEST_NULL && !user_request(h[i]))
            return no_request("array_of_requests", i);
    return MPI_SUCCESS;
}

ALWAYS_INLINE struct request *active_of(MPI_Request h)
{
    struct request *r = request_of(h);
    return r && r->active ? r : NULL;
}

/* What the first one that fails says, is what MPI_ERR_IN_STATUS says. */
static int in_status(int rc, int which, int error)
{
    static char first[448]; /* what others say meanwhile is noted, too */
    if (rc == MPI_SUCCESS) {
        char why[400];
        error_line(error, why, sizeof why);
        snprintf(first, sizeof first, "request %d: %s", which, why);
    }
    error_detail_set(MPI_ERR_IN_STATUS, "%s", first);
    return MPI_ERR_IN_STATUS;
}

/* One after the other is waited for and finished; statuses and errors as the standard wants them. */
static int finish_with(int count, MPI_Request *h, MPI_Status *statuses)
{
    int rc = MPI_SUCCESS;
    for (int i = 0; i < count; i++) {
        struct request *r = active_of(h[i]);
        status_empty(&statuses[i]);
        if (!r)
            continue;
        request_await(r);
        int error = request_finish(r, &h[i], &statuses[i]);
        statuses[i].MPI_ERROR = error;
        if (error != MPI_SUCCESS)
            rc = in_status(rc, i, error);
    }
    return rc;
}

static int finish_all(int count, MPI_Request *h, MPI_Status *statuses)
{
    if (statuses)
        return finish_with(count, h, statuses);
    int rc = MPI_SUCCESS;
    for (int i = 0; i < count; i++) {
        struct request *r = active_of(h[i]);
        if (!r)
            continue;
        request_await(r);
        int error = request_finish(r, &h[i], MPI_STATUS_IGNORE);
        if (UNLIKELY(error != MPI_SUCCESS))
            rc = in_status(rc, i, error);
    }
    return rc;
}

int mpi_waitall(int count, MPI_Request *h, MPI_Status *statuses)
{
    int rc = check(count, h);
    return rc == MPI_SUCCESS ? finish_all(count, h, statuses) : rc;
}

/* The first one; NULL: all are complete. */
static const struct request *find_incomplete(int count, const MPI_Request *h)
{
    for (int i = 0; i < count; i++) {
        const struct request *r = active_of(h[i]);
        if (r && !r->complete)
            return r;
    }
    return NULL;
}

int mpi_testall(int count, MPI_Request *h, int *flag, MPI_Status *statuses)
{
    int rc = check(count, h);
    if (rc != MPI_SUCCESS)
        return rc;
    progress_poll();
    const struct request *waits = find_incomplete(count, h);
    *flag = !waits;
    if (waits) {
        in_vain(waits);
        return MPI_SUCCESS;
    }
    progress_hit();
    return finish_all(count, h, statuses);
}

/* The first complete one, -1 if there is none; *any: is there an active one at all? */
static int find_complete(int count, const MPI_Request *h, struct request **out, bool *any)
{
    *any = false;
    for (int i = 0; i < count; i++) {
        struct request *r = active_of(h[i]);
        if (!r)
            continue;
        *any = true;
        *out = r;
        if (r->complete)
            return i;
    }
    return -1;
}

/* What MPI_Waitany and MPI_Waitsome wait for: one of many. If none comes soon they are counted, so that whoever asks
 * whether one has come, as each thread does that is about to give the lock up, need not look at all of them. */
struct wait_set {
    int count;
    const MPI_Request *h;
    int looks; /* in vain */
    int all;   /* that are counted; 0: they are not */
    struct counter counter;
};

static bool set_has_one(const void *p)
{
    const struct wait_set *s = p;
    struct request *r;
    bool active;
    if (s->all > 0)
        return s->counter.pending < s->all;
    return find_complete(s->count, s->h, &r, &active) >= 0 || !active;
}

static void set_forget(struct wait_set *s)
{
    for (int i = 0; s->all > 0 && i < s->count; i++) {
        struct request *r = request_of(s->h[i]);
        if (r)
            counter_remove(&s->counter, r);
    }
    s->all = 0;
}

/* A request that stands there twice, or that another thread waits for too, is in a counter already. */
static void set_count(struct wait_set *s)
{
    counter_begin(&s->counter);
    for (int i = 0; i < s->count; i++) {
        struct request *r = active_of(s->h[i]);
        if (r && !r->counted)
            counter_add(&s->counter, r);
        else if (r && r->parent != &s->counter)
            s->looks = 0; /* the other one may take it before this one is told: look again and again */
    }
    counter_end(&s->counter);
    s->all = s->counter.pending;
    if (s->looks == 0)
        set_forget(s);
}

/* After a look in vain. */
static void set_wait(struct wait_set *s, struct waiter *w, const struct request *on)
{
    enum { LOOKS = 8 };
    if (s->all == 0 && ++s->looks == LOOKS)
        set_count(s);
    do
        progress_wait(w, on);
    while (s->all > 0 && !set_has_one(s));
}

static int any(int count, MPI_Request *h, int *indx, int *flag, MPI_Status *status, bool wait)
{
    struct wait_set set = {.count = count, .h = h};
    struct waiter w = {.ready = set_has_one, .arg = &set, .local_only = true, .set = h, .set_size = count};
    struct request *r;
    bool active;
    int rc = check(count, h), i;
    if (rc != MPI_SUCCESS)
        return rc;
    if (!wait)
        progress_poll();
    while ((i = find_complete(count, h, &r, &active)) < 0 && active && wait)
        set_wait(&set, &w, r);
    set_forget(&set);
    *flag = i >= 0 || !active;
    *indx = i >= 0 ? i : MPI_UNDEFINED;
    if (i >= 0) {
        progress_hit();
        return request_finish(r, &h[i], status);
    }
    if (!active)
        status_empty(status);
    else
        in_vain(r);
    return MPI_SUCCESS;
}

int mpi_waitany(int count, MPI_Request *h, int *indx, MPI_Status *status)
{
    int flag;
    return any(count, h, indx, &flag, status, true);
}

int mpi_testany(int count, MPI_Request *h, int *indx, int *flag, MPI_Status *status)
{
    return any(count, h, indx, flag, status, false);
}

static int some(int count, MPI_Request *h, int *outcount, int *indices, MPI_Status *statuses, bool wait)
{
    struct wait_set set = {.count = count, .h = h};
    struct waiter w = {.ready = set_has_one, .arg = &set, .local_only = true, .set = h, .set_size = count};
    struct request *r;
    bool active;
    int rc = check(count, h), n = 0;
    if (rc != MPI_SUCCESS)
        return rc;
    if (!wait)
        progress_poll();
    while (find_complete(count, h, &r, &active) < 0 && active && wait)
        set_wait(&set, &w, r);
    set_forget(&set);
    *outcount = active ? 0 : MPI_UNDEFINED;
    if (!active)
        return MPI_SUCCESS;
    const struct request *one = r;
    for (int i = 0; i < count; i++) {
        if (!(r = active_of(h[i])) || !r->complete)
            continue;
        MPI_Status *s = statuses ? &statuses[n] : MPI_STATUS_IGNORE;
        int error = request_finish(r, &h[i], s);
        if (s)
            s->MPI_ERROR = error;
        if (error != MPI_SUCCESS)
            rc = in_status(rc, i, error);
        indices[n++] = i;
    }
    *outcount = n;
    if (n > 0)
        progress_hit();
    else
        in_vain(one);
    return rc;
}

int mpi_waitsome(int count, MPI_Request *h, int *outcount, int *indices, MPI_Status *statuses)
{
    return some(count, h, outcount, indices, statuses, true);
}

int mpi_testsome(int count, MPI_Request *h, int *outcount, int *indices, MPI_Status *statuses)
{
    return some(count, h, outcount, indices, statuses, false);
}

/* The status forms leave the request as it is. */
static void peek(struct request *r, MPI_Status *status)
{
    if (!r) {
        status_empty(status);
        return;
    }
    request_status(r, status);
}

int mpi_request_get_status(struct request *r, int *flag, MPI_Status *status)
{
    transport_push();
    if (r && r->orphan)
        return MPI_ERR_REQUEST;
    if (r && !r->active)
        r = NULL;
    *flag = !r || poll_until(r);
    if (!*flag) {
        in_vain(r);
        return MPI_SUCCESS;
    }
    progress_hit();
    peek(r, status);
    return MPI_SUCCESS;
}

int mpi_request_get_status_all(int count, const MPI_Request *h, int *flag, MPI_Status *statuses)
{
    int rc = check(count, h);
    if (rc != MPI_SUCCESS)
        return rc;
    progress_poll();
    const struct request *waits = find_incomplete(count, h);
    *flag = !waits;
    if (waits) {
        in_vain(waits);
        return MPI_SUCCESS;
    }
    progress_hit();
    for (int i = 0; statuses && i < count; i++)
        peek(active_of(h[i]), &statuses[i]);
    return MPI_SUCCESS;
}

int mpi_request_get_status_any(int count, const MPI_Request *h, int *indx, int *flag, MPI_Status *status)
{
    struct request *r;
    bool active;
    int rc = check(count, h);
    if (rc != MPI_SUCCESS)
        return rc;
    progress_poll();
    int i = find_complete(count, h, &r, &active);
    *flag = i >= 0 || !active;
    *indx = i >= 0 ? i : MPI_UNDEFINED;
    if (!*flag) {
        in_vain(r);
        return MPI_SUCCESS;
    }
    progress_hit();
    peek(i >= 0 ? r : NULL, status);
    return MPI_SUCCESS;
}

int mpi_request_get_status_some(int count, const MPI_Request *h, int *outcount, int *indices, MPI_Status *statuses)
{
    int rc = check(count, h), n = 0;
    const struct request *one = NULL;
    if (rc != MPI_SUCCESS)
        return rc;
    progress_poll();
    for (int i = 0; i < count; i++) {
        struct request *r = active_of(h[i]);
        one = r ? r : one;
        if (!r || !r->complete)
            continue;
        if (statuses)
            peek(r, &statuses[n]);
        indices[n++] = i;
    }
    *outcount = one ? n : MPI_UNDEFINED;
    if (n > 0)
        progress_hit();
    else if (one)
        in_vain(one);
    return MPI_SUCCESS;
}

int mpi_request_free(MPI_Request *request)
{
    transport_push();
    struct request *r = user_request(*request);
    if (!r)
        return MPI_ERR_REQUEST;
    *request = MPI_REQUEST_NULL;
    if (r->complete || !r->active)
        return request_free(r);
    if (r->counted) /* by another thread, which waits for it in vain */
        counter_remove(r->parent, r);
    r->orphan = true, r->persistent = false;
    return MPI_SUCCESS;
}

int mpi_start(MPI_Request *request)
{
    struct request *r = user_request(*request);
    if (!r || !r->persistent || r->active) {
        error_detail_set(MPI_ERR_REQUEST, "request is not persistent, or has been started");
        return MPI_ERR_REQUEST;
    }
    r->active = true;
    r->complete = r->cancelled = false;
    r->error = MPI_SUCCESS;
    int rc = r->ops->start(r);
    r->active = rc == MPI_SUCCESS;
    return rc;
}

int mpi_startall(int count, MPI_Request *h)
{
    int rc = check(count, h);
    for (int i = 0; rc == MPI_SUCCESS && i < count; i++)
        rc = h[i] == MPI_REQUEST_NULL ? MPI_ERR_REQUEST : mpi_start(&h[i]);
    return rc;
}

int mpi_cancel(MPI_Request *request)
{
    struct request *r = user_request(*request);
    if (!r || !r->active)
        return MPI_ERR_REQUEST;
    if (r->ops->cancel && (!r->complete || r->type == REQ_GENERAL))
        return r->ops->cancel(r);
    return MPI_SUCCESS;
}
