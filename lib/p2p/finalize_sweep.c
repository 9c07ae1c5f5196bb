/* SPDX-License-Identifier: BSD-3-Clause
 *
 * finalize_sweep: what ends because processes have finalized. */
#include "lib/p2p/finalize_sweep.h"
#include <stdio.h>
#include <sys/stat.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"
#include "lib/process/failed.h"
#include "lib/process/process.h"
#include "lib/request/counter.h"
#include "lib/transport/sleep.h"

enum { GOES_ON = -1 }; /* no error class */

/* It sends nothing more: what it has sent lies in the transport. */
static void peer_changed(int proc, enum stage now)
{
    struct peer *p = peer_table[proc];
    if (p)
        peer_drain(p);
    else
        transport_poll();
    if (now == GONE && peer_is_live(p = peer_get(proc)))
        peer_retire(p, &transport_finalized);
}

static const char *tag_text(struct match_key k, char text[32])
{
    snprintf(text, 32, k.tag == MPI_ANY_TAG ? "any tag" : "tag %d", k.tag);
    return text;
}

static int message_error(int proc, const struct comm *c, struct match_key k, bool sends)
{
    char what[96], tag[32];
    if (k.ctx & 1)
        return finalized_error(proc, "this operation of all members");
    snprintf(what, sizeof what, "%s %d with %s", sends ? "the send to" : "the receive from", k.source,
             tag_text(k, tag));
    return finalized_error(proc, what);
}

/* Can nobody send on c but this process? */
static bool deserted(const struct comm *c)
{
    for (int r = 0; r < c->peer_size; r++) {
        int proc = comm_proc(c, r), local = boot_local_of(proc);
        if (proc == process_self && !c->inter)
            continue;
        enum rank_state s = local < 0 ? RANK_INITIALIZED : process_state(local);
        if (finalized_stage(proc, c->session) != FINALIZED && s != RANK_DEAD && s != RANK_NEVER)
            return false;
    }
    return c->peer_size > 1 || c->inter;
}

/* While this thread waits, can no other one of this process call MPI? */
static bool only_thread(void)
{
    struct stat st;
    return lib.thread_level < MPI_THREAD_MULTIPLE ||
           (stat("/proc/self/task", &st) == 0 && st.st_nlink == 3u + (unsigned)(sleep_threads() + lib.threads));
}

static int any_error(const struct comm *c, struct match_key k)
{
    char tag[32];
    error_detail_set(
        MPI_ERR_PROC_ABORTED,
        "all other ranks of the communicator, %d in all, have ended, so the receive from any source with %s can "
        "never complete",
        c->peer_size - !c->inter, tag_text(k, tag));
    return MPI_ERR_PROC_ABORTED;
}

int finalize_of_source(struct comm *c, struct match_key k)
{
    if (unexpected_find(k))
        return MPI_SUCCESS;
    if (k.source == MPI_ANY_SOURCE)
        return deserted(c) && only_thread() ? any_error(c, k) : MPI_SUCCESS;
    int proc = comm_proc(c, k.source);
    return finalized_stage(proc, c->session) == FINALIZED ? message_error(proc, c, k, false) : MPI_SUCCESS;
}

static bool from_any(const struct request *r)
{
    return r->type == REQ_RECV && !r->matched && ((const struct p2p_request *)r)->posted.key.source == MPI_ANY_SOURCE;
}

static int receive_fate(const struct p2p_request *r)
{
    struct match_key k = r->posted.key;
    if (r->head.matched)
        return finalized_stage(r->peer->proc, r->head.comm->session) != FINALIZED ? GOES_ON
               : r->head.stage == FIN                                             ? r->head.error
                                                                                  : MPI_ERR_PROC_ABORTED;
    if (k.source == MPI_ANY_SOURCE)
        return deserted(r->head.comm) ? any_error(r->head.comm, k) : GOES_ON;
    int proc = comm_proc(r->head.comm, k.source);
    return finalized_stage(proc, r->head.comm->session) == FINALIZED ? message_error(proc, r->head.comm, k, false)
                                                                     : GOES_ON;
}

/* A rank in MPI_Finalize matches no new message, but completes rendezvous transfers already matched. */
static int send_fate(const struct p2p_request *r)
{
    enum stage s = finalized_stage(r->peer->proc, r->head.comm->session);
    if (s == ACTIVE)
        return GOES_ON;
    if (r->head.stage == RTS)
        return message_error(r->peer->proc, r->head.comm, r->posted.key, true);
    if (r->head.stage == EAGER)
        return MPI_SUCCESS;
    return s == FINALIZED ? MPI_ERR_PROC_ABORTED : GOES_ON;
}

/* What it ends with if nothing else happens but what other processes do. */
static int fate(const struct p2p_request *r)
{
    if (!is_message(&r->head) || !r->head.active || r->head.complete || (r->head.type == REQ_SEND && !r->peer))
        return GOES_ON;
    return r->head.type == REQ_RECV ? receive_fate(r) : send_fate(r);
}

static bool end(struct p2p_request *r)
{
    int error = fate(r);
    if (error == GOES_ON || fetch_doom(r, error))
        return false;
    if (r->head.type == REQ_RECV && !r->head.matched) {
        match_unpost(r);
        r->head.source = r->posted.key.source;
        r->head.tag = r->posted.key.tag;
    }
    if (r->head.type == REQ_SEND && r->head.stage == RTS)
        rendezvous_not_fetched(r);
    r->head.bytes = 0;
    request_complete(&r->head, error);
    return true;
}

/* Is there nothing that this process could do about it while it waits: cancel it, or send the message itself? */
static bool needed(const struct waiter *w, const struct request *on)
{
    if ((on->ops->cancel || from_any(on)) && !only_thread())
        return false;
    for (int i = 0; i < w->set_size; i++) {
        struct request *r = request_of(w->set[i]);
        if (r && r->active && fate(p2p_request_of(r)) == GOES_ON)
            return false;
    }
    return true;
}

static struct request *waited; /* for the moment: what must complete before the process goes on; or NULL */

/* It, or what it is part of. */
static bool is_waited(const struct request *r)
{
    while (r && r != waited)
        r = r->counted ? r->parent->request : NULL;
    return r != NULL;
}

/* Will the program do nothing about it any more: cancel it? */
static bool beyond_help(const struct p2p_request *r)
{
    return r->head.orphan || r->posted.key.ctx & 1 || is_waited(&r->head) || lib.leaving;
}

static int fate_in_queue(const struct p2p_request *r)
{
    return r->head.stage == EAGER || beyond_help(r) ? fate(r) : GOES_ON;
}

static bool end_others(void)
{
    bool any = send_queue_purge(fate_in_queue);
    for (struct request *r = obj_next(OBJ_REQUEST, NULL); r; r = obj_next(OBJ_REQUEST, r))
        if (r != waited && !r->complete && is_message(r) && beyond_help(p2p_request_of(r)))
            any |= end(p2p_request_of(r));
    return any;
}

/* While a program's ranks leave one by one, others may go to sleep often: only who has slept looks at everything. */
bool finalize_sweep(const struct waiter *w, const struct request *on, bool first)
{
    bool any = finalized_scan(peer_changed);
    if (finalized_seen == 0)
        return false;
    waited = on && !on->complete && needed(w, on) ? (struct request *)on : NULL;
    if (any || !first)
        any |= end_others();
    else if (waited)
        any |= send_queue_purge(fate_in_queue);
    if (waited && !waited->complete) /* last, so that its note is told */
        any |= end(p2p_request_of(waited));
    waited = NULL;
    return any || first;
}
