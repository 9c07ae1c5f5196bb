/* SPDX-License-Identifier: BSD-3-Clause
 *
 * nonblocking_vcoll: programs of the collectives whose blocks are as long as only sender and receiver know, where
 * nobody waits in them. One phase; what it says comes as a message becomes a further step of the schedule. */
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"
#include "lib/coll/shm/nonblocking.h"
#include "lib/coll/shm/vcoll.h"

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

static int from_all_at_root(const struct shm_op *o)
{
    return at_root(o) ? PHASE_ALL : PHASE_NONE;
}

static void add_recv(struct shm_op *o, const struct coll_data *d, int from)
{
    sched_recv(o->sched, (void *)(uintptr_t)d->buf, d->count, (struct datatype *)(uintptr_t)d->t, from);
}

static void add_send(struct shm_op *o, const struct coll_data *d, int to)
{
    sched_send(o->sched, d->buf, d->count, (struct datatype *)(uintptr_t)d->t, to);
}

static void copy_own(struct shm_op *o, const struct coll_data *from, const struct coll_data *to)
{
    sched_fail(o->sched, blocks_own(from, to));
}

static bool is_ours(struct shm_op *o, int r, const struct phase_cell *c, const struct coll_data *d)
{
    if (UNLIKELY(!phase_is_ours(o->a, c)))
        phase_spoil(o->a, r, c, coll_data_bytes(d));
    return !o->a->broken;
}

static void gatherv_begin(struct shm_op *o)
{
    struct coll_data mine = args_block(&o->args.send);
    o->phases = 1;
    if (!at_root(o)) {
        o->whole = coll_data_bytes(&mine);
        return;
    }
    struct coll_data to = blocks_data(&o->args.recv, o->args.root);
    if (mine.buf != MPI_IN_PLACE)
        copy_own(o, &mine, &to);
}

static bool gatherv_fits(const struct shm_op *o)
{
    return o->whole <= o->a->ring / 4;
}

static struct shm_offer gatherv_offer(struct shm_op *o)
{
    return at_root(o) ? nothing : (struct shm_offer){true, o->args.root, gatherv_fits(o) ? o->whole : 0};
}

static void gatherv_write(struct shm_op *o, char *room)
{
    struct coll_data mine = args_block(&o->args.send);
    if (!gatherv_fits(o)) {
        phase_cell(o->a, o->k, o->a->me)->where = PHASE_BY_MESSAGE;
        add_send(o, &mine, o->args.root);
    } else if (o->whole > 0) {
        phase_pack(o->a, &mine, 0, room, o->whole);
    }
}

static void gatherv_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data to = blocks_data(&o->args.recv, r);
    if (!is_ours(o, r, c, &to))
        return;
    if (c->where == PHASE_BY_MESSAGE)
        add_recv(o, &to, r);
    else
        sched_fail(o->sched, vcoll_place(&to, phase_cell_data(o->a, c), phase_whole(c)));
}

const struct shm_program shm_igatherv = {.begin = gatherv_begin,
                                         .offer = gatherv_offer,
                                         .write = gatherv_write,
                                         .source = from_all_at_root,
                                         .read = gatherv_read};

static const struct blocks *outgoing(const struct shm_op *o)
{
    return o->args.send.buf == MPI_IN_PLACE ? &o->args.recv : &o->args.send;
}

static void table_begin(struct shm_op *o)
{
    o->phases = 1;
    o->whole = vcoll_table_room(o->a, outgoing(o));
}

static void scatterv_begin(struct shm_op *o)
{
    if (!at_root(o)) {
        o->phases = 1;
        return;
    }
    table_begin(o);
    struct coll_data own = blocks_data(&o->args.send, o->args.root), mine = args_block(&o->args.recv);
    if (mine.buf != MPI_IN_PLACE)
        copy_own(o, &own, &mine);
}

static void alltoallv_begin(struct shm_op *o)
{
    table_begin(o);
    if (o->args.send.buf == MPI_IN_PLACE)
        return;
    struct coll_data own = blocks_data(&o->args.send, o->a->me), to = blocks_data(&o->args.recv, o->a->me);
    copy_own(o, &own, &to);
}

static struct shm_offer table_offer(struct shm_op *o)
{
    return (struct shm_offer){true, PHASE_ALL, o->whole};
}

static struct shm_offer scatterv_offer(struct shm_op *o)
{
    return at_root(o) ? table_offer(o) : nothing;
}

/* In place, what goes out by message is copied before anything comes in. */
static void send_copy(struct shm_op *o, const struct coll_data *d, int to)
{
    size_t n = coll_data_bytes(d);
    char *copy = sched_temp(o->sched, n);
    if (!copy)
        return;
    datatype_pack(d->t, d->buf, d->count, 0, copy, n);
    sched_send(o->sched, copy, (MPI_Count)n, &datatype_byte, to);
}

static void table_write(struct shm_op *o, char *room)
{
    const struct blocks *out = outgoing(o);
    const struct entry *table = vcoll_table_write(o->a, out, room, o->whole);
    for (int i = 1; i < o->a->n; i++) {
        int to = (o->a->me + i) % o->a->n;
        struct coll_data d = blocks_data(out, to);
        if (table[to].where != BY_MESSAGE)
            continue;
        if (out == &o->args.recv)
            send_copy(o, &d, to);
        else
            add_send(o, &d, to);
    }
}

static void table_read(struct shm_op *o, int r, const struct phase_cell *c, const struct coll_data *to)
{
    if (!is_ours(o, r, c, to))
        return;
    struct entry e = vcoll_table_entry(o->a, c);
    if (e.where == BY_MESSAGE)
        add_recv(o, to, r);
    else
        sched_fail(o->sched, vcoll_place(to, phase_cell_data(o->a, c) + e.where, e.bytes));
}

static void scatterv_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data mine = args_block(&o->args.recv);
    table_read(o, r, c, &mine);
}

static void alltoallv_read(struct shm_op *o, int r, const struct phase_cell *c)
{
    struct coll_data to = blocks_data(&o->args.recv, r);
    table_read(o, r, c, &to);
}

const struct shm_program shm_iscatterv = {
    .begin = scatterv_begin, .offer = scatterv_offer, .write = table_write, .source = from_root, .read = scatterv_read};
const struct shm_program shm_ialltoallv = {.begin = alltoallv_begin,
                                           .offer = table_offer,
                                           .write = table_write,
                                           .source = from_all,
                                           .read = alltoallv_read,
                                           .meets = true};
