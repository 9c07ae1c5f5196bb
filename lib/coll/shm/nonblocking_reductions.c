/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nonblocking_reductions: programs of the collectives that reduce, where nobody waits in them. */
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/nonblocking.h"

static const struct shm_offer nothing;

static bool at_root(const struct shm_op *o)
{
    return o->a->me == o->args.root;
}

static size_t unit_of(const struct shm_op *o)
{
    return (size_t)o->v.t->size;
}

static MPI_Count elements(const struct shm_op *o, size_t bytes)
{
    return (MPI_Count)(bytes / unit_of(o));
}

/* The phases of `least` bytes each; what a cell says is the piece, of which all have the same. */
static void vector_begin(struct shm_op *o)
{
    size_t whole = vector_bytes(&o->v, o->v.count);
    shm_op_pieces(o, whole, choice_piece(o->a, whole, unit_of(o)));
}

static void write_piece(struct shm_op *o, char *room)
{
    phase_write(o->a, room, o->v.own + shm_op_from(o), shm_op_bytes(o));
}

/* To my receive buffer, from the operands of all in this phase. */
static void combine_piece(struct shm_op *o)
{
    size_t at = shm_op_from(o);
    if (shm_operands(o->a, o->k, o->v.own + at, 0, o->whole) == MPI_SUCCESS)
        shm_combine(o->a, &o->v, o->v.to + at, NULL, elements(o, shm_op_bytes(o)));
}

static struct shm_offer reduce_offer(struct shm_op *o)
{
    return at_root(o) ? nothing : (struct shm_offer){true, o->args.root, shm_op_bytes(o)};
}

static int reduce_source(const struct shm_op *o)
{
    return at_root(o) ? PHASE_ALL : PHASE_NONE;
}

static void reduce_end(struct shm_op *o)
{
    if (at_root(o))
        combine_piece(o);
}

const struct shm_program shm_ireduce = {
    .begin = vector_begin, .offer = reduce_offer, .write = write_piece, .source = reduce_source, .end = reduce_end};

/* Each chunk takes two phases: all offer their operands, of which each combines a share; all offer their results. */
struct chunk {
    size_t from, first, mine; /* bytes: of the vector, and of the chunk, that is my share */
    bool results;
};

static MPI_Count share(const struct shm_op *o, MPI_Count n, int r)
{
    return n / o->a->n * r + (r < n % o->a->n ? r : n % o->a->n);
}

static struct chunk chunk_of(const struct shm_op *o, int r, size_t *bytes)
{
    size_t from = (size_t)(o->i / 2) * o->piece, all = vector_bytes(&o->v, o->v.count);
    *bytes = choice_least(all - from, o->piece);
    MPI_Count n = elements(o, *bytes);
    size_t first = vector_bytes(&o->v, share(o, n, r)), next = vector_bytes(&o->v, share(o, n, r + 1));
    return (struct chunk){from, first, next - first, o->i % 2 == 1};
}

static void allreduce_begin(struct shm_op *o)
{
    size_t bytes = vector_bytes(&o->v, o->v.count), unit = unit_of(o);
    size_t each = choice_each(o->a, bytes / (size_t)o->a->n + 1, unit);
    shm_op_pieces(o, bytes, each - each % unit ? (each - each % unit) * (size_t)o->a->n : 0);
    o->phases *= 2;
}

static struct shm_offer allreduce_offer(struct shm_op *o)
{
    size_t n;
    struct chunk c = chunk_of(o, o->a->me, &n);
    return (struct shm_offer){true, PHASE_ALL, c.results ? c.mine : n};
}

static void allreduce_write(struct shm_op *o, char *room)
{
    size_t n;
    struct chunk c = chunk_of(o, o->a->me, &n);
    if (c.results)
        phase_write(o->a, room, o->v.to + c.from + c.first, c.mine);
    else
        phase_write(o->a, room, o->v.own + c.from, n);
}

static int allreduce_source(const struct shm_op *o)
{
    return o->i % 2 ? PHASE_ALL : PHASE_NONE;
}

static void allreduce_read(struct shm_op *o, int r, const struct phase_cell *cell)
{
    size_t n;
    struct chunk c = chunk_of(o, r, &n);
    if (!phase_is_whole(o->a, cell, o->whole))
        phase_spoil(o->a, r, cell, o->whole);
    else
        bytes_copy_long(o->v.to + c.from + c.first, phase_cell_data(o->a, cell), c.mine);
}

static void allreduce_end(struct shm_op *o)
{
    size_t n;
    struct chunk c = chunk_of(o, o->a->me, &n);
    if (!c.results && shm_operands(o->a, o->k, o->v.own + c.from + c.first, c.first, o->whole) == MPI_SUCCESS)
        shm_combine(o->a, &o->v, o->v.to + c.from + c.first, NULL, elements(o, c.mine));
}

