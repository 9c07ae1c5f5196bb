/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cancel: MPI_Cancel of sends (MPI 5.0, section 3.8.4). A message that has left in one packet is complete, and stays
 * sent. One that still waits for room is taken back. One that has been announced is asked back: its receiver gives it
 * back if no receive has matched it, and does not answer otherwise, since then the send completes as it would have. */
#include <string.h>
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"

static const struct request_ops note_ops = {.release = p2p_request_release};

/* A packet about a message of the request `sender`, from a request of its own that goes when it has left. */
static int note(struct peer *p, uint8_t kind, uint64_t sender)
{
    struct p2p_request *n = p2p_request_new(REQ_SEND, &note_ops, &comm_job, &datatype_byte);
    if (!n)
        return MPI_ERR_NO_MEM;
    n->posted.key = match_key_of(comm_job.ctx, p->proc, 0);
    n->peer = p;
    n->moved = 0;
    n->remote = sender;
    n->head.orphan = true;
    send_queue_push(n, kind);
    return MPI_SUCCESS;
}

bool cancel_push(struct p2p_request *n)
{
    if (!n->peer->transport->inject(n->peer, n->head.stage, 0, 0, &n->remote, sizeof n->remote))
        return false;
    request_complete(&n->head, MPI_SUCCESS);
    return true;
}

static void cancelled(struct p2p_request *r)
{
    r->head.cancelled = true;
    request_complete(&r->head, MPI_SUCCESS);
}

int cancel_send(struct request *head)
{
    struct p2p_request *r = p2p_request_of(head);
    if (send_queue_remove(r)) {
        cancelled(r);
        return MPI_SUCCESS;
    }
    return r->head.stage == RTS ? note(r->peer, CANCEL, r->head.obj.handle) : MPI_SUCCESS;
}

void cancel_asked(struct peer *from, const void *payload, size_t n)
{
    uint64_t sender;
    memcpy(&sender, payload, sizeof sender);
    struct unexpected *u = unexpected_find_rts(from, sender);
    /* Without memory for the answer the message stays. */
    if (!u || note(from, CANCELLED, sender) != MPI_SUCCESS)
        return;
    unexpected_remove(u);
    unexpected_free(u);
}

void cancel_granted(struct peer *from, const void *payload, size_t n)
{
    uint64_t sender;
    memcpy(&sender, payload, sizeof sender);
    struct p2p_request *r = rendezvous_answered(from, sender);
    if (r)
        cancelled(r);
}
