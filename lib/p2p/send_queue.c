/* SPDX-License-Identifier: BSD-3-Clause
 *
 * send_queue: what waits until a transport has room. */
#include "lib/p2p/protocol.h"
#include "lib/p2p/failure_sweep.h"

static TAILQ_HEAD(, peer) busy = TAILQ_HEAD_INITIALIZER(busy); /* have something pending */

static bool (*const push[])(struct request *) = {
    [EAGER] = p2p_push_eager,      [RTS] = rendezvous_push_rts, [CTS] = rendezvous_push_cts,
    [DATA] = rendezvous_push_data, [FIN] = rendezvous_push_fin, [CANCEL] = cancel_push,
    [CANCELLED] = cancel_push};

void send_queue_push(struct request *r, uint8_t kind)
{
    struct peer *p = r->peer;
    struct request_queue *queue = kind == DATA ? &p->streams : &p->pending;
    if (UNLIKELY(p->transport == &transport_failed)) {
        request_complete(r, kind == FIN ? r->error : failure_of_peer(p));
        return;
    }
    r->packet = kind;
    if (TAILQ_EMPTY(queue) && push[kind](r))
        return;
    TAILQ_INSERT_TAIL(queue, r, link);
    if (!p->queued) {
        p->queued = true;
        progress_unsent++;
        TAILQ_INSERT_TAIL(&busy, p, more);
    }
}

bool send_queue_streaming(void)
{
    const struct peer *p;
    TAILQ_FOREACH(p, &busy, more)
    if (!TAILQ_EMPTY(&p->streams))
        return true;
    return false;
}

static int flush(struct request_queue *queue)
{
    struct request *r;
    int n = 0;
    while ((r = TAILQ_FIRST(queue)) != NULL) {
        /* The request may be gone after its last packet, so it leaves the list before. */
        MPI_Count before = r->moved;
        TAILQ_REMOVE(queue, r, link);
        if (!push[r->packet](r)) {
            n += r->moved != before;
            TAILQ_INSERT_HEAD(queue, r, link);
            return n;
        }
        n++;
    }
    return n;
}

bool send_queue_remove(struct request *r)
{
    struct request *waiting;
    TAILQ_FOREACH(waiting, &r->peer->pending, link)
    if (waiting == r) {
        TAILQ_REMOVE(&r->peer->pending, r, link);
        return true;
    }
    return false;
}

static bool withdraw(struct request_queue *queue, int (*fate)(const struct request *r))
{
    struct request *r, *next;
    bool any = false;
    for (r = TAILQ_FIRST(queue); r; r = next) {
        next = TAILQ_NEXT(r, link);
        int error = fate(r);
        if (error < 0)
            continue;
        TAILQ_REMOVE(queue, r, link);
        request_complete(r, error);
        any = true;
    }
    return any;
}

bool send_queue_purge(int (*fate)(const struct request *r))
{
    struct peer *p;
    bool any = false;
    TAILQ_FOREACH(p, &busy, more)
    {
        any |= withdraw(&p->pending, fate);
        any |= withdraw(&p->streams, fate);
    }
    return any;
}

int send_queue_flush(void)
{
    int n = 0;
    struct peer *p, *next;
    for (p = TAILQ_FIRST(&busy); p; p = next) {
        next = TAILQ_NEXT(p, more);
        n += flush(&p->pending);
        n += flush(&p->streams);
        if (TAILQ_EMPTY(&p->pending) && TAILQ_EMPTY(&p->streams)) {
            TAILQ_REMOVE(&busy, p, more);
            progress_unsent--;
            p->queued = false;
        }
    }
    return n;
}
