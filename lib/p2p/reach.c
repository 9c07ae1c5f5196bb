/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/p2p/reach.h"
#include <stdlib.h>
#include <time.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"
#include "lib/transport/shm/shm.h"

static const _Atomic uint32_t nobody;
bool reach_limited;
const _Atomic uint32_t *reach_gone = &nobody;
uint32_t reach_seen;

/* Processes that are gone, in the order in which that was seen. */
static struct {
    int *proc;
    uint32_t count;
} gone;

static enum rank_state state_of(int local)
{
    const struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    return (enum rank_state)atomic_load_explicit(&s->state, memory_order_relaxed);
}

static int error_gone(int proc)
{
    bool never = state_of(boot_local_of(proc)) == RANK_NEVER;
    error_note(MPI_ERR_PROC_ABORTED, "rank %d of MPI_COMM_WORLD has ended %s", proc,
               never ? "without calling MPI_Init" : "without MPI_Finalize");
    return MPI_ERR_PROC_ABORTED;
}

static int error_far(void)
{
    error_note(MPI_ERR_UNSUPPORTED_OPERATION, "ranks on other nodes cannot be reached yet");
    return MPI_ERR_UNSUPPORTED_OPERATION;
}

int reach_peer(const struct peer *p)
{
    if (!p->transport)
        return p->local < 0 ? error_far() : MPI_ERR_NO_MEM;
    return p->transport == &transport_gone ? error_gone(p->proc) : MPI_SUCCESS;
}

static bool spans(struct comm *c)
{
    if (c->reach.spans == 0) {
        c->reach.spans = 1;
        for (int r = 0; r < c->peer_size && c->reach.spans == 1; r++)
            c->reach.spans = boot_local_of(comm_proc(c, r)) < 0 ? 2 : 1;
    }
    return c->reach.spans == 2;
}

static bool has(const struct comm *c, int proc)
{
    return group_rank_of(c->peers, proc) != MPI_UNDEFINED ||
           (c->inter && group_rank_of(c->group, proc) != MPI_UNDEFINED);
}

/* The last one of the list, from place `from` on, that is a member; -1: none. */
static int gone_member(const struct comm *c, uint32_t from)
{
    for (uint32_t i = gone.count; i > from; i--)
        if (has(c, gone.proc[i - 1]))
            return gone.proc[i - 1];
    return -1;
}

static bool broken(struct comm *c)
{
    if (!c->reach.broken && c->reach.seen < gone.count)
        c->reach.broken = gone_member(c, c->reach.seen) >= 0;
    c->reach.seen = gone.count;
    return c->reach.broken;
}

int reach_all(struct comm *c)
{
    if (c->size == 1 && !c->inter)
        return MPI_SUCCESS;
    if (broken(c))
        return error_gone(gone_member(c, 0));
    return spans(c) ? error_far() : MPI_SUCCESS;
}

/* Is anybody left who could send? */
static bool deserted(const struct comm *c)
{
    int left = c->peer_size;
    for (uint32_t i = 0; i < gone.count; i++)
        left -= group_rank_of(c->peers, gone.proc[i]) != MPI_UNDEFINED;
    return left <= !c->inter;
}

/* Whose end a receive from any source has to tell; -1: it can go on. */
static int to_tell(struct comm *c)
{
    int proc = broken(c) ? gone_member(c, c->reach.told) : -1;
    return proc < 0 && broken(c) && deserted(c) ? gone_member(c, 0) : proc;
}

/* Messages by which a collective, and not the making of a group's communicator, goes on. */
static bool of_collective(struct match_key k)
{
    return k.ctx & 1 && !(k.tag & P2P_GROUP_TAG);
}

int reach_source(struct comm *c, struct match_key k)
{
    if (of_collective(k) && broken(c))
        return reach_all(c);
    if (k.source == MPI_ANY_SOURCE && spans(c))
        return error_far(); /* also if a message is here: what a program can rely on does not depend on time */
    if (match_find(k))
        return MPI_SUCCESS;
    if (k.source == MPI_ANY_SOURCE) {
        int proc = to_tell(c);
        c->reach.told = gone.count;
        return proc < 0 ? MPI_SUCCESS : error_gone(proc);
    }
    const struct peer *p = peer_get(comm_proc(c, k.source));
    return p ? reach_peer(p) : MPI_ERR_NO_MEM;
}

static bool is_gone(const struct peer *p)
{
    return p && p->transport == &transport_gone;
}

