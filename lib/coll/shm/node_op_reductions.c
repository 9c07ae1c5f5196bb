/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_op_reductions: programs of the collectives that reduce, where nobody waits in them. */
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/node_blocks.h"
#include "lib/coll/shm/node_op.h"

static const struct node_offer nothing;

static bool at_root(const struct node_op *o)
{
    return o->a->me == o->args.root;
}

static size_t unit_of(const struct node_op *o)
{
    return (size_t)o->v.t->size;
}

static MPI_Count elements(const struct node_op *o, size_t bytes)
{
    return (MPI_Count)(bytes / unit_of(o));
}

/* The phases of `least` bytes each; what a cell says is the piece, of which all have the same. */
static void vector_begin(struct node_op *o)
{
    size_t whole = vector_bytes(&o->v, o->v.count);
    node_op_pieces(o, whole, choice_piece(o->a, whole, unit_of(o)));
}

static void write_piece(struct node_op *o, char *room)
{
    node_write(o->a, room, o->v.own + node_op_from(o), node_op_bytes(o));
}

/* To my receive buffer, from the operands of all in this phase. */
static void combine_piece(struct node_op *o)
{
    size_t at = node_op_from(o);
    if (node_operands(o->a, o->k, o->v.own + at, 0, o->whole) == MPI_SUCCESS)
        node_combine(o->a, &o->v, o->v.to + at, NULL, elements(o, node_op_bytes(o)));
}

static struct node_offer reduce_offer(struct node_op *o)
{
    return at_root(o) ? nothing : (struct node_offer){true, o->args.root, node_op_bytes(o)};
}

static int reduce_source(const struct node_op *o)
{
    return at_root(o) ? NODE_ALL : NODE_NONE;
}

static void reduce_end(struct node_op *o)
{
    if (at_root(o))
        combine_piece(o);
}

const struct node_program node_ireduce = {.begin = vector_begin,
                                          .offer = reduce_offer,
                                          .write = write_piece,
                                          .source = reduce_source,
                                          .end = reduce_end};

/* Each chunk takes two phases: all offer their operands, of which each combines a share; all offer their results. */
struct chunk {
    size_t from, first, mine; /* bytes: of the vector, and of the chunk, that is my share */
    bool results;
};

static MPI_Count share(const struct node_op *o, MPI_Count n, int r)
{
    return n / o->a->n * r + (r < n % o->a->n ? r : n % o->a->n);
}

static struct chunk chunk_of(const struct node_op *o, int r, size_t *bytes)
{
    size_t from = (size_t)(o->i / 2) * o->piece, all = vector_bytes(&o->v, o->v.count);
    *bytes = choice_least(all - from, o->piece);
    MPI_Count n = elements(o, *bytes);
    size_t first = vector_bytes(&o->v, share(o, n, r)), next = vector_bytes(&o->v, share(o, n, r + 1));
    return (struct chunk){from, first, next - first, o->i % 2 == 1};
}

static void allreduce_begin(struct node_op *o)
{
    size_t bytes = vector_bytes(&o->v, o->v.count), unit = unit_of(o);
    size_t each = choice_each(o->a, bytes / (size_t)o->a->n + 1, unit);
    node_op_pieces(o, bytes, each - each % unit ? (each - each % unit) * (size_t)o->a->n : 0);
    o->phases *= 2;
}

static struct node_offer allreduce_offer(struct node_op *o)
{
    size_t n;
    struct chunk c = chunk_of(o, o->a->me, &n);
    return (struct node_offer){true, NODE_ALL, c.results ? c.mine : n};
}

static void allreduce_write(struct node_op *o, char *room)
{
    size_t n;
    struct chunk c = chunk_of(o, o->a->me, &n);
    if (c.results)
        node_write(o->a, room, o->v.to + c.from + c.first, c.mine);
    else
        node_write(o->a, room, o->v.own + c.from, n);
}

static int allreduce_source(const struct node_op *o)
{
    return o->i % 2 ? NODE_ALL : NODE_NONE;
}

static void allreduce_read(struct node_op *o, int r, const struct node_cell *cell)
{
    size_t n;
    struct chunk c = chunk_of(o, r, &n);
    if (!node_is_whole(o->a, cell, o->whole))
        node_spoil(o->a, r, cell, o->whole);
    else
        bytes_copy_long(o->v.to + c.from + c.first, node_look(o->a, cell), c.mine);
}

