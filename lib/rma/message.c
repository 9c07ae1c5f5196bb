/* SPDX-License-Identifier: BSD-3-Clause
 *
 * message: windows by context, packets out and in, and answers that wait for room. */
#include "lib/rma/message.h"
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/p2p/p2p.h"
#include "lib/process/failed.h"
#include "lib/rma/epoch.h"
#include "lib/rma/far_remote.h"
#include "lib/rma/helper.h"
#include "lib/rma/wire_type.h"

enum { PACKET_MOST = 32768 };

/* An answer that has not gone, or not all of it. */
struct message_job {
    TAILQ_ENTRY(message_job) link;
    struct message_head head;
    struct wire_type *type; /* of what is streamed; else NULL */
    const struct datatype *moved;
    const char *at;
    size_t n; /* bytes of data */
    char data[];
};

static TAILQ_HEAD(, message) windows = TAILQ_HEAD_INITIALIZER(windows);
static TAILQ_HEAD(, far) busy = TAILQ_HEAD_INITIALIZER(busy); /* have jobs */

static struct message *window_of(uint64_t ctx)
{
    struct message *m;
    TAILQ_FOREACH(m, &windows, all)
    if (m->w->comm->ctx == ctx)
        return m;
    return NULL;
}

/* Who sends is who he says he is, and is not reached in another way. */
static bool arrived(struct peer *from, struct match_key key, const void *payload, size_t n)
{
    struct message *m = window_of(key.ctx);
    struct message_head h;
    struct target *t;
    if (!m || n < sizeof h || key.source < 0 || key.source >= m->w->comm->size ||
        comm_proc(m->w->comm, key.source) != from->proc)
        return true;
    int rc = target_get(m->w, key.source, &t);
    if (rc != MPI_SUCCESS || !t->far)
        return rc != MPI_ERR_NO_MEM;
    memcpy(&h, payload, sizeof h);
    return serve(t, &h, (const char *)payload + sizeof h, n - sizeof h);
}

size_t message_most(const struct target *t)
{
    size_t most = t->far->peer->transport->max_payload;
    return (most < PACKET_MOST ? most : PACKET_MOST) - sizeof(struct message_head);
}

static char *reserve(const struct target *t, size_t n)
{
    struct peer *p = t->far->peer;
    return p->transport->reserve(p, sizeof(struct message_head) + n);
}

static void commit(const struct target *t, size_t n)
{
    struct peer *p = t->far->peer;
    p->transport->commit(p, P2P_WINDOW, match_key_of(t->w->comm->ctx, t->w->comm->rank, 0),
                         sizeof(struct message_head) + n);
}

struct room {
    const struct target *t;
    size_t n;
    char **place;
};

static bool has_room(const void *arg)
{
    const struct room *r = arg;
    return (*r->place = reserve(r->t, r->n)) != NULL;
}

static char *reserved; /* by the last message_room, for message_send */

/* What a waiter is told by other threads is no place to send from, so it looks itself. */
int message_room(struct target *t, size_t n, char **data)
{
    int rc = MPI_SUCCESS;
    if (!(reserved = reserve(t, n))) {
        struct room r = {t, n, &reserved};
        progress_unsent++; /* room is made without a word: whoever sleeps looks again soon */
        rc = far_wait(t, has_room, &r);
        progress_unsent--;
    }
    if (rc == MPI_SUCCESS)
        *data = reserved + sizeof(struct message_head);
    return rc;
}

void message_send(struct target *t, const struct message_head *h, size_t n)
{
    memcpy(reserved, h, sizeof *h);
    commit(t, n);
}

static void job_append(struct far *f, struct message_job *j)
{
    if (TAILQ_EMPTY(&f->jobs)) {
        TAILQ_INSERT_TAIL(&busy, f, in_busy);
        message_watch(1);
    }
    TAILQ_INSERT_TAIL(&f->jobs, j, link);
}

static void job_drop(struct far *f, struct message_job *j)
{
    TAILQ_REMOVE(&f->jobs, j, link);
    if (TAILQ_EMPTY(&f->jobs)) {
        TAILQ_REMOVE(&busy, f, in_busy);
        message_watch(-1);
    }
    wire_type_unref(j->type);
    free(j);
}

bool message_reply_begin(struct message_reply *r, struct target *t, size_t n)
{
    *r = (struct message_reply){.t = t, .n = n};
    char *room = TAILQ_EMPTY(&t->far->jobs) ? reserve(t, n) : NULL;
    if (room) {
        r->data = room + sizeof(struct message_head);
        return true;
    }
    r->job = malloc(sizeof *r->job + n);
    if (!r->job)
        return false;
    r->job->type = NULL;
    r->data = r->job->data;
    return true;
}

