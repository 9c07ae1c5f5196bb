/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nonblocking_moves: programs of the collectives that move data, where nobody waits in them. */
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/nonblocking.h"

static const struct shm_offer nothing;

static bool at_root(const struct shm_op *o)
{
    return o->a->me == o->args.root;
}

static int from_root(const struct shm_op *o)
{
    return at_root(o) ? PHASE_NONE : o->args.root;
}

static int from_all(const struct shm_op *o)
{
    return PHASE_ALL;
}

/* Only the root reads. */
static int from_all_at_root(const struct shm_op *o)
{
    return at_root(o) ? PHASE_ALL : PHASE_NONE;
}

static void pack_piece(struct shm_op *o, const struct coll_data *d, char *room)
{
    size_t from = shm_op_from(o), n = coll_data_bytes(d);
    if (from < n)
        phase_pack(o->a, d, from, room, choice_least(n - from, o->piece));
}

static void take_piece(struct shm_op *o, const struct coll_data *d, int r, const struct phase_cell *c, const char *at)
{
    sched_fail(o->sched, shm_take(o->a, d, r, c, at, shm_op_from(o), o->piece));
}

static void copy_own(struct shm_op *o, const struct coll_data *from, const struct coll_data *to)
{
    sched_fail(o->sched, blocks_own(from, to));
}

static void barrier_begin(struct shm_op *o)
{
    o->whole = 0;
    o->phases = 1;
}

static struct shm_offer offer_sign(struct shm_op *o)
{
    return (struct shm_offer){true, PHASE_ALL, 0};
}

const struct shm_program shm_ibarrier = {.begin = barrier_begin, .offer = offer_sign, .meets = true};

/* How long it is, the root says: others begin with one phase. */
static void bcast_begin(struct shm_op *o)
{
    struct coll_data d = args_block(&o->args.recv);
    shm_op_pieces(o, coll_data_bytes(&d), choice_piece(o->a, coll_data_bytes(&d), 1));
    if (!at_root(o))
        o->phases = 1;
}

static struct shm_offer bcast_offer(struct shm_op *o)
{
    return at_root(o) ? (struct shm_offer){true, PHASE_ALL, shm_op_bytes(o)} : nothing;
}

static void bcast_write(struct shm_op *o, char *room)
{
    struct coll_data d = args_block(&o->args.recv);
    pack_piece(o, &d, room);
}

static void bcast_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data d = args_block(&o->args.recv);
    size_t whole = phase_whole(c);
    sched_fail(o->sched, shm_bcast_take(o->a, &d, r, c, shm_op_from(o)));
    if (o->i == 0)
        shm_op_pieces(o, whole, choice_piece(o->a, whole, 1));
}

const struct shm_program shm_ibcast = {
    .begin = bcast_begin, .offer = bcast_offer, .write = bcast_write, .source = from_root, .read = bcast_read};

static void gather_begin(struct shm_op *o)
{
    struct coll_data mine = args_block(&o->args.send), to = mine;
    if (at_root(o))
        to = blocks_data(&o->args.recv, o->args.root);
    shm_op_pieces(o, coll_data_bytes(&to), choice_piece(o->a, coll_data_bytes(&to), 1));
    if (at_root(o) && mine.buf != MPI_IN_PLACE)
        copy_own(o, &mine, &to);
}

static struct shm_offer gather_offer(struct shm_op *o)
{
    return at_root(o) ? nothing : (struct shm_offer){true, o->args.root, shm_op_bytes(o)};
}

static void send_write(struct shm_op *o, char *room)
{
    struct coll_data mine = args_block(&o->args.send);
    pack_piece(o, &mine, room);
}

static void block_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data to = blocks_data(&o->args.recv, r);
    take_piece(o, &to, r, c, phase_cell_data(o->a, c));
}

const struct shm_program shm_igather = {
    .begin = gather_begin, .offer = gather_offer, .write = send_write, .source = from_all_at_root, .read = block_read};

/* In each phase a piece of every block. */
static void scatter_begin(struct shm_op *o)
{
    struct coll_data mine = args_block(&o->args.recv), own = mine;
    if (at_root(o))
        own = blocks_data(&o->args.send, o->args.root);
    shm_op_pieces(o, coll_data_bytes(&own), choice_each(o->a, coll_data_bytes(&own), 1));
    if (at_root(o) && mine.buf != MPI_IN_PLACE)
        copy_own(o, &own, &mine);
}

static struct shm_offer dealt(struct shm_op *o)
{
    return (struct shm_offer){true, PHASE_ALL, o->piece * (size_t)o->a->n};
}

static struct shm_offer scatter_offer(struct shm_op *o)
{
    return at_root(o) ? dealt(o) : nothing;
}

static void scatter_write(struct shm_op *o, char *room)
{
    shm_deal(o->a, &o->args.send, room, shm_op_from(o), o->piece);
}

static void scatter_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data mine = args_block(&o->args.recv);
    take_piece(o, &mine, r, c, phase_cell_data(o->a, c) + o->piece * (size_t)o->a->me);
}

const struct shm_program shm_iscatter = {
    .begin = scatter_begin, .offer = scatter_offer, .write = scatter_write, .source = from_root, .read = scatter_read};

/* Each says how long its own block is; there are as many phases as the longest one needs. */
static void allgather_begin(struct shm_op *o)
{
    struct coll_data to = blocks_data(&o->args.recv, o->a->me);
    size_t longest = shm_longest(o->a, &o->args.recv);
    shm_op_pieces(o, longest, choice_piece(o->a, longest, 1));
    o->whole = coll_data_bytes(&to);
    if (o->args.send.buf != MPI_IN_PLACE) {
        struct coll_data mine = args_block(&o->args.send);
        copy_own(o, &mine, &to);
    }
}

static struct shm_offer allgather_offer(struct shm_op *o)
{
    size_t from = shm_op_from(o), left = from < o->whole ? o->whole - from : 0;
    return (struct shm_offer){true, PHASE_ALL, choice_least(left, o->piece)};
}

static void allgather_write(struct shm_op *o, char *room)
{
    struct coll_data mine = blocks_data(&o->args.recv, o->a->me);
    pack_piece(o, &mine, room);
}

const struct shm_program shm_iallgather = {.begin = allgather_begin,
                                           .offer = allgather_offer,
                                           .write = allgather_write,
                                           .source = from_all,
                                           .read = block_read,
                                           .meets = true};

static void alltoall_begin(struct shm_op *o)
{
    struct coll_data to = blocks_data(&o->args.recv, o->a->me);
    shm_op_pieces(o, coll_data_bytes(&to), choice_each(o->a, coll_data_bytes(&to), 1));
    if (o->args.send.buf != MPI_IN_PLACE) {
        struct coll_data mine = blocks_data(&o->args.send, o->a->me);
        copy_own(o, &mine, &to);
    }
}

static void alltoall_write(struct shm_op *o, char *room)
{
    bool in_place = o->args.send.buf == MPI_IN_PLACE;
    shm_deal(o->a, in_place ? &o->args.recv : &o->args.send, room, shm_op_from(o), o->piece);
}

static void alltoall_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data to = blocks_data(&o->args.recv, r);
    take_piece(o, &to, r, c, phase_cell_data(o->a, c) + o->piece * (size_t)o->a->me);
}

const struct shm_program shm_ialltoall = {.begin = alltoall_begin,
                                          .offer = dealt,
                                          .write = alltoall_write,
                                          .source = from_all,
                                          .read = alltoall_read,
                                          .meets = true};
