/* SPDX-License-Identifier: BSD-3-Clause
 *
 * levels_moves: collectives in two levels of what is the same for all ranks. */
#include "lib/coll/levels.h"

bool fits_levels_reduce(const struct coll_shape *x)
{
    return x->levels && (x->op->commutative || x->levels->contiguous);
}

void levels_barrier(struct stages *p, const struct coll_args *args)
{
    stages_coll(p, &coll_barrier, &(struct coll_args){.comm = p->levels->local});
    if (p->levels->leaders)
        stages_coll(p, &coll_barrier, &(struct coll_args){.comm = p->levels->leaders});
    stages_coll(p, &coll_barrier, &(struct coll_args){.comm = p->levels->local});
}

/* The root's node first, then the leaders, then the other nodes. */
void levels_bcast(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    int node = levels_node_of(l, args->comm, args->root);
    struct coll_args local = *args, leaders = *args;
    local.comm = l->local;
    local.root = node == l->mine ? levels_local_rank(l, args->comm, args->root) : 0;
    leaders.comm = l->leaders;
    leaders.root = node;
    if (node == l->mine)
        stages_coll(p, &coll_bcast, &local);
    if (l->leaders)
        stages_coll(p, &coll_bcast, &leaders);
    if (node != l->mine)
        stages_coll(p, &coll_bcast, &local);
}

/* (from, to) of a reduction like args. */
static struct coll_args reduction(const struct coll_args *args, const void *from, void *to, int root, struct comm *c)
{
    struct coll_args r = *args;
    r.send.buf = from;
    r.recv.buf = to;
    r.root = root;
    r.comm = c;
    return r;
}

void levels_reduce(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    struct comm *c = args->comm;
    MPI_Count n = args->recv.count;
    struct datatype *t = args->recv.t;
    int node = levels_node_of(l, c, args->root), leader = l->first[node];
    void *part = l->leaders ? sched_temp_for(p->s, n, t) : NULL, *to = (void *)(uintptr_t)args->recv.buf;
    struct coll_args local = reduction(args, args_operand(args), part, 0, l->local);
    stages_coll(p, &coll_reduce, &local);
    if (c->rank == leader && leader != args->root)
        to = sched_temp_for(p->s, n, t);
    if (l->leaders) {
        struct coll_args leaders = reduction(args, part, to, node, l->leaders);
        stages_coll(p, &coll_reduce, &leaders);
    }
    if (leader == args->root)
        return;
    struct sched *s = stages_messages(p);
    if (s && c->rank == leader)
        sched_send(s, to, n, t, args->root);
    if (s && c->rank == args->root)
        sched_recv(s, to, n, t, leader);
    stages_end(p);
}

void levels_allreduce(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    void *to = (void *)(uintptr_t)args->recv.buf;
    struct coll_args local = reduction(args, l->leaders ? args->send.buf : args_operand(args), to, 0, l->local);
    stages_coll(p, &coll_reduce, &local);
    if (l->leaders) {
        struct coll_args leaders = reduction(args, MPI_IN_PLACE, to, 0, l->leaders);
        stages_coll(p, &coll_allreduce, &leaders);
    }
    struct coll_args tell = {.recv = args->recv, .root = 0, .comm = l->local};
    stages_coll(p, &coll_bcast, &tell);
}
