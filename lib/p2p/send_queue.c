/* SPDX-License-Identifier: BSD-3-Clause
 *
 * send_queue: what waits until a transport has room. */
#include "lib/p2p/protocol.h"
#include "lib/p2p/failure_sweep.h"

static TAILQ_HEAD(, p2p_peer) busy = TAILQ_HEAD_INITIALIZER(busy); /* have something pending */

static bool (*const push[])(struct p2p_request *) = {
    [EAGER] = p2p_push_eager,      [RTS] = rendezvous_push_rts, [CTS] = rendezvous_push_cts,
    [DATA] = rendezvous_push_data, [FIN] = rendezvous_push_fin, [CANCEL] = cancel_push,
    [CANCELLED] = cancel_push,     [GET] = fetch_push};

void send_queue_push(struct p2p_request *r, uint8_t kind)
{
    struct p2p_peer *p = p2p_peer(r->peer);
    struct request_queue *queue = kind == DATA || kind == GET ? &p->streams : &p->pending;
    r->head.stage = kind;
    if (UNLIKELY(p->peer.transport == &transport_failed)) {
        fetch_doom(r, MPI_SUCCESS);
        request_complete(&r->head, kind == FIN ? r->head.error : failure_of_peer(&p->peer));
        return;
    }
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
    const struct p2p_peer *p;
    TAILQ_FOREACH(p, &busy, more)
    if (!TAILQ_EMPTY(&p->streams))
        return true;
    return false;
}

static int flush(struct request_queue *queue)
{
    struct p2p_request *r;
    int n = 0;
    while ((r = TAILQ_FIRST(queue)) != NULL) {
        /* The request may be gone after its last packet, so it leaves the list before. */
        MPI_Count before = r->moved;
        TAILQ_REMOVE(queue, r, link);
        if (!push[r->head.stage](r)) {
            n += r->moved != before;
            TAILQ_INSERT_HEAD(queue, r, link);
            return n;
        }
        n++;
    }
    return n;
}

bool send_queue_remove(struct p2p_request *r)
{
    struct p2p_request *waiting;
    struct request_queue *pending = &p2p_peer(r->peer)->pending;
    TAILQ_FOREACH(waiting, pending, link)
    if (waiting == r) {
        TAILQ_REMOVE(pending, r, link);
        return true;
    }
    return false;
}

static bool withdraw(struct request_queue *queue, int (*fate)(const struct p2p_request *r))
{
    struct p2p_request *r, *next;
    bool any = false;
    for (r = TAILQ_FIRST(queue); r; r = next) {
        next = TAILQ_NEXT(r, link);
        int error = fate(r);
        if (error < 0)
            continue;
        TAILQ_REMOVE(queue, r, link);
        fetch_doom(r, error); /* of those that wait none is under way */
        request_complete(&r->head, error);
        any = true;
    }
    return any;
}

bool send_queue_purge(int (*fate)(const struct p2p_request *r))
{
    struct p2p_peer *p;
    bool any = false;
    TAILQ_FOREACH(p, &busy, more)
    {
        any |= withdraw(&p->pending, fate);
        any |= withdraw(&p->streams, fate);
    }
    return any;
}

void send_queue_leave(struct p2p_peer *p)
{
    if (!p->queued)
        return;
    TAILQ_REMOVE(&busy, p, more);
    progress_unsent--;
    p->queued = false;
}

int send_queue_flush(void)
{
    int n = 0;
    struct p2p_peer *p, *next;
    for (p = TAILQ_FIRST(&busy); p; p = next) {
        next = TAILQ_NEXT(p, more);
        n += flush(&p->pending);
        n += flush(&p->streams);
        if (TAILQ_EMPTY(&p->pending) && TAILQ_EMPTY(&p->streams))
            send_queue_leave(p);
    }
    return n;
}
