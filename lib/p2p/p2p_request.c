/* SPDX-License-Identifier: BSD-3-Clause
 *
 * p2p_request: what progress asks of a message's request. */
#include "lib/p2p/p2p_request.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"

int p2p_request_release(struct request *r)
{
    datatype_unref(p2p_request_of(r)->datatype);
    return MPI_SUCCESS;
}

static int world_rank(const struct comm *c, int rank)
{
    return rank == MPI_ANY_SOURCE ? RANK_STATUS_ANY : comm_proc(c, rank);
}

/* With whom a collective exchanges messages means nothing to anybody; all who are in it are told alike. */
void p2p_describe(const struct comm *c, struct match_key key, bool sends, struct trace_wait *t)
{
    if (key.ctx & 1)
        return;
    t->peer = world_rank(c, key.source);
    t->tag = key.tag == MPI_ANY_TAG ? RANK_STATUS_ANY : key.tag;
    t->sends = sends;
}

void p2p_request_describe(const struct request *r, struct trace_wait *t)
{
    p2p_describe(r->comm, ((const struct p2p_request *)r)->posted.key, r->type == REQ_SEND, t);
}

void p2p_recv_explain(const struct request *r)
{
    unsigned long long came = ((const struct p2p_request *)r)->posted.seq;
    if (r->error != MPI_ERR_TRUNCATE)
        return;
    if (((const struct p2p_request *)r)->posted.key.ctx & 1)
        error_detail_set(MPI_ERR_TRUNCATE, "received %llu bytes into %lld, from %d", came, (long long)r->bytes,
                         r->source);
    else
        error_detail_set(MPI_ERR_TRUNCATE, "received %llu bytes into %lld, from %d, tag %d", came, (long long)r->bytes,
                         r->source, r->tag);
}

/* Before sleeping, let the transport prefault the channel of the peer whose message we are blocked on. */
void p2p_recv_prefault(const struct request *head)
{
    const struct p2p_request *r = (const struct p2p_request *)head;
    bool named = !head->matched && r->posted.key.source >= 0;
    struct peer *p = named ? peer_get(comm_proc(head->comm, r->posted.key.source)) : NULL;
    if (p && p->transport && p->transport->prefault)
        p->transport->prefault(p);
}