void message_reply_end(struct message_reply *r, const struct message_head *h)
{
    if (!r->job) {
        memcpy(r->data - sizeof *h, h, sizeof *h);
        commit(r->t, r->n);
        return;
    }
    r->job->head = *h;
    r->job->n = r->n;
    job_append(r->t->far, r->job);
}

/* As much of a stream as there is room for; true: all. */
static bool stream_push(const struct target *t, struct message_head *h, const struct datatype *type, const char *at)
{
    size_t most = message_most(t);
    while (h->bytes > 0) {
        size_t n = (size_t)h->bytes < most ? (size_t)h->bytes : most;
        char *room = reserve(t, n);
        if (!room)
            return false;
        memcpy(room, h, sizeof *h);
        datatype_pack(type, at, h->count, h->from, room + sizeof *h, n);
        commit(t, n);
        h->from += (int64_t)n;
        h->bytes -= (int64_t)n;
    }
    return true;
}

bool message_stream(struct target *t, const struct message_head *h, struct wire_type *type, const char *at)
{
    struct message_job *j = malloc(sizeof *j);
    if (!j)
        return false;
    j->head = *h;
    j->head.kind = MESSAGE_DATA;
    j->moved = type ? &type->type : &basic_types[h->type];
    if (TAILQ_EMPTY(&t->far->jobs) && stream_push(t, &j->head, j->moved, at)) {
        free(j);
        return true;
    }
    j->type = wire_type_ref(type);
    j->at = at;
    j->n = SIZE_MAX;
    job_append(t->far, j);
    return true;
}

static bool job_push(struct target *t, struct message_job *j)
{
    if (j->n == SIZE_MAX)
        return stream_push(t, &j->head, j->moved, j->at);
    char *room = reserve(t, j->n);
    if (!room)
        return false;
    memcpy(room, &j->head, sizeof j->head);
    memcpy(room + sizeof j->head, j->data, j->n);
    commit(t, j->n);
    return true;
}

/* To one that is gone nothing goes any more. */
static bool jobs_push(void)
{
    struct far *f, *next;
    struct message_job *j;
    bool any = false;
    for (f = TAILQ_FIRST(&busy); f; f = next) {
        next = TAILQ_NEXT(f, in_busy);
        while ((j = TAILQ_FIRST(&f->jobs)) != NULL && (!peer_is_live(f->peer) || job_push(f->t, j))) {
            job_drop(f, j);
            any = true;
        }
    }
    return any;
}

/* Processes have failed since the last look: what waits for them ends. */
static bool failures_tell(void)
{
    static uint32_t seen;
    struct message *m;
    if (seen == failed_count())
        return false;
    seen = failed_count();
    TAILQ_FOREACH(m, &windows, all)
    for (uint32_t i = 0; i <= m->w->target_mask; i++) {
        struct target *t = m->w->targets[i];
        if (t && t->far && t->far->pending > 0 && epoch_alive(m->w, t->proc) != MPI_SUCCESS)
            far_abandon(t, MPI_ERR_PROC_ABORTED);
    }
    return true;
}

static bool poll(struct progress_hook *unused)
{
    struct message *m;
    bool any = jobs_push();
    TAILQ_FOREACH(m, &windows, all)
    any |= serve_lockers(m);
    return failures_tell() || any;
}

static struct progress_hook hook = {.poll = poll};
static int watched;

void message_watch(int more)
{
    watched += more;
    if (watched == 1 && more > 0)
        progress_add(&hook);
    else if (watched == 0)
        progress_remove(&hook);
}

int message_begin(struct win *w)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return MPI_ERR_NO_MEM;
    m->w = w;
    TAILQ_INIT(&m->dirty);
    TAILQ_INIT(&m->lockers);
    SLIST_INIT(&m->exposed);
    w->message = m;
    TAILQ_INSERT_TAIL(&windows, m, all);
    p2p_listen(P2P_WINDOW, arrived);
    return helper_begin();
}

static void far_drop(struct message *m, struct far *f)
{
    struct message_job *j;
    while ((j = TAILQ_FIRST(&f->jobs)) != NULL)
        job_drop(f, j);
    if (f->pending > 0)
        far_abandon(f->t, MPI_ERR_WIN);
    if (f->wants) {
        TAILQ_REMOVE(&m->lockers, f, in_lockers);
        message_watch(-1);
    }
    f->wants = 0;
}

void message_end(struct win *w)
{
    struct message *m = w->message;
    if (!m)
        return;
    for (uint32_t i = 0; w->targets && i <= w->target_mask; i++)
        if (w->targets[i] && w->targets[i]->far)
            far_remote_settle(w->targets[i]);
    far_conceal(m);
    helper_end();
    TAILQ_REMOVE(&windows, m, all);
    for (uint32_t i = 0; w->targets && i <= w->target_mask; i++)
        if (w->targets[i] && w->targets[i]->far)
            far_drop(m, w->targets[i]->far);
    free(m);
    w->message = NULL;
}
