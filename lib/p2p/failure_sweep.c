/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failure_sweep: what ends because processes have failed. */
#include "lib/p2p/failure_sweep.h"
#include "lib/boot/boot.h"
#include "lib/core/tally.h"
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"
#include "lib/process/finalized.h"
#include "lib/process/process.h"

int failure_of_peer(const struct peer *p)
{
    if (!p->transport)
        return p->local < 0 && !process_is_foreign(p->proc) ? failed_error_far() : MPI_ERR_NO_MEM;
    return p->transport == &transport_failed ? failed_error(p->proc) : MPI_SUCCESS;
}

/* Those of other jobs say themselves where they are reached. */
static bool is_out_of_reach(int proc)
{
    return boot_local_of(proc) < 0 && !process_is_foreign(proc);
}

static bool spans(struct comm *c)
{
    if (c->reach.spans == 0) {
        c->reach.spans = 1;
        if (transport_spans())
            return false;
        for (int r = 0; r < c->peer_size && c->reach.spans == 1; r++)
            c->reach.spans = is_out_of_reach(comm_proc(c, r)) ? 2 : 1;
    }
    return c->reach.spans == 2;
}

static bool has(const struct comm *c, int proc)
{
    return group_rank_of(c->peers, proc) != MPI_UNDEFINED ||
           (c->inter && group_rank_of(c->group, proc) != MPI_UNDEFINED);
}

/* The last one of the list, from place `from` on, that is a member; -1: none. */
static int failed_member(const struct comm *c, uint32_t from)
{
    for (uint32_t i = failed_count(); i > from; i--)
        if (has(c, failed_proc(i - 1)))
            return failed_proc(i - 1);
    return -1;
}

static bool broken(struct comm *c)
{
    if (!c->reach.broken && c->reach.seen < failed_count())
        c->reach.broken = failed_member(c, c->reach.seen) >= 0;
    c->reach.seen = failed_count();
    return c->reach.broken;
}

void failure_keep(struct comm *c)
{
    c->reach.broken = true;
    failed_or_far = true;
}

/* -1: none. */
static int finalized_member(const struct comm *c)
{
    for (int r = 0; r < c->peer_size; r++)
        if (comm_proc(c, r) != process_self && finalized_stage(comm_proc(c, r), c->session) == FINALIZED)
            return comm_proc(c, r);
    return -1;
}

int failure_of_all(struct comm *c)
{
    if (c->size == 1 && !c->inter)
        return MPI_SUCCESS;
    if (broken(c)) {
        int proc = failed_member(c, 0); /* -1: only of what c is a part of, or of a job that was forgotten since */
        for (uint32_t i = 0; proc < 0 && i < failed_count(); i++)
            proc = failed_proc(i);
        int left = proc < 0 ? finalized_member(c) : -1;
        return left < 0 ? failed_error(proc) : finalized_error(left, "this operation of all members");
    }
    return spans(c) ? failed_error_far() : MPI_SUCCESS;
}

/* Is anybody left who could send? */
static bool deserted(const struct comm *c)
{
    int left = c->peer_size;
    for (uint32_t i = 0; i < failed_count(); i++)
        left -= group_rank_of(c->peers, failed_proc(i)) != MPI_UNDEFINED;
    return left <= !c->inter;
}

/* Whose end a receive from any source has to tell; -1: it can go on. */
static int to_tell(struct comm *c)
{
    int proc = broken(c) ? failed_member(c, c->reach.told) : -1;
    return proc < 0 && broken(c) && deserted(c) ? failed_member(c, 0) : proc;
}

/* Messages by which a collective goes on, and not the making of a communicator, or a partitioned message. */
static bool of_collective(struct match_key k)
{
    return k.ctx & 1 && k.tag >= 0 && !(k.tag & P2P_GROUP_TAG);
}

/* Of the end of other jobs' processes only a connection tells. Where they are very many, of some. */
static void watch_senders(struct comm *c)
{
    enum { MOST = 256 };
    int n = 0;
    for (int r = 0; c->peers->foreign && !c->reach.watches && r < c->peer_size && n < MOST; r++)
        if (process_is_foreign(comm_proc(c, r)))
            n += peer_get(comm_proc(c, r)) != NULL;
    c->reach.watches = true;
}

