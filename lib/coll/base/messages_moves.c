/* SPDX-License-Identifier: BSD-3-Clause
 *
 * messages_moves: schedules of the collectives that move data and change nothing of it. */
#include "lib/coll/base/messages.h"

void messages_barrier(struct sched *s, const struct coll_args *a)
{
    int n = a->comm->size, me = a->comm->rank;
    for (int step = 1; step < n; step <<= 1) {
        sched_recv(s, NULL, 0, &datatype_byte, (me - step + n) % n);
        sched_send(s, NULL, 0, &datatype_byte, (me + step) % n);
        sched_round(s);
    }
}

static int tree_rank(const struct tree *t, int place)
{
    int r = (place + t->root) % t->n;
    return t->ranks ? t->ranks[r] : r;
}

void tree_bcast(struct sched *s, const struct tree *tree, void *buf, MPI_Count count, struct datatype *t)
{
    int n = tree->n, me = (tree->me - tree->root + n) % n, mask = 1;
    while (mask < n && !(me & mask))
        mask <<= 1;
    if (me > 0) {
        sched_recv(s, buf, count, t, tree_rank(tree, me - mask));
        sched_round(s);
    }
    for (mask >>= 1; mask > 0; mask >>= 1)
        if (me + mask < n)
            sched_send(s, buf, count, t, tree_rank(tree, me + mask));
    sched_round(s);
}

void messages_bcast(struct sched *s, const struct coll_args *a)
{
    struct tree tree = {a->comm->size, a->comm->rank, a->root, NULL};
    tree_bcast(s, &tree, (void *)(uintptr_t)a->recv.buf, a->recv.count, a->recv.t);
}

static void copy_block(struct sched *s, const struct blocks *from, int from_r, const struct blocks *to, int to_r)
{
    sched_copy(s, blocks_at(from, from_r), blocks_count(from, from_r), blocks_type(from, from_r), blocks_at(to, to_r),
               blocks_count(to, to_r), blocks_type(to, to_r));
}

static void recv_block(struct sched *s, const struct blocks *v, int r, int from)
{
    if (blocks_bytes(v, r) > 0)
        sched_recv(s, blocks_at(v, r), blocks_count(v, r), blocks_type(v, r), from);
}

static void send_block(struct sched *s, const struct blocks *v, int r, int to)
{
    if (blocks_bytes(v, r) > 0)
        sched_send(s, blocks_at(v, r), blocks_count(v, r), blocks_type(v, r), to);
}

void messages_gather(struct sched *s, const struct coll_args *a)
{
    if (args_idle(a))
        return;
    if (!args_at_root(a)) {
        send_block(s, &a->send, 0, a->root);
        return;
    }
    for (int r = 0; r < a->comm->peer_size; r++)
        if (r != a->root)
            recv_block(s, &a->recv, r, r);
    if (!a->comm->inter && a->send.buf != MPI_IN_PLACE)
        copy_block(s, &a->send, 0, &a->recv, a->root);
}

void messages_scatter(struct sched *s, const struct coll_args *a)
{
    if (args_idle(a))
        return;
    if (!args_at_root(a)) {
        recv_block(s, &a->recv, 0, a->root);
        return;
    }
    for (int r = 0; r < a->comm->peer_size; r++)
        if (r != a->root)
            send_block(s, &a->send, r, r);
    if (!a->comm->inter && a->recv.buf != MPI_IN_PLACE)
        copy_block(s, &a->send, a->root, &a->recv, 0);
}

static void place_own(struct sched *s, const struct coll_args *a)
{
    if (a->send.buf == MPI_IN_PLACE)
        return;
    copy_block(s, &a->send, 0, &a->recv, a->comm->rank);
    sched_round(s);
}

void messages_allgather_ring(struct sched *s, const struct coll_args *a)
{
    int n = a->comm->size, me = a->comm->rank, right = (me + 1) % n, left = (me - 1 + n) % n;
    place_own(s, a);
    for (int k = 0; k < n - 1; k++) {
        recv_block(s, &a->recv, (me - k - 1 + n) % n, left);
        send_block(s, &a->recv, (me - k + n) % n, right);
        sched_round(s);
    }
}

void messages_allgather_bruck(struct sched *s, const struct coll_args *a)
{
    const struct blocks *v = &a->recv;
    int n = a->comm->size, me = a->comm->rank;
    MPI_Count each = v->count * v->t->size;
    place_own(s, a);
    char *all = sched_temp(s, (size_t)(each * n));
    sched_copy(s, blocks_at(v, me), v->count, v->t, all, each, &datatype_byte);
    for (int have = 1; all && have < n; have <<= 1) {
        int more = n - have < have ? n - have : have;
        sched_recv(s, all + have * each, more * each, &datatype_byte, (me + have) % n);
        sched_send(s, all, more * each, &datatype_byte, (me - have + n) % n);
        sched_round(s);
    }
    for (int k = 1; all && k < n; k++)
        sched_copy(s, all + k * each, each, &datatype_byte, blocks_at(v, (me + k) % n), v->count, v->t);
}

/* In place: what goes to each is packed before anything comes in. NULL without memory. */
static char **copies_of(struct sched *s, const struct coll_args *a)
{
    int n = a->comm->size;
    char **copies = sched_temp(s, (size_t)n * sizeof *copies);
    for (int r = 0; copies && r < n; r++) {
        MPI_Count bytes = blocks_bytes(&a->recv, r);
        if (r == a->comm->rank)
            continue;
        copies[r] = sched_temp(s, (size_t)bytes + 1);
        sched_copy(s, blocks_at(&a->recv, r), blocks_count(&a->recv, r), blocks_type(&a->recv, r), copies[r], bytes,
                   &datatype_byte);
    }
    sched_round(s);
    return copies;
}

void messages_alltoall(struct sched *s, const struct coll_args *a)
{
    enum { AT_ONCE = 32 };
    bool in_place = a->send.buf == MPI_IN_PLACE, inter = a->comm->inter;
    int peers = a->comm->peer_size, me = a->comm->rank, n = peers > a->comm->size ? peers : a->comm->size;
    char **copies = in_place ? copies_of(s, a) : NULL;
    for (int k = inter ? 0 : 1; k < n && (copies || !in_place); k++) {
        int to = (me + k) % n, from = (me - k + n) % n;
        if (from < peers)
            recv_block(s, &a->recv, from, from);
        if (!in_place && to < peers)
            send_block(s, &a->send, to, to);
        else if (in_place && blocks_bytes(&a->recv, to) > 0)
            sched_send(s, copies[to], blocks_bytes(&a->recv, to), &datatype_byte, to);
        if (k % AT_ONCE == 0)
            sched_round(s);
    }
    if (!in_place && !inter)
        copy_block(s, &a->send, me, &a->recv, me);
}
