/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_op_varying: programs of the collectives whose blocks are as long as only sender and receiver know, where nobody
 * waits in them. One phase; what it says comes as a message becomes a further step of the schedule. */
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/node_blocks.h"
#include "lib/coll/shm/node_op.h"
#include "lib/coll/shm/node_varying.h"

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

static int from_all_at_root(const struct node_op *o)
{
    return at_root(o) ? NODE_ALL : NODE_NONE;
}

static void add_recv(struct node_op *o, const struct node_data *d, int from)
{
    sched_recv(o->sched, (void *)(uintptr_t)d->buf, d->count, (struct datatype *)(uintptr_t)d->t, from);
}

static void add_send(struct node_op *o, const struct node_data *d, int to)
{
    sched_send(o->sched, d->buf, d->count, (struct datatype *)(uintptr_t)d->t, to);
}

static void copy_own(struct node_op *o, const struct node_data *from, const struct node_data *to)
{
    sched_fail(o->sched, blocks_own(from, to));
}

static bool is_ours(struct node_op *o, int r, const struct node_cell *c, const struct node_data *d)
{
    if (UNLIKELY(!node_is_ours(o->a, c)))
        node_spoil(o->a, r, c, node_bytes(d));
    return !o->a->broken;
}

static void gatherv_begin(struct node_op *o)
{
    struct node_data mine = args_block(&o->args.send);
    o->phases = 1;
    if (!at_root(o)) {
        o->whole = node_bytes(&mine);
        return;
    }
    struct node_data to = blocks_data(&o->args.recv, o->args.root);
    if (mine.buf != MPI_IN_PLACE)
        copy_own(o, &mine, &to);
}

static bool gatherv_fits(const struct node_op *o)
{
    return o->whole <= o->a->ring / 4;
}

static struct node_offer gatherv_offer(struct node_op *o)
{
    return at_root(o) ? nothing : (struct node_offer){true, o->args.root, gatherv_fits(o) ? o->whole : 0};
}

static void gatherv_write(struct node_op *o, char *room)
{
    struct node_data mine = args_block(&o->args.send);
    if (!gatherv_fits(o)) {
        node_cell(o->a, o->k, o->a->me)->where = NODE_BY_MESSAGE;
        add_send(o, &mine, o->args.root);
    } else if (o->whole > 0) {
        node_pack(o->a, &mine, 0, room, o->whole);
    }
}

static void gatherv_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data to = blocks_data(&o->args.recv, r);
    if (!is_ours(o, r, c, &to))
        return;
    if (c->where == NODE_BY_MESSAGE)
        add_recv(o, &to, r);
    else
        sched_fail(o->sched, node_place(&to, node_look(o->a, c), node_whole(c)));
}

const struct node_program node_igatherv = {.begin = gatherv_begin,
                                           .offer = gatherv_offer,
                                           .write = gatherv_write,
                                           .source = from_all_at_root,
                                           .read = gatherv_read};

static const struct blocks *outgoing(const struct node_op *o)
{
    return o->args.send.buf == MPI_IN_PLACE ? &o->args.recv : &o->args.send;
}

static void table_begin(struct node_op *o)
{
    o->phases = 1;
    o->whole = node_table_room(o->a, outgoing(o));
}

static void scatterv_begin(struct node_op *o)
{
    if (!at_root(o)) {
        o->phases = 1;
        return;
    }
    table_begin(o);
    struct node_data own = blocks_data(&o->args.send, o->args.root), mine = args_block(&o->args.recv);
    if (mine.buf != MPI_IN_PLACE)
        copy_own(o, &own, &mine);
}

static void alltoallv_begin(struct node_op *o)
{
    table_begin(o);
    if (o->args.send.buf == MPI_IN_PLACE)
        return;
    struct node_data own = blocks_data(&o->args.send, o->a->me), to = blocks_data(&o->args.recv, o->a->me);
    copy_own(o, &own, &to);
}

static struct node_offer table_offer(struct node_op *o)
{
    return (struct node_offer){true, NODE_ALL, o->whole};
}

static struct node_offer scatterv_offer(struct node_op *o)
{
    return at_root(o) ? table_offer(o) : nothing;
}

/* In place, what goes out by message is copied before anything comes in. */
static void send_copy(struct node_op *o, const struct node_data *d, int to)
{
    size_t n = node_bytes(d);
    char *copy = sched_temp(o->sched, n);
    if (!copy)
        return;
    datatype_pack(d->t, d->buf, d->count, 0, copy, n);
    sched_send(o->sched, copy, (MPI_Count)n, &datatype_byte, to);
}

static void table_write(struct node_op *o, char *room)
{
    const struct blocks *out = outgoing(o);
    const struct entry *table = node_table_write(o->a, out, room, o->whole);
    for (int i = 1; i < o->a->n; i++) {
        int to = (o->a->me + i) % o->a->n;
        struct node_data d = blocks_data(out, to);
        if (table[to].where != BY_MESSAGE)
            continue;
        if (out == &o->args.recv)
            send_copy(o, &d, to);
        else
            add_send(o, &d, to);
    }
}

static void table_read(struct node_op *o, int r, const struct node_cell *c, const struct node_data *to)
{
    if (!is_ours(o, r, c, to))
        return;
    struct entry e = node_table_entry(o->a, c);
    if (e.where == BY_MESSAGE)
        add_recv(o, to, r);
    else
        sched_fail(o->sched, node_place(to, node_look(o->a, c) + e.where, e.bytes));
}

static void scatterv_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data mine = args_block(&o->args.recv);
    table_read(o, r, c, &mine);
}

static void alltoallv_read(struct node_op *o, int r, const struct node_cell *c)
{
    struct node_data to = blocks_data(&o->args.recv, r);
    table_read(o, r, c, &to);
}

const struct node_program node_iscatterv = {.begin = scatterv_begin,
                                            .offer = scatterv_offer,
                                            .write = table_write,
                                            .source = from_root,
                                            .read = scatterv_read};
const struct node_program node_ialltoallv = {.begin = alltoallv_begin,
                                             .offer = table_offer,
                                             .write = table_write,
                                             .source = from_all,
                                             .read = alltoallv_read,
                                             .meets = true};
