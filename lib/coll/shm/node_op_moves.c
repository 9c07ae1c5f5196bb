/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_op_moves: programs of the collectives that move data, where nobody waits in them. */
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/node_blocks.h"
#include "lib/coll/shm/node_op.h"

static const struct node_offer nothing;

static bool at_root(const struct node_op *o)
{
    return o->a->me == o->args.root;
}

static int from_root(const struct node_op *o)
{
    return at_root(o) ? NODE_NONE : o->args.root;
}

static int from_all(const struct node_op *o)
{
    return NODE_ALL;
}

/* Only the root reads. */
static int from_all_at_root(const struct node_op *o)
{
    return at_root(o) ? NODE_ALL : NODE_NONE;
}

static void pack_piece(struct node_op *o, const struct node_data *d, char *room)
{
    size_t from = node_op_from(o), n = node_bytes(d);
    if (from < n)
        node_pack(o->a, d, from, room, choice_least(n - from, o->piece));
}

static void take_piece(struct node_op *o, const struct node_data *d, int r, const struct node_cell *c, const char *at)
{
    sched_fail(o->sched, node_take(o->a, d, r, c, at, node_op_from(o), o->piece));
}

static void copy_own(struct node_op *o, const struct node_data *from, const struct node_data *to)
{
    sched_fail(o->sched, blocks_own(from, to));
}

static void barrier_begin(struct node_op *o)
{
    o->whole = 0;
    o->phases = 1;
}

static struct node_offer offer_sign(struct node_op *o)
{
    return (struct node_offer){true, NODE_ALL, 0};
}

const struct node_program node_ibarrier = {.begin = barrier_begin, .offer = offer_sign, .meets = true};

/* How long it is, the root says: others begin with one phase. */
static void bcast_begin(struct node_op *o)
{
    struct node_data d = args_block(&o->args.recv);
    node_op_pieces(o, node_bytes(&d), choice_piece(o->a, node_bytes(&d), 1));
    if (!at_root(o))
        o->phases = 1;
}

static struct node_offer bcast_offer(struct node_op *o)
{
    return at_root(o) ? (struct node_offer){true, NODE_ALL, node_op_bytes(o)} : nothing;
}

static void bcast_write(struct node_op *o, char *room)
{
    struct node_data d = args_block(&o->args.recv);
    pack_piece(o, &d, room);
}

static void bcast_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data d = args_block(&o->args.recv);
    size_t whole = node_whole(c);
    sched_fail(o->sched, node_bcast_take(o->a, &d, r, c, node_op_from(o)));
    if (o->i == 0)
        node_op_pieces(o, whole, choice_piece(o->a, whole, 1));
}

const struct node_program node_ibcast = {
    .begin = bcast_begin, .offer = bcast_offer, .write = bcast_write, .source = from_root, .read = bcast_read};

static void gather_begin(struct node_op *o)
{
    struct node_data mine = args_block(&o->args.send), to = mine;
    if (at_root(o))
        to = blocks_data(&o->args.recv, o->args.root);
    node_op_pieces(o, node_bytes(&to), choice_piece(o->a, node_bytes(&to), 1));
    if (at_root(o) && mine.buf != MPI_IN_PLACE)
        copy_own(o, &mine, &to);
}

static struct node_offer gather_offer(struct node_op *o)
{
    return at_root(o) ? nothing : (struct node_offer){true, o->args.root, node_op_bytes(o)};
}

static void send_write(struct node_op *o, char *room)
{
    struct node_data mine = args_block(&o->args.send);
    pack_piece(o, &mine, room);
}

static void block_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data to = blocks_data(&o->args.recv, r);
    take_piece(o, &to, r, c, node_look(o->a, c));
}

const struct node_program node_igather = {
    .begin = gather_begin, .offer = gather_offer, .write = send_write, .source = from_all_at_root, .read = block_read};

/* In each phase a piece of every block. */
static void scatter_begin(struct node_op *o)
{
    struct node_data mine = args_block(&o->args.recv), own = mine;
    if (at_root(o))
        own = blocks_data(&o->args.send, o->args.root);
    node_op_pieces(o, node_bytes(&own), choice_each(o->a, node_bytes(&own), 1));
    if (at_root(o) && mine.buf != MPI_IN_PLACE)
        copy_own(o, &own, &mine);
}

static struct node_offer dealt(struct node_op *o)
{
    return (struct node_offer){true, NODE_ALL, o->piece * (size_t)o->a->n};
}

static struct node_offer scatter_offer(struct node_op *o)
{
    return at_root(o) ? dealt(o) : nothing;
}

static void scatter_write(struct node_op *o, char *room)
{
    node_deal(o->a, &o->args.send, room, node_op_from(o), o->piece);
}

static void scatter_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data mine = args_block(&o->args.recv);
    take_piece(o, &mine, r, c, node_look(o->a, c) + o->piece * (size_t)o->a->me);
}

const struct node_program node_iscatter = {
    .begin = scatter_begin, .offer = scatter_offer, .write = scatter_write, .source = from_root, .read = scatter_read};

/* Each says how long its own block is; there are as many phases as the longest one needs. */
static void allgather_begin(struct node_op *o)
{
    struct node_data to = blocks_data(&o->args.recv, o->a->me);
    size_t longest = node_longest(o->a, &o->args.recv);
    node_op_pieces(o, longest, choice_piece(o->a, longest, 1));
    o->whole = node_bytes(&to);
    if (o->args.send.buf != MPI_IN_PLACE) {
        struct node_data mine = args_block(&o->args.send);
        copy_own(o, &mine, &to);
    }
}

static struct node_offer allgather_offer(struct node_op *o)
{
    size_t from = node_op_from(o), left = from < o->whole ? o->whole - from : 0;
    return (struct node_offer){true, NODE_ALL, choice_least(left, o->piece)};
}

static void allgather_write(struct node_op *o, char *room)
{
    struct node_data mine = blocks_data(&o->args.recv, o->a->me);
    pack_piece(o, &mine, room);
}

const struct node_program node_iallgather = {.begin = allgather_begin,
                                             .offer = allgather_offer,
                                             .write = allgather_write,
                                             .source = from_all,
                                             .read = block_read,
                                             .meets = true};

static void alltoall_begin(struct node_op *o)
{
    struct node_data to = blocks_data(&o->args.recv, o->a->me);
    node_op_pieces(o, node_bytes(&to), choice_each(o->a, node_bytes(&to), 1));
    if (o->args.send.buf != MPI_IN_PLACE) {
        struct node_data mine = blocks_data(&o->args.send, o->a->me);
        copy_own(o, &mine, &to);
    }
}

static void alltoall_write(struct node_op *o, char *room)
{
    bool in_place = o->args.send.buf == MPI_IN_PLACE;
    node_deal(o->a, in_place ? &o->args.recv : &o->args.send, room, node_op_from(o), o->piece);
}

static void alltoall_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data to = blocks_data(&o->args.recv, r);
    take_piece(o, &to, r, c, node_look(o->a, c) + o->piece * (size_t)o->a->me);
}

const struct node_program node_ialltoall = {.begin = alltoall_begin,
                                            .offer = dealt,
                                            .write = alltoall_write,
                                            .source = from_all,
                                            .read = alltoall_read,
                                            .meets = true};
