/* SPDX-License-Identifier: BSD-3-Clause
 *
 * levels_moves: collectives in two levels. */
#include "lib/coll/levels.h"

enum { BLOCK_MOST = 16384, ALL_MOST = 1 << 20 }; /* longer ones had better not be copied once more by a leader */

bool fits_levels_reduce(const struct coll_shape *x)
{
    return x->levels && (x->op->commutative || x->levels->contiguous);
}

bool fits_levels_blocks(const struct coll_shape *x)
{
    return x->levels && x->levels->contiguous && x->bytes <= BLOCK_MOST && x->bytes * x->comm->size <= ALL_MOST;
}

static int local_rank(const struct levels *l, const struct comm *c, int rank)
{
    return group_rank_of(l->local->group, comm_proc(c, rank));
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
    local.root = node == l->mine ? local_rank(l, args->comm, args->root) : 0;
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

/* Ranks of the node at that place. */
static int node_size(const struct levels *l, const struct comm *c, int node)
{
    return (node + 1 < l->nodes ? l->first[node + 1] : c->size) - l->first[node];
}

/* What a node's blocks are when packed, at `at`. */
static struct blocks packed(const char *at, MPI_Count each)
{
    return BLOCKS_EQUAL(at, each, &datatype_byte);
}

/* Each node packs its blocks at its leader, or at the root on the root's own; leaders send them to the root. */
void levels_gather(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    struct comm *c = args->comm;
    bool at_root = c->rank == args->root;
    int node = levels_node_of(l, c, args->root);
    const struct blocks *out = &args->send;
    struct blocks own = BLOCKS_EQUAL(NULL, args->recv.count, args->recv.t);
    if (at_root && out->buf == MPI_IN_PLACE) {
        own.buf = blocks_at(&args->recv, c->rank);
        out = &own;
    }
    MPI_Count each = out->count * out->t->size;
    char *all = at_root      ? sched_temp(p->s, (size_t)(each * c->size))
                : l->leaders ? sched_temp(p->s, (size_t)(each * l->local->size))
                             : NULL;
    char *mine = at_root && all ? all + each * l->first[l->mine] : all;
    int local_root = node == l->mine ? local_rank(l, c, args->root) : 0;
    stages_coll(p, &coll_gather, &(struct coll_args){*out, packed(mine, each), NULL, local_root, l->local});
    struct sched *s = stages_messages(p);
    if (s && l->leaders && node != l->mine)
        sched_send(s, all, each * l->local->size, &datatype_byte, args->root);
    for (int i = 0; s && at_root && i < l->nodes; i++)
        if (i != node)
            sched_recv(s, all + each * l->first[i], each * node_size(l, c, i), &datatype_byte, l->first[i]);
    if (s && at_root) {
        sched_round(s);
        sched_copy(s, all, each * c->size, &datatype_byte, (void *)(uintptr_t)args->recv.buf,
                   args->recv.count * c->size, args->recv.t);
    }
    stages_end(p);
}

/* The other way round. */
void levels_scatter(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    struct comm *c = args->comm;
    bool at_root = c->rank == args->root;
    int node = levels_node_of(l, c, args->root), local_root = node == l->mine ? local_rank(l, c, args->root) : 0;
    const struct blocks *one = at_root ? &args->send : &args->recv;
    MPI_Count each = one->count * one->t->size;
    char *all = at_root      ? sched_temp(p->s, (size_t)(each * c->size))
                : l->leaders ? sched_temp(p->s, (size_t)(each * l->local->size))
                             : NULL;
    struct sched *s = stages_messages(p);
    if (s && at_root) {
        sched_copy(s, args->send.buf, args->send.count * c->size, args->send.t, all, each * c->size, &datatype_byte);
        sched_round(s);
    }
    for (int i = 0; s && at_root && i < l->nodes; i++)
        if (i != node)
            sched_send(s, all + each * l->first[i], each * node_size(l, c, i), &datatype_byte, l->first[i]);
    if (s && l->leaders && node != l->mine)
        sched_recv(s, all, each * l->local->size, &datatype_byte, args->root);
    stages_end(p);
    char *mine = at_root && all ? all + each * l->first[l->mine] : all;
    stages_coll(p, &coll_scatter, &(struct coll_args){packed(mine, each), args->recv, NULL, local_root, l->local});
}

/* Counts and places of the nodes' blocks, in bytes; NULL without memory. */
static MPI_Count *node_counts(struct stages *p, const struct comm *c, MPI_Count each)
{
    const struct levels *l = p->levels;
    MPI_Count *counts = sched_temp(p->s, 2 * (size_t)l->nodes * sizeof *counts);
    for (int i = 0; counts && i < l->nodes; i++) {
        counts[i] = each * node_size(l, c, i);
        counts[l->nodes + i] = each * l->first[i];
    }
    return counts;
}

/* Leaders gather the packed blocks of their nodes, exchange them, and tell their nodes all. */
void levels_allgather(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    struct comm *c = args->comm;
    MPI_Count each = args->recv.count * args->recv.t->size;
    struct blocks out = args->send;
    char *all = sched_temp(p->s, (size_t)(each * c->size));
    if (out.buf == MPI_IN_PLACE)
        out = BLOCKS_EQUAL(blocks_at(&args->recv, c->rank), args->recv.count, args->recv.t);
    char *mine = all ? all + each * l->first[l->mine] : NULL;
    stages_coll(p, &coll_gather, &(struct coll_args){out, packed(mine, each), NULL, 0, l->local});
    MPI_Count *counts = l->leaders ? node_counts(p, c, each) : NULL;
    if (counts) {
        struct ints n = {counts, true}, at = {counts + l->nodes, true};
        struct blocks nodes = BLOCKS_VARYING(all, n, at, &datatype_byte), in_place = packed(MPI_IN_PLACE, 0);
        stages_coll(p, &coll_allgatherv, &(struct coll_args){in_place, nodes, NULL, 0, l->leaders});
    }
    struct blocks whole = packed(all, each * c->size);
    stages_coll(p, &coll_bcast, &(struct coll_args){.recv = whole, .comm = l->local});
    struct sched *s = stages_messages(p);
    if (s)
        sched_copy(s, all, each * c->size, &datatype_byte, (void *)(uintptr_t)args->recv.buf,
                   args->recv.count * c->size, args->recv.t);
    stages_end(p);
}