static void allreduce_end(struct node_op *o)
{
    size_t n;
    struct chunk c = chunk_of(o, o->a->me, &n);
    if (!c.results && node_operands(o->a, o->k, o->v.own + c.from + c.first, c.first, o->whole) == MPI_SUCCESS)
        node_combine(o->a, &o->v, o->v.to + c.from + c.first, NULL, elements(o, c.mine));
}

static const struct node_program allreduce_in_parts = {.begin = allreduce_begin,
                                                       .offer = allreduce_offer,
                                                       .write = allreduce_write,
                                                       .source = allreduce_source,
                                                       .read = allreduce_read,
                                                       .end = allreduce_end,
                                                       .meets = true};

/* Short ones are one phase: of two, both combine all; of more, who comes last does it for all. */
static void whole_begin(struct node_op *o)
{
    size_t bytes = vector_bytes(&o->v, o->v.count);
    if (bytes > choice_whole(o->a)) {
        o->program = &allreduce_in_parts;
        allreduce_begin(o);
    } else {
        node_op_pieces(o, bytes, bytes);
    }
}

static struct node_offer whole_offer(struct node_op *o)
{
    return (struct node_offer){true, NODE_ALL, o->whole};
}

static void whole_last(struct node_op *o, char *room)
{
    if (room && node_operands(o->a, o->k, o->v.own, 0, o->whole) == MPI_SUCCESS)
        node_combine(o->a, &o->v, o->v.to, room, o->v.count);
}

static void whole_read(struct node_op *o, int r, const struct node_cell *c)
{
    if (o->a->n == 2)
        combine_piece(o);
    else
        bytes_copy_long(o->v.to, node_look(o->a, c), o->whole);
}

static int whole_source(const struct node_op *o)
{
    return !o->a->me;
}

const struct node_program node_iallreduce = {.begin = whole_begin,
                                             .offer = whole_offer,
                                             .write = write_piece,
                                             .source = whole_source,
                                             .read = whole_read,
                                             .last = whole_last,
                                             .meets = true};

/* A chain: each waits for the one below, and adds its own for the one above. */
static struct node_offer scan_offer(struct node_op *o)
{
    return o->a->me < o->a->n - 1 ? (struct node_offer){true, o->a->me + 1, node_op_bytes(o)} : nothing;
}

static int scan_source(const struct node_op *o)
{
    return o->a->me > 0 ? o->a->me - 1 : NODE_NONE;
}

static void scan_piece(struct node_op *o, bool below)
{
    const struct node_cell *c = o->a->me > 0 ? node_cell(o->a, o->k, o->a->me - 1) : NULL;
    if (c && !node_is_whole(o->a, c, o->whole))
        node_spoil(o->a, o->a->me - 1, c, o->whole);
    else
        node_scan_piece(o->a, &o->v, c ? node_look(o->a, c) : NULL, node_op_from(o), o->room,
                        elements(o, node_op_bytes(o)), below);
}

static void scan_end(struct node_op *o)
{
    scan_piece(o, false);
}

static void exscan_end(struct node_op *o)
{
    scan_piece(o, true);
}

const struct node_program node_iscan = {
    .begin = vector_begin, .offer = scan_offer, .source = scan_source, .end = scan_end, .reads_first = true};
const struct node_program node_iexscan = {
    .begin = vector_begin, .offer = scan_offer, .source = scan_source, .end = exscan_end, .reads_first = true};

static void reduce_scatter_begin(struct node_op *o)
{
    size_t longest = node_longest(o->a, &o->args.recv), unit = unit_of(o), each = choice_each(o->a, longest, unit);
    node_op_pieces(o, longest, each - each % unit);
}

static struct node_offer reduce_scatter_offer(struct node_op *o)
{
    return (struct node_offer){true, NODE_ALL, o->piece * (size_t)o->a->n};
}

static void reduce_scatter_write(struct node_op *o, char *room)
{
    o->mine = node_deal_parts(o->a, &o->v, &o->args.recv, room, elements(o, node_op_from(o)), elements(o, o->piece));
    o->own = o->a->from[o->a->me];
}

static int reduce_scatter_source(const struct node_op *o)
{
    return NODE_NONE;
}

static void reduce_scatter_end(struct node_op *o)
{
    if (node_operands(o->a, o->k, o->own, o->piece * (size_t)o->a->me, o->whole) == MPI_SUCCESS)
        node_combine(o->a, &o->v, o->v.to + node_op_from(o), NULL, o->mine);
}

const struct node_program node_ireduce_scatter = {.begin = reduce_scatter_begin,
                                                  .offer = reduce_scatter_offer,
                                                  .write = reduce_scatter_write,
                                                  .source = reduce_scatter_source,
                                                  .end = reduce_scatter_end,
                                                  .meets = true};