static const struct shm_program allreduce_in_parts = {.begin = allreduce_begin,
                                                      .offer = allreduce_offer,
                                                      .write = allreduce_write,
                                                      .source = allreduce_source,
                                                      .read = allreduce_read,
                                                      .end = allreduce_end,
                                                      .meets = true};

/* Short ones are one phase: of two, both combine all; of more, who comes last does it for all. */
static void whole_begin(struct shm_op *o)
{
    size_t bytes = vector_bytes(&o->v, o->v.count);
    if (bytes > choice_whole(o->a)) {
        o->program = &allreduce_in_parts;
        allreduce_begin(o);
    } else {
        shm_op_pieces(o, bytes, bytes);
    }
}

static struct shm_offer whole_offer(struct shm_op *o)
{
    return (struct shm_offer){true, PHASE_ALL, o->whole};
}

static void whole_last(struct shm_op *o, char *room)
{
    if (room && shm_operands(o->a, o->k, o->v.own, 0, o->whole) == MPI_SUCCESS)
        shm_combine(o->a, &o->v, o->v.to, room, o->v.count);
}

static void whole_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    if (o->a->n == 2)
        combine_piece(o);
    else
        bytes_copy_long(o->v.to, phase_cell_data(o->a, c), o->whole);
}

static int whole_source(const struct shm_op *o)
{
    return !o->a->me;
}

const struct shm_program shm_iallreduce = {.begin = whole_begin,
                                           .offer = whole_offer,
                                           .write = write_piece,
                                           .source = whole_source,
                                           .read = whole_read,
                                           .last = whole_last,
                                           .meets = true};

/* A chain: each waits for the one below, and adds its own for the one above. */
static struct shm_offer scan_offer(struct shm_op *o)
{
    return o->a->me < o->a->n - 1 ? (struct shm_offer){true, o->a->me + 1, shm_op_bytes(o)} : nothing;
}

static int scan_source(const struct shm_op *o)
{
    return o->a->me > 0 ? o->a->me - 1 : PHASE_NONE;
}

static void scan_piece(struct shm_op *o, bool below)
{
    const struct phase_cell *c = o->a->me > 0 ? phase_cell(o->a, o->k, o->a->me - 1) : NULL;
    if (c && !phase_is_whole(o->a, c, o->whole))
        phase_spoil(o->a, o->a->me - 1, c, o->whole);
    else
        shm_scan_piece(o->a, &o->v, c ? phase_cell_data(o->a, c) : NULL, shm_op_from(o), o->room,
                       elements(o, shm_op_bytes(o)), below);
}

static void scan_end(struct shm_op *o)
{
    scan_piece(o, false);
}

static void exscan_end(struct shm_op *o)
{
    scan_piece(o, true);
}

const struct shm_program shm_iscan = {
    .begin = vector_begin, .offer = scan_offer, .source = scan_source, .end = scan_end, .reads_first = true};
const struct shm_program shm_iexscan = {
    .begin = vector_begin, .offer = scan_offer, .source = scan_source, .end = exscan_end, .reads_first = true};

static void reduce_scatter_begin(struct shm_op *o)
{
    size_t longest = shm_longest(o->a, &o->args.recv), unit = unit_of(o), each = choice_each(o->a, longest, unit);
    shm_op_pieces(o, longest, each - each % unit);
}

static struct shm_offer reduce_scatter_offer(struct shm_op *o)
{
    return (struct shm_offer){true, PHASE_ALL, o->piece * (size_t)o->a->n};
}

static void reduce_scatter_write(struct shm_op *o, char *room)
{
    o->mine = shm_deal_parts(o->a, &o->v, &o->args.recv, room, elements(o, shm_op_from(o)), elements(o, o->piece));
    o->own = o->a->from[o->a->me];
}

static int reduce_scatter_source(const struct shm_op *o)
{
    return PHASE_NONE;
}

static void reduce_scatter_end(struct shm_op *o)
{
    if (shm_operands(o->a, o->k, o->own, o->piece * (size_t)o->a->me, o->whole) == MPI_SUCCESS)
        shm_combine(o->a, &o->v, o->v.to + shm_op_from(o), NULL, o->mine);
}

const struct shm_program shm_ireduce_scatter = {.begin = reduce_scatter_begin,
                                                .offer = reduce_scatter_offer,
                                                .write = reduce_scatter_write,
                                                .source = reduce_scatter_source,
                                                .end = reduce_scatter_end,
                                                .meets = true};