int failure_of_source(struct comm *c, struct match_key k)
{
    if (k.source == MPI_ANY_SOURCE)
        watch_senders(c);
    if (of_collective(k) && broken(c))
        return failure_of_all(c);
    if (k.source == MPI_ANY_SOURCE && spans(c))
        return failed_error_far(); /* also if a message is here: what a program can rely on does not depend on time */
    if (unexpected_find(k))
        return MPI_SUCCESS;
    if (k.source == MPI_ANY_SOURCE) {
        int proc = to_tell(c);
        c->reach.told = failed_count();
        return proc < 0 ? MPI_SUCCESS : failed_error(proc);
    }
    const struct peer *p = peer_get(comm_proc(c, k.source));
    return p ? failure_of_peer(p) : MPI_ERR_NO_MEM;
}

static bool has_failed(const struct peer *p)
{
    return p && p->transport == &transport_failed;
}

/* Does a request under way need somebody who is gone? */
static bool doomed(const struct p2p_request *r)
{
    if (of_collective(r->posted.key) && broken(r->head.comm))
        return true;
    if (r->head.type == REQ_SEND || r->head.matched)
        return has_failed(r->peer);
    return r->posted.key.source == MPI_ANY_SOURCE ? to_tell(r->head.comm) >= 0
                                                  : has_failed(peer_get(comm_proc(r->head.comm, r->posted.key.source)));
}

static bool waits(const struct p2p_request *r)
{
    return is_message(&r->head) && r->head.active && !r->head.complete && (r->head.type == REQ_RECV || r->peer);
}

static int fate(const struct p2p_request *r)
{
    return !doomed(r) ? -1 : r->head.stage == FIN ? r->head.error : MPI_ERR_PROC_ABORTED;
}

static void requests_end(void)
{
    send_queue_purge(fate);
    for (struct request *head = obj_next(OBJ_REQUEST, NULL); head; head = obj_next(OBJ_REQUEST, head)) {
        struct p2p_request *r = p2p_request_of(head);
        if (!waits(r) || !doomed(r) || fetch_doom(r, MPI_ERR_PROC_ABORTED))
            continue;
        if (r->head.type == REQ_RECV && !r->head.matched) {
            match_unpost(r);
            r->head.source = r->posted.key.source;
            r->head.tag = r->posted.key.tag;
            r->head.comm->reach.tells |= r->posted.key.source == MPI_ANY_SOURCE;
        }
        if (r->head.type == REQ_SEND && r->head.stage == RTS)
            rendezvous_not_fetched(r);
        r->head.bytes = 0;
        request_complete(&r->head, MPI_ERR_PROC_ABORTED);
    }
}

static void comm_end(struct comm *c)
{
    if (broken(c) && c->coll)
        comm_coll_break(c);
}

static void comm_told(struct comm *c)
{
    if (c->reach.tells)
        c->reach.told = failed_count();
    c->reach.tells = false;
}

static void each_comm(void (*act)(struct comm *))
{
    for (struct comm *c = obj_next(OBJ_COMM, NULL); c; c = obj_next(OBJ_COMM, c))
        act(c);
    act(&comm_job);
    if (comm_world.group)
        act(&comm_world);
}

/* What it sent lies in the transport until now. */
static bool peer_end(int proc)
{
    struct peer *p = peer_get(proc);
    if (!p || (p->local >= 0 && !peer_is_live(p)))
        return false;
    peer_drain(p);
    rendezvous_forget(p);
    peer_retire(p, &transport_failed);
    return true;
}

/* The requests come after all have been noted, so that a receive from any source is told of all of them at once. */
bool failure_sweep(void)
{
    uint32_t known = failed_count();
    if (!failed_scan(peer_end))
        return false;
    for (uint32_t i = known; i < failed_count(); i++)
        tally_event(TALLY_EVENT_process_failed, (struct tally_event){.peer = failed_proc(i)});
    each_comm(comm_end);
    requests_end();
    each_comm(comm_told);
    failed_error(failed_proc(failed_count() - 1));
    return true;
}
