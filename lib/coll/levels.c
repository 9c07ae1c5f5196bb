/* SPDX-License-Identifier: BSD-3-Clause
 *
 * levels: how a communicator comes to leaders, and how stages are done. */
#include "lib/coll/levels.h"
#include <stdlib.h>
#include "lib/boot/boot.h"
#include "lib/coll/base/place.h"
#include "lib/p2p/failure_sweep.h"

/* Leaders make contexts and tell them to those whom they lead; then all learn whether all have memory. */
struct making {
    struct levels *l, **out;
    struct comm *comm;
    uint64_t leaders_ctx, local_ctx;
    int *members; /* ranks of those on this node */
    int members_count;
    int ok, all;
};

void levels_free(struct levels *l)
{
    if (!l)
        return;
    comm_unref(l->local);
    comm_unref(l->leaders);
    free(l->first);
    free(l->places);
    free(l);
}

struct levels *levels_of_group(struct comm *local)
{
    struct levels *l = local ? calloc(1, sizeof *l) : NULL;
    if (l)
        l->local = local;
    else
        comm_unref(local);
    return l;
}

int levels_node_of(const struct levels *l, const struct comm *c, int rank)
{
    return l->places[place_node(comm_proc(c, rank))];
}

/* One more than the greatest number of a node; 0: one is not known. */
static int numbers_of(const struct comm *c)
{
    int most = -1;
    for (int r = 0; r < c->size; r++) {
        int node = place_node(comm_proc(c, r));
        if (node < 0)
            return 0;
        most = node > most ? node : most;
    }
    return most + 1;
}

static bool room_make(struct levels *l, int numbers)
{
    l->first = malloc((size_t)numbers * sizeof *l->first);
    l->places = malloc((size_t)numbers * sizeof *l->places);
    for (int i = 0; l->places && i < numbers; i++)
        l->places[i] = -1; /* not met */
    return l->first && l->places;
}

/* Fills it in from the places of all ranks. */
static void survey(struct making *m)
{
    struct levels *l = m->l;
    const struct comm *c = m->comm;
    int own = place_node(comm_proc(c, c->rank)), last = -1;
    l->contiguous = true;
    for (int r = 0; r < c->size; r++) {
        int node = place_node(comm_proc(c, r));
        if (l->places[node] >= 0 && node != last)
            l->contiguous = false;
        last = node;
        if (l->places[node] < 0) {
            l->places[node] = l->nodes;
            l->first[l->nodes++] = r;
        }
        if (node == own)
            m->members[m->members_count++] = r;
    }
    l->mine = l->places[own];
}

static struct comm *comm_of_ranks(struct comm *c, const int *ranks, int n, uint64_t ctx)
{
    int *procs = malloc((size_t)n * sizeof *procs);
    for (int i = 0; procs && i < n; i++)
        procs[i] = comm_proc(c, ranks[i]);
    struct group *g = procs && ctx ? group_new(procs, n) : NULL;
    struct comm *made = g ? comm_new_inner(g, ctx, c) : NULL;
    group_unref(g);
    return made;
}

static bool leads(const struct making *m)
{
    return m->members[0] == m->comm->rank;
}

static bool make_comms(struct sched *s, void *arg)
{
    struct making *m = arg;
    struct levels *l = m->l;
    l->local = comm_of_ranks(m->comm, m->members, m->members_count, m->local_ctx);
    if (leads(m))
        l->leaders = comm_of_ranks(m->comm, l->first, l->nodes, m->leaders_ctx);
    m->ok = l->local && (l->leaders || !leads(m));
    return true;
}

static bool keep_levels(struct sched *s, void *arg)
{
    struct making *m = arg;
    if (sched_error(s) == MPI_SUCCESS && m->all)
        *m->out = m->l;
    else
        levels_free(m->l);
    return true;
}

static void add_making(struct sched *s, struct making *m)
{
    struct levels *l = m->l;
    struct tree leaders = {l->nodes, l->mine, 0, l->first}, local = {m->members_count, 0, 0, m->members};
    while (m->members[local.me] != m->comm->rank)
        local.me++;
    if (leads(m)) {
        m->local_ctx = comm_ctx_new(m->comm);
        if (l->mine == 0)
            m->leaders_ctx = comm_ctx_new(m->comm);
        tree_bcast(s, &leaders, &m->leaders_ctx, sizeof m->leaders_ctx, &datatype_byte);
    }
    tree_bcast(s, &local, &m->local_ctx, sizeof m->local_ctx, &datatype_byte);
    sched_call(s, make_comms, m);
    sched_round(s);
    struct datatype *t = datatype_of(MPI_INT);
    struct coll_args all = {BLOCKS_EQUAL(&m->ok, 1, t), BLOCKS_EQUAL(&m->all, 1, t), op_of(MPI_LAND), 0, m->comm};
    messages_allreduce_doubling(s, &all);
    sched_round(s);
    sched_call(s, keep_levels, m);
    sched_round(s);
}

