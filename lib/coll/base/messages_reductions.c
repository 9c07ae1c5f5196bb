/* SPDX-License-Identifier: BSD-3-Clause
 *
 * messages_reductions: schedules of the collectives that reduce. */
#include "lib/coll/base/messages.h"

/* Binomial: rank r takes over what r + mask has gathered, whose ranks all lie above its own. */
void tree_reduce(struct sched *s, const void *from, void *to, MPI_Count n, struct datatype *t, struct op *op, int root,
                 const struct comm *c)
{
    int size = c->size, base = op->commutative ? root : 0, me = (c->rank - base + size) % size;
    if (size == 1) {
        if (from != to)
            sched_copy(s, from, n, t, to, n, t);
        return;
    }
    bool here = c->rank == root;
    const void *mine = from;
    void *spare[2] = {NULL, NULL};
    int next = 0;
    for (int mask = 1; mask < size; mask <<= 1) {
        if (me & mask) {
            sched_send(s, mine, n, t, (me - mask + base) % size);
            sched_round(s);
            break;
        }
        if (me + mask >= size)
            continue;
        if (!spare[next])
            spare[next] = sched_temp_for(s, n, t);
        sched_recv(s, spare[next], n, t, (me + mask + base) % size);
        sched_round(s);
        sched_reduce(s, mine, spare[next], n, t, op);
        mine = spare[next];
        next = !next;
    }
    sched_round(s);
    if (base != root && c->rank == base) {
        sched_send(s, mine, n, t, root);
    } else if (here && base == root) {
        sched_copy(s, mine, n, t, to, n, t);
    } else if (here) {
        sched_recv(s, to, n, t, base);
    }
    sched_round(s);
}

void messages_reduce(struct sched *s, const struct coll_args *a)
{
    tree_reduce(s, args_operand(a), (void *)(uintptr_t)a->recv.buf, a->recv.count, a->recv.t, a->op, a->root, a->comm);
}

static MPI_Count part_count(const struct coll_args *a, int r)
{
    return blocks_count(&a->recv, r);
}

void messages_reduce_scatter(struct sched *s, const struct coll_args *a)
{
    const struct comm *c = a->comm;
    struct datatype *t = a->recv.t;
    MPI_Count total = 0, at = 0, mine = part_count(a, c->rank);
    void *to = (void *)(uintptr_t)a->recv.buf;
    for (int r = 0; r < c->size; r++)
        total += part_count(a, r);
    void *all = c->rank == 0 ? sched_temp_for(s, total, t) : NULL;
    tree_reduce(s, args_operand(a), all, total, t, a->op, 0, c);
    if (c->rank > 0) {
        if (mine > 0)
            sched_recv(s, to, mine, t, 0);
        return;
    }
    for (int r = 0; r < c->size; r++) {
        MPI_Count n = part_count(a, r);
        if (r == 0)
            sched_copy(s, all, n, t, to, n, t);
        else if (n > 0)
            sched_send(s, args_at(all, at, t), n, t, r);
        at += n;
    }
}

/* In round k rank r learns the sum of the 2^k ranks below the block that it knows. `below` holds what lies below rank r
 * (meaningless at rank 0), `block` the sum of the block that ends with r. */
static void prefix(struct sched *s, const struct coll_args *a, void *below)
{
    const struct comm *c = a->comm;
    struct datatype *t = a->recv.t;
    MPI_Count n = a->recv.count;
    void *block = sched_temp_for(s, n, t), *in = sched_temp_for(s, n, t);
    bool any = false;
    sched_copy(s, args_operand(a), n, t, block, n, t);
    sched_round(s);
    for (int step = 1; step < c->size; step <<= 1) {
        if (c->rank >= step)
            sched_recv(s, in, n, t, c->rank - step);
        if (c->rank + step < c->size)
            sched_send(s, block, n, t, c->rank + step);
        sched_round(s);
        if (c->rank < step)
            continue;
        /* below = in op below; block = in op block: `in` is lower in rank than both. */
        if (any)
            sched_reduce(s, in, below, n, t, a->op);
        else
            sched_copy(s, in, n, t, below, n, t);
        any = true;
        sched_round(s);
        sched_reduce(s, in, block, n, t, a->op);
        sched_round(s);
    }
}

void messages_exscan(struct sched *s, const struct coll_args *a)
{
    prefix(s, a, (void *)(uintptr_t)a->recv.buf);
}

void messages_scan(struct sched *s, const struct coll_args *a)
{
    struct datatype *t = a->recv.t;
    void *to = (void *)(uintptr_t)a->recv.buf, *below = sched_temp_for(s, a->recv.count, t);
    prefix(s, a, below);
    if (a->send.buf != MPI_IN_PLACE)
        sched_copy(s, a->send.buf, a->recv.count, t, to, a->recv.count, t);
    sched_round(s);
    if (a->comm->rank > 0)
        sched_reduce(s, below, to, a->recv.count, t, a->op);
}
