/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/p2p/left.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"

enum stage { HERE, LEAVING, LEFT }; /* what it sent until then has been delivered */
enum { GOES_ON = -1 };              /* no error class */

uint32_t left_seen;
static uint8_t *stages; /* by local rank; NULL: all are here */

static enum rank_state state_of(int local)
{
    const struct rank_status *s = node_segment_status(boot.segment, (uint32_t)local);
    /* Acquire: all that it sent before. */
    return (enum rank_state)atomic_load_explicit(&s->state, memory_order_acquire);
}

void left_tell(enum rank_state s)
{
    atomic_store_explicit(&lib.status->state, s, memory_order_release);
    if (boot.segment)
        atomic_fetch_add_explicit(&boot.segment->left, 1, memory_order_release);
}

/* It sends nothing more: what it has sent lies in the transport. */
static void drain(int proc)
{
    const struct peer *p;
    do
        transport_poll();
    while ((p = peer_table[proc]) && p->transport && p->transport->await &&
           p->transport->await((struct peer *)p, 1).head);
}

/* True: news. */
static bool look_at(int local)
{
    enum rank_state s = state_of(local);
    enum stage now = s == RANK_FINALIZED ? LEFT : s == RANK_LEAVING ? LEAVING : HERE;
    if (now <= stages[local] || local == boot.local_rank)
        return false;
    int proc = (int)node_segment_locals(boot.segment)[local];
    drain(proc);
    stages[local] = (uint8_t)now;
    struct peer *p = now == LEFT ? peer_get(proc) : NULL;
    if (p && p->transport == &transport_shm)
        p->transport = &transport_left;
    left_seen++;
    return true;
}

/* True: news. */
static bool look(void)
{
    static uint32_t seen;
    uint32_t now = boot.segment ? atomic_load_explicit(&boot.segment->left, memory_order_acquire) : 0;
    if (now == seen || (!stages && !(stages = calloc((size_t)boot.local_size, 1))))
        return false;
    bool news = false;
    seen = now;
    for (int i = 0; i < boot.local_size; i++)
        news |= look_at(i);
    return news;
}

static enum stage stage_of(int local)
{
    return local >= 0 && stages ? (enum stage)stages[local] : HERE;
}

bool left_has(int local)
{
    return stage_of(local) == LEFT;
}

int left_error(int local, const char *what)
{
    error_note(MPI_ERR_PROC_ABORTED, "rank %u of MPI_COMM_WORLD has finalized, so %s can never complete",
               node_segment_locals(boot.segment)[local], what);
    return MPI_ERR_PROC_ABORTED;
}

static const char *tag_text(struct match_key k, char text[32])
{
    snprintf(text, 32, k.tag == MPI_ANY_TAG ? "any tag" : "tag %d", k.tag);
    return text;
}

static int message_error(int local, const struct comm *c, struct match_key k, bool sends)
{
    char what[96], tag[32];
    if (k.ctx & 1)
        return left_error(local, "this operation of all members");
    snprintf(what, sizeof what, "%s %d with %s", sends ? "the send to" : "the receive from", k.source,
             tag_text(k, tag));
    return left_error(local, what);
}

/* Can nobody send on c but this process? */
static bool deserted(const struct comm *c)
{
    for (int r = 0; r < c->peer_size; r++) {
        int proc = comm_proc(c, r), local = boot_local_of(proc);
        if (proc == boot.rank && !c->inter)
            continue;
        enum rank_state s = local < 0 ? RANK_INITIALIZED : state_of(local);
        if (stage_of(local) != LEFT && s != RANK_DEAD && s != RANK_NEVER)
            return false;
    }
    return c->peer_size > 1 || c->inter;
}

/* While this thread waits, can no other one of this process call MPI? */
static bool only_thread(void)
{
    struct stat st;
    return lib.thread_level < MPI_THREAD_MULTIPLE || (stat("/proc/self/task", &st) == 0 && st.st_nlink == 3);
}

static int any_error(const struct comm *c, struct match_key k)
{
    char tag[32];
    error_note(MPI_ERR_PROC_ABORTED,
               "all other ranks of the communicator, %d in all, have ended, so the receive from any source with %s can "
               "never complete",
               c->peer_size - !c->inter, tag_text(k, tag));
    return MPI_ERR_PROC_ABORTED;
}

int left_source(struct comm *c, struct match_key k)
{
    if (match_find(k))
        return MPI_SUCCESS;
    if (k.source == MPI_ANY_SOURCE)
        return deserted(c) && only_thread() ? any_error(c, k) : MPI_SUCCESS;
    int local = boot_local_of(comm_proc(c, k.source));
    return stage_of(local) == LEFT ? message_error(local, c, k, false) : MPI_SUCCESS;
}

