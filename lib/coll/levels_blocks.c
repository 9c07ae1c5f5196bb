/* SPDX-License-Identifier: BSD-3-Clause
 *
 * levels_blocks: collectives in two levels of a block for each rank. Those of a node follow one another. */
#include <string.h>
#include "lib/coll/levels.h"
#include "lib/core/knobs.h"

enum { BLOCK_MOST = 16384, ALL_MOST = 1 << 20 }; /* longer ones had better not be copied once more by a leader */

bool fits_levels_blocks(const struct coll_shape *x)
{
    return x->levels && x->levels->contiguous && x->bytes <= BLOCK_MOST && x->bytes * x->comm->size <= ALL_MOST;
}

bool fits_levels_alltoall(const struct coll_shape *x)
{
    return fits_levels_blocks(x) && x->bytes * x->comm->size * (x->comm->size / x->levels->nodes + 1) <= ALL_MOST;
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
    int local_root = node == l->mine ? levels_local_rank(l, c, args->root) : 0;
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
    int node = levels_node_of(l, c, args->root), local_root = node == l->mine ? levels_local_rank(l, c, args->root) : 0;
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

/* What the leader of a node changes the order of: blocks of its own ranks and all others. */
struct shuffle {
    const struct levels *l;
    const struct comm *comm;
    char *by_rank; /* of each own rank, what it has for or from all */
    char *by_node; /* of each node, the blocks of its ranks with those of this one, in the order of senders */
    MPI_Count each;
};

static char *place_by_node(const struct shuffle *x, int node)
{
    return x->by_node + x->each * x->l->local->size * x->l->first[node];
}

static char *place_by_rank(const struct shuffle *x, int local, int rank)
{
    return x->by_rank + x->each * ((MPI_Count)local * x->comm->size + rank);
}

static bool shuffle_out(struct sched *s, void *arg)
{
    const struct shuffle *x = arg;
    for (int i = 0; i < x->l->nodes; i++) {
        size_t bytes = (size_t)(x->each * node_size(x->l, x->comm, i));
        for (int k = 0; k < x->l->local->size; k++)
            memcpy(place_by_node(x, i) + (size_t)k * bytes, place_by_rank(x, k, x->l->first[i]), bytes);
    }
    return true;
}

static bool shuffle_in(struct sched *s, void *arg)
{
    const struct shuffle *x = arg;
    int locals = x->l->local->size;
    for (int i = 0; i < x->l->nodes; i++)
        for (int k = 0; k < node_size(x->l, x->comm, i); k++)
            for (int to = 0; to < locals; to++)
                memcpy(place_by_rank(x, to, x->l->first[i] + k),
                       place_by_node(x, i) + x->each * ((MPI_Count)k * locals + to), (size_t)x->each);
    return true;
}

static void stages_call(struct stages *p, sched_fn *fn, void *arg)
{
    struct sched *s = stages_messages(p);
    if (s)
        sched_call(s, fn, arg);
    stages_end(p);
}

/* The leader has one message for each node. */
static void exchange_nodes(struct stages *p, const struct comm *c, struct shuffle *x)
{
    MPI_Count each = x->each * p->levels->local->size, *counts = node_counts(p, c, each);
    char *in = sched_temp(p->s, (size_t)(each * c->size));
    if (!counts || !in)
        return;
    struct shuffle *back = sched_temp(p->s, sizeof *back);
    if (!back)
        return;
    *back = *x;
    back->by_node = in;
    struct ints n = {counts, true}, at = {counts + p->levels->nodes, true};
    struct blocks from = BLOCKS_VARYING(x->by_node, n, at, &datatype_byte);
    struct blocks to = BLOCKS_VARYING(in, n, at, &datatype_byte);
    stages_call(p, shuffle_out, x);
    stages_coll(p, &coll_alltoallv, &(struct coll_args){from, to, NULL, 0, p->levels->leaders});
    stages_call(p, shuffle_in, back);
}

/* Copies on a node are fast: a few of all that a leader has take as long as sending it once would. */
bool alltoall_levels_pays(const struct coll_shape *x)
{
    MPI_Count n = x->comm->size, nodes = x->levels->nodes, locals = (n + nodes - 1) / nodes;
    MPI_Count flat = (n - locals) * ((MPI_Count)knobs.COLL_MESSAGE_BYTES + x->bytes);
    return nodes * (MPI_Count)knobs.COLL_MESSAGE_BYTES + locals * n * x->bytes < flat;
}

/* What the ranks of two nodes have for one another is one message between their leaders. */
void levels_alltoall(struct stages *p, const struct coll_args *args)
{
    const struct levels *l = p->levels;
    struct comm *c = args->comm;
    const struct blocks *out = args->send.buf == MPI_IN_PLACE ? &args->recv : &args->send;
    MPI_Count each = args->recv.count * args->recv.t->size, all = each * c->size;
    struct blocks mine = BLOCKS_EQUAL(out->buf, out->count * c->size, out->t);
    struct blocks got = BLOCKS_EQUAL(args->recv.buf, args->recv.count * c->size, args->recv.t);
    struct shuffle *x = l->leaders ? sched_temp(p->s, sizeof *x) : NULL;
    if (x)
        *x = (struct shuffle){.l = l,
                              .comm = c,
                              .by_rank = sched_temp(p->s, (size_t)(all * l->local->size)),
                              .by_node = sched_temp(p->s, (size_t)(all * l->local->size)),
                              .each = each};
    char *by_rank = x ? x->by_rank : NULL;
    stages_coll(p, &coll_gather, &(struct coll_args){mine, packed(by_rank, all), NULL, 0, l->local});
    if (x && by_rank && x->by_node)
        exchange_nodes(p, c, x);
    stages_coll(p, &coll_scatter, &(struct coll_args){packed(by_rank, all), got, NULL, 0, l->local});
}