/* Does a request under way need somebody who is gone? */
static bool doomed(const struct request *r)
{
    if (of_collective(r->posted.key) && broken(r->comm))
        return true;
    if (r->type == REQ_SEND || r->matched)
        return is_gone(r->peer);
    return r->posted.key.source == MPI_ANY_SOURCE ? to_tell(r->comm) >= 0
                                                  : is_gone(peer_get(comm_proc(r->comm, r->posted.key.source)));
}

static bool waits(const struct request *r)
{
    return (r->type == REQ_SEND || r->type == REQ_RECV) && r->active && !r->complete && r->comm &&
           (r->type == REQ_RECV || r->peer);
}

static int fate(const struct request *r)
{
    return !doomed(r) ? -1 : r->packet == FIN ? r->error : MPI_ERR_PROC_ABORTED;
}

static void requests_end(void)
{
    p2p_withdraw(fate);
    for (struct request *r = obj_next(OBJ_REQUEST, NULL); r; r = obj_next(OBJ_REQUEST, r)) {
        if (!waits(r) || !doomed(r))
            continue;
        if (r->type == REQ_RECV && !r->matched) {
            match_unpost(r);
            r->source = r->posted.key.source;
            r->status_tag = r->posted.key.tag;
            r->comm->reach.tells |= r->posted.key.source == MPI_ANY_SOURCE;
        }
        if (r->type == REQ_SEND && r->packet == RTS && !is_gone(r->peer))
            rendezvous_not_fetched(r);
        r->bytes = 0;
        request_complete(r, MPI_ERR_PROC_ABORTED);
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
        c->reach.told = gone.count;
    c->reach.tells = false;
}

static void each_comm(void (*act)(struct comm *))
{
    for (struct comm *c = obj_next(OBJ_COMM, NULL); c; c = obj_next(OBJ_COMM, c))
        act(c);
    act(&comm_world);
}

/* What it sent lies in the transport until now. */
static void peer_end(struct peer *p)
{
    do
        transport_poll();
    while (p->transport->await(p, 1).head);
    p->transport = &transport_gone;
    rendezvous_forget(p);
}

static bool known(int proc)
{
    for (uint32_t i = 0; i < gone.count; i++)
        if (gone.proc[i] == proc)
            return true;
    return false;
}

static bool note(int local)
{
    enum rank_state s = state_of(local);
    int proc = (int)node_segment_locals(boot.segment)[local];
    if ((s != RANK_DEAD && s != RANK_NEVER) || proc == boot.rank || known(proc))
        return false;
    int *p = realloc(gone.proc, (gone.count + 1) * sizeof *p);
    struct peer *peer = p ? peer_get(proc) : NULL;
    if (p)
        gone.proc = p;
    if (!peer || peer->transport != &transport_shm)
        return false;
    peer_end(peer);
    p[gone.count++] = proc;
    return true;
}

/* The requests come after all have been noted, so that a receive from any source is told of all of them at once. */
bool reach_look_slow(void)
{
    bool any = false;
    reach_seen = atomic_load_explicit(reach_gone, memory_order_acquire);
    for (int i = 0; i < boot.local_size; i++)
        any |= note(i);
    if (!any)
        return false;
    reach_limited = true;
    each_comm(comm_end);
    requests_end();
    each_comm(comm_told);
    error_gone(gone.proc[gone.count - 1]);
    return true;
}

/* Whoever finds it first counts it. A rank that has just finalized may have ended since its state was read; one that
 * has closed all files has lost its lock. */
static void watch(int local)
{
    struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    uint32_t was = state_of(local);
    if ((was == RANK_INITIALIZED || was == RANK_LEAVING) && !boot_alive(local) && !shm_there(local) &&
        atomic_compare_exchange_strong(&s->state, &was, RANK_DEAD))
        atomic_fetch_add_explicit(&boot.segment->gone, 1, memory_order_release);
}

void reach_watch(void)
{
    static time_t last;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_sec == last)
        return;
    last = now.tv_sec;
    for (int i = 0; i < boot.local_size; i++)
        if (i != boot.local_rank)
            watch(i);
}

void reach_init(void)
{
    reach_limited = boot.local_size < boot.size;
    if (boot.segment)
        reach_gone = &boot.segment->gone;
}

void reach_fini(void)
{
    free(gone.proc);
    gone.proc = NULL;
    gone.count = 0;
    reach_gone = &nobody;
    reach_seen = 0;
}