bool levels_make(struct sched *s, struct levels **out, struct comm *c)
{
    if (c->inter || c->size < 2)
        return false;
    int numbers = numbers_of(c);
    struct making *m = numbers > 1 ? sched_temp(s, sizeof *m) : NULL;
    int *members = m ? sched_temp(s, (size_t)boot.local_size * sizeof *members) : NULL;
    struct levels *l = members ? calloc(1, sizeof *l) : NULL;
    if (!l || !room_make(l, numbers)) {
        levels_free(l);
        return false;
    }
    *m = (struct making){.l = l, .out = out, .comm = c, .members = members};
    survey(m);
    if (l->nodes < 2 || l->nodes == c->size) {
        levels_free(l);
        return false;
    }
    add_making(s, m);
    return true;
}

/* A stage may have gone well here though another, among others, did not: then somebody has failed, and who came through
 * this collective after him can know it. */
static int whole_failed(struct comm *c)
{
    if (UNLIKELY(failed_pending()))
        failure_sweep();
    return UNLIKELY(failed_or_far) ? failure_of_all(c) : MPI_SUCCESS;
}

int stages_run(stages_fn *fn, const struct levels *l, const struct coll_args *args)
{
    if (UNLIKELY(!l))
        return MPI_ERR_NO_MEM;
    int failed = whole_failed(args->comm);
    if (failed != MPI_SUCCESS)
        return failed;
    struct stages p = {.levels = l, .s = sched_new(args->comm)};
    if (!p.s)
        return MPI_ERR_NO_MEM;
    uint64_t next = args->comm->coll_seq;
    fn(&p, args);
    args->comm->coll_seq = next;
    int rc = blocks_first(whole_failed(args->comm), blocks_first(p.rc, sched_error(p.s)));
    sched_free(p.s);
    return rc;
}

static bool check_whole(struct sched *s, void *arg)
{
    int rc = whole_failed(arg);
    if (rc != MPI_SUCCESS)
        sched_fail(s, rc);
    return true;
}

void stages_add(struct sched *s, stages_fn *fn, const struct levels *l, const struct coll_args *args)
{
    if (l)
        fn(&(struct stages){.levels = l, .s = s, .later = true}, args);
    else
        sched_fail(s, MPI_ERR_NO_MEM);
    sched_round(s);
    sched_call(s, check_whole, args->comm);
}

struct stage {
    const struct coll_kind *kind;
    struct coll_args args;
    struct comm *whole;
    uint64_t seq;
    struct request *r; /* NULL: not begun */
};

enum { STAGES = 8 };
/* Members of one communicator go through the same stages there. */
static uint64_t stage_seq(struct stages *p, const struct comm *c)
{
    int *count = c == p->levels->local ? &p->local_count : &p->leaders_count;
    return (uint64_t)sched_tag(p->s) * STAGES + (uint64_t)(*count)++;
}

struct comm *levels_turn(struct comm *c)
{
    struct comm *local = comm_local(c);
    uint64_t turn = c->coll_seq++ & 0x3fffffff;
    if (local)
        local->coll_seq = turn * STAGES;
    return local;
}

/* A member of the whole has failed: another node will not go on. */
static int stage_failed(struct stage *g)
{
    return UNLIKELY(failed_or_far) ? failure_of_all(g->whole) : MPI_SUCCESS;
}

static bool stage_go(struct sched *s, void *arg)
{
    struct stage *g = arg;
    if (!g->r)
        g->args.comm->coll_seq = g->seq;
    int rc = g->r ? MPI_SUCCESS : coll_begin(g->kind, &g->args, &g->r);
    if (rc == MPI_SUCCESS && !g->r->complete && (rc = stage_failed(g)) == MPI_SUCCESS)
        return false;
    if (rc != MPI_SUCCESS) {
        if (g->r)
            g->r->orphan = true;
    } else {
        rc = g->r->error;
        request_free(g->r);
    }
    g->r = NULL;
    if (rc != MPI_SUCCESS)
        sched_fail(s, rc);
    return true;
}

/* Without memory; or a process has failed, and what this one would bring to the next stage is nothing: who waits for it
 * learns of that failure. With other errors it goes on, since nobody would tell the others. */
static bool stages_stop(const struct stages *p)
{
    return sched_error(p->s) != MPI_SUCCESS || p->rc == MPI_ERR_PROC_ABORTED;
}

void stages_coll(struct stages *p, const struct coll_kind *k, const struct coll_args *args)
{
    uint64_t seq = stage_seq(p, args->comm);
    if (!p->later && stages_stop(p))
        return;
    if (!p->later) {
        args->comm->coll_seq = seq;
        p->rc = blocks_first(p->rc, coll_run(k, args));
        return;
    }
    struct stage *g = sched_temp(p->s, sizeof *g);
    if (!g)
        return;
    *g = (struct stage){.kind = k, .args = *args, .whole = sched_comm(p->s), .seq = seq};
    sched_call(p->s, stage_go, g);
    sched_round(p->s);
}

struct sched *stages_messages(struct stages *p)
{
    if (p->later)
        return p->messages = p->s;
    sched_comm(p->s)->coll_seq = (uint64_t)sched_tag(p->s);
    return p->messages = stages_stop(p) ? NULL : sched_new(sched_comm(p->s));
}

void stages_end(struct stages *p)
{
    if (p->later)
        sched_round(p->s);
    else
        p->rc = blocks_first(p->rc, p->messages ? sched_run(p->messages) : MPI_ERR_NO_MEM);
}