static bool from_any(const struct request *r)
{
    return r->type == REQ_RECV && !r->matched && r->posted.key.source == MPI_ANY_SOURCE;
}

static int receive_fate(const struct request *r)
{
    struct match_key k = r->posted.key;
    if (r->matched)
        return stage_of(r->peer->local) != LEFT ? GOES_ON : r->packet == FIN ? r->error : MPI_ERR_PROC_ABORTED;
    if (k.source == MPI_ANY_SOURCE)
        return deserted(r->comm) ? any_error(r->comm, k) : GOES_ON;
    int local = boot_local_of(comm_proc(r->comm, k.source));
    return stage_of(local) == LEFT ? message_error(local, r->comm, k, false) : GOES_ON;
}

/* Who leaves takes no message more, but still answers for those that it has taken. */
static int send_fate(const struct request *r)
{
    enum stage s = stage_of(r->peer->local);
    if (s == HERE)
        return GOES_ON;
    if (r->packet == RTS)
        return message_error(r->peer->local, r->comm, r->posted.key, true);
    if (r->packet == EAGER)
        return MPI_SUCCESS;
    return s == LEFT ? MPI_ERR_PROC_ABORTED : GOES_ON;
}

/* What it ends with if nothing else happens but what other processes do. */
static int fate(const struct request *r)
{
    bool waits = (r->type == REQ_SEND && r->peer) || r->type == REQ_RECV;
    if (!waits || !r->active || r->complete || !r->comm)
        return GOES_ON;
    return r->type == REQ_RECV ? receive_fate(r) : send_fate(r);
}

static bool end(struct request *r)
{
    int error = fate(r);
    if (error == GOES_ON)
        return false;
    if (r->type == REQ_RECV && !r->matched) {
        match_unpost(r);
        r->source = r->posted.key.source;
        r->status_tag = r->posted.key.tag;
    }
    if (r->type == REQ_SEND && r->packet == RTS)
        rendezvous_not_fetched(r);
    r->bytes = 0;
    request_complete(r, error);
    return true;
}

/* Is there nothing that this process could do about it while it waits: cancel it, or send the message itself? */
static bool needed(const struct waiter *w, const struct request *on)
{
    if (((on->ops && on->ops->cancel) || from_any(on)) && !only_thread())
        return false;
    for (int i = 0; i < w->set_size; i++) {
        const struct request *r = request_of(w->set[i]);
        if (r && r->active && fate(r) == GOES_ON)
            return false;
    }
    return true;
}

static struct request *waited; /* for the moment: what must complete before the process goes on; or NULL */

static bool is_waited(const struct request *r)
{
    struct request *part;
    if (!waited || r == waited)
        return r == waited;
    for (int i = 0; waited->ops && waited->ops->part && (part = waited->ops->part(waited, i)) != NULL; i++)
        if (r == part)
            return true;
    return false;
}

/* Will the program do nothing about it any more: cancel it? */
static bool beyond_help(const struct request *r)
{
    return r->orphan || r->posted.key.ctx & 1 || is_waited(r) ||
           atomic_load_explicit(&lib.status->state, memory_order_relaxed) == RANK_LEAVING;
}

static int fate_in_queue(const struct request *r)
{
    return r->packet == EAGER || beyond_help(r) ? fate(r) : GOES_ON;
}

static bool end_others(void)
{
    bool any = p2p_withdraw(fate_in_queue);
    for (struct request *r = obj_next(OBJ_REQUEST, NULL); r; r = obj_next(OBJ_REQUEST, r))
        if (r != waited && !r->complete && (r->type == REQ_SEND || r->type == REQ_RECV) && beyond_help(r))
            any |= end(r);
    return any;
}

/* While a program's ranks leave one by one, others may go to sleep often: only who has slept looks at everything. */
bool left_look(const struct waiter *w, const struct request *on, bool first)
{
    bool any = look();
    if (left_seen == 0)
        return false;
    waited = on && !on->complete && needed(w, on) ? (struct request *)on : NULL;
    if (any || !first)
        any |= end_others();
    else if (waited)
        any |= p2p_withdraw(fate_in_queue);
    if (waited && !waited->complete) /* last, so that its note is told */
        any |= end(waited);
    waited = NULL;
    return any || first;
}

void left_fini(void)
{
    free(stages);
    stages = NULL;
    left_seen = 0;
}
