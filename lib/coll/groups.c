/* SPDX-License-Identifier: BSD-3-Clause
 *
 * groups: collectives between two groups. */
#include "lib/coll/groups.h"

static bool leads(const struct coll_args *args)
{
    return args->comm->rank == 0;
}

static MPI_Count bytes_of(const struct blocks *v)
{
    return v->count * v->t->size;
}

static void *address_of(const struct blocks *v)
{
    return (void *)(uintptr_t)v->buf;
}

/* The leaders exchange (out, n, t) for (in, n, t), each if it is not empty. */
static void exchange(struct stages *p, const struct coll_args *args, const struct blocks *out, const struct blocks *in)
{
    if (!leads(args))
        return;
    struct sched *s = stages_messages(p);
    if (s && bytes_of(in) > 0)
        sched_recv(s, address_of(in), in->count, in->t, 0);
    if (s && bytes_of(out) > 0)
        sched_send(s, out->buf, out->count, out->t, 0);
    stages_end(p);
}

/* The leader tells its group. */
static void tell_own(struct stages *p, const struct blocks *v)
{
    if (bytes_of(v) > 0)
        stages_coll(p, &coll_bcast, &(struct coll_args){.recv = *v, .comm = p->levels->local});
}

void groups_barrier(struct stages *p, const struct coll_args *args)
{
    struct coll_args local = {.comm = p->levels->local};
    stages_coll(p, &coll_barrier, &local);
    if (leads(args)) {
        struct sched *s = stages_messages(p);
        if (s) {
            sched_recv(s, NULL, 0, &datatype_byte, 0);
            sched_send(s, NULL, 0, &datatype_byte, 0);
        }
        stages_end(p);
    }
    stages_coll(p, &coll_barrier, &local);
}

/* One message from a root to the leader of the other group, or back. */
static void root_message(struct stages *p, const struct coll_args *args, const struct blocks *v, bool to_root)
{
    struct sched *s = stages_messages(p);
    bool at_root = args_at_root(args);
    int other = at_root ? 0 : args->root;
    if (s && at_root != to_root)
        sched_send(s, v->buf, v->count, v->t, other);
    else if (s)
        sched_recv(s, address_of(v), v->count, v->t, other);
    stages_end(p);
}

void groups_bcast(struct stages *p, const struct coll_args *args)
{
    if (args_idle(args) || bytes_of(&args->recv) == 0)
        return;
    if (args_at_root(args) || leads(args))
        root_message(p, args, &args->recv, false);
    if (!args_at_root(args))
        tell_own(p, &args->recv);
}

static struct blocks packed(const void *at, MPI_Count bytes)
{
    return BLOCKS_EQUAL(at, bytes, &datatype_byte);
}

void groups_allgather(struct stages *p, const struct coll_args *args)
{
    const struct comm *c = args->comm;
    MPI_Count each = bytes_of(&args->send);
    char *own = leads(args) && each > 0 ? sched_temp(p->s, (size_t)(each * c->size)) : NULL;
    if (each > 0)
        stages_coll(p, &coll_gather, &(struct coll_args){args->send, packed(own, each), NULL, 0, p->levels->local});
    struct blocks out = packed(own, each * c->size), in = args->recv;
    in.count *= c->peer_size;
    exchange(p, args, &out, &in);
    tell_own(p, &in);
}

/* Where each block lies when all are packed, at `all`. */
static void unpack_all(struct stages *p, const struct coll_args *args, const char *all)
{
    struct sched *s = stages_messages(p);
    for (int r = 0; s && r < args->comm->peer_size; r++) {
        MPI_Count bytes = blocks_bytes(&args->recv, r);
        if (bytes > 0)
            sched_copy(s, all, bytes, &datatype_byte, blocks_at(&args->recv, r), blocks_count(&args->recv, r),
                       blocks_type(&args->recv, r));
        all += bytes;
    }
    stages_end(p);
}

static void exchange_blocks(struct stages *p, const struct coll_args *args, char *all)
{
    struct sched *s = stages_messages(p);
    for (int r = 0; s && leads(args) && r < args->comm->peer_size; r++) {
        MPI_Count bytes = blocks_bytes(&args->recv, r);
        if (bytes > 0)
            sched_recv(s, all, bytes, &datatype_byte, r);
        all += bytes;
    }
    if (s && bytes_of(&args->send) > 0)
        sched_send(s, args->send.buf, args->send.count, args->send.t, 0);
    stages_end(p);
}

void groups_allgatherv(struct stages *p, const struct coll_args *args)
{
    MPI_Count total = 0;
    for (int r = 0; r < args->comm->peer_size; r++)
        total += blocks_bytes(&args->recv, r);
    char *all = sched_temp(p->s, (size_t)total + 1);
    if (!all)
        return;
    struct blocks whole = packed(all, total);
    exchange_blocks(p, args, all);
    tell_own(p, &whole);
    unpack_all(p, args, all);
}

/* The operands of this group, n of them, come to its leader, who gets them in memory of its own; elsewhere NULL. */
static void *reduce_own(struct stages *p, const struct coll_args *args, MPI_Count n)
{
    void *to = leads(args) ? sched_temp_for(p->s, n, args->recv.t) : NULL;
    struct coll_args own = {{.buf = args->send.buf}, BLOCKS_EQUAL(to, n, args->recv.t), args->op, 0, p->levels->local};
    stages_coll(p, &coll_reduce, &own);
    return to;
}

void groups_reduce(struct stages *p, const struct coll_args *args)
{
    if (args_idle(args) || bytes_of(&args->recv) == 0)
        return;
    struct blocks v = args->recv;
    if (!args_at_root(args))
        v.buf = reduce_own(p, args, v.count);
    if (args_at_root(args) || leads(args))
        root_message(p, args, &v, true);
}

void groups_allreduce(struct stages *p, const struct coll_args *args)
{
    if (bytes_of(&args->recv) == 0)
        return;
    struct blocks out = args->recv;
    out.buf = reduce_own(p, args, out.count);
    exchange(p, args, &out, &args->recv);
    tell_own(p, &args->recv);
}

/* Where each part lies among all; NULL without memory. */
static MPI_Count *places_of(struct stages *p, const struct coll_args *args)
{
    MPI_Count *places = sched_temp(p->s, (size_t)args->comm->size * sizeof *places), at = 0;
    for (int r = 0; places && r < args->comm->size; r++) {
        places[r] = at;
        at += blocks_count(&args->recv, r);
    }
    return places;
}

/* A group's vector is as long as the other's, but may be cut into other parts. */
void groups_reduce_scatter(struct stages *p, const struct coll_args *args)
{
    const struct blocks *v = &args->recv;
    MPI_Count total = 0, own = blocks_count(v, args->comm->rank);
    for (int r = 0; r < args->comm->size; r++)
        total += blocks_count(v, r);
    MPI_Count *places = leads(args) ? places_of(p, args) : NULL;
    if (total * v->t->size == 0 || (leads(args) && !places))
        return;
    void *to = leads(args) ? sched_temp_for(p->s, total, v->t) : NULL;
    struct blocks out = BLOCKS_EQUAL(reduce_own(p, args, total), total, v->t), in = BLOCKS_EQUAL(to, total, v->t);
    exchange(p, args, &out, &in);
    struct blocks part = BLOCKS_EQUAL(v->buf, own, v->t);
    if (!v->counts.at) {
        in.count = v->count;
        stages_coll(p, &coll_scatter, &(struct coll_args){in, part, NULL, 0, p->levels->local});
        return;
    }
    struct ints at = {places, true};
    in = BLOCKS_VARYING(to, v->counts, at, v->t);
    stages_coll(p, &coll_scatterv, &(struct coll_args){in, part, NULL, 0, p->levels->local});
}

static void tell(struct stages *p, const struct coll_args *args)
{
    bool low = args->comm->low;
    if (low)
        tell_own(p, &args->recv);
    if (leads(args)) {
        struct sched *s = stages_messages(p);
        if (s && low)
            sched_send(s, args->recv.buf, args->recv.count, args->recv.t, 0);
        else if (s)
            sched_recv(s, address_of(&args->recv), args->recv.count, args->recv.t, 0);
        stages_end(p);
    }
    if (!low)
        tell_own(p, &args->recv);
}

static int tell_check(const struct coll_args *args)
{
    return MPI_SUCCESS;
}

static MPI_Count tell_bytes(const struct coll_args *args)
{
    return bytes_of(&args->recv);
}

static const struct coll_kind coll_tell = {
    "tell",
    tell_check,
    tell_bytes,
    (const struct coll_algorithm[]){{.name = "two-group", .between = TWO_GROUPS, .stages = tell}, {0}},
};

int groups_tell(struct comm *c, void *buf, MPI_Count bytes)
{
    return coll_run(&coll_tell, &(struct coll_args){.recv = packed(buf, bytes), .comm = c});
}

int groups_itell(struct comm *c, void *buf, MPI_Count bytes, MPI_Request *request)
{
    return coll_start(&coll_tell, &(struct coll_args){.recv = packed(buf, bytes), .comm = c}, request);
}
