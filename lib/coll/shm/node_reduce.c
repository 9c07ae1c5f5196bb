/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_reduce: reductions among ranks that share memory. */
#include "lib/coll/shm/node_reduce.h"
#include "lib/coll/shm/choice.h"
#include "lib/op/kernels.h"

enum { BLOCK = 8192 }; /* what grows stays in the nearest cache */

/* Elements that lie one after the other, and can be cut anywhere. */
static bool fits(const struct vector *v)
{
    return v->t->dense && v->t->true_lb == 0 && v->t->size > 0 && v->t->size <= BLOCK;
}

static size_t bytes_of(const struct vector *v, MPI_Count n)
{
    return (size_t)(n * v->t->size);
}

static MPI_Count piece_of(const struct node *a, const struct vector *v)
{
    return (MPI_Count)choice_piece(a, bytes_of(v, v->count), (size_t)v->t->size) / v->t->size;
}

static MPI_Count least(MPI_Count x, MPI_Count y)
{
    return x < y ? x : y;
}

/* m elements of v, from a block of each member: a->from[r] + skip. Into `to`, which may be one of the operands. */
static void combine_block(const struct node *a, const struct vector *v, size_t skip, char *to, MPI_Count m)
{
    _Alignas(64) char grows[BLOCK];
    int r = a->n - 2;
    const char *right = a->from[r + 1] + skip;
    for (; r > 0; r--, right = grows)
        op_combine(v->op, a->from[r] + skip, right, grows, m, v->t);
    if (LIKELY(op_kernel_of(v->op, v->t) != NULL)) {
        op_combine(v->op, a->from[0] + skip, right, to, m, v->t);
    } else { /* the user's function writes where its second operand lies */
        op_combine(v->op, a->from[0] + skip, right, grows, m, v->t);
        bytes_copy_long(to, grows, bytes_of(v, m));
    }
}

/* n elements of the operands at a->from; `also`, if there is one, gets the same. */
static void combine(struct node *a, const struct vector *v, char *to, char *also, MPI_Count n)
{
    MPI_Count most = BLOCK / v->t->size;
    for (MPI_Count i = 0; i < n; i += most) {
        MPI_Count m = least(n - i, most);
        size_t at = bytes_of(v, i);
        combine_block(a, v, at, to + at, m);
        if (also)
            node_write(a, also + at, to + at, bytes_of(v, m));
    }
}

static void offer(struct node *a, uint32_t k, const char *p, size_t n)
{
    char *room = node_room(a, k, n);
    if (UNLIKELY(!room))
        return;
    node_write(a, room, p, n);
    node_post(a, k, n);
}

/* What everybody has offered in phase k; of me, `own`. */
static void operands(struct node *a, uint32_t k, const char *own, size_t skip)
{
    for (int r = 0; r < a->n; r++)
        a->from[r] = r == a->me ? own : node_at(a, k, r) + skip;
}

/* The root combines, piece by piece, while the others write the next ones, and go on when they have written all. */
static int reduce_at_root(struct node *a, const struct vector *v, int root)
{
    MPI_Count piece = piece_of(a, v), n;
    for (MPI_Count i = 0; i < v->count; i += n) {
        n = least(v->count - i, piece);
        size_t at = bytes_of(v, i);
        uint32_t k = node_begin(a, a->me == root ? NODE_NONE : root);
        NODE_CHECK(a);
        if (a->me == root) {
            for (int r = 0; r < a->n; r++)
                if (r != root)
                    node_await(a, k, r);
            NODE_CHECK(a);
            operands(a, k, v->own + at, 0);
            combine(a, v, v->to + at, NULL, n);
        } else {
            offer(a, k, v->own + at, bytes_of(v, n));
            node_wake(a, root);
        }
        node_end(a, k);
    }
    return MPI_SUCCESS;
}

#define SHARE(n, k) ((n) / a->n * (k) + ((k) < (n) % a->n ? (k) : (n) % a->n))

/* Each offers n elements of which each combines its share; `to`: where the result lies at this rank, whole if all
 * are to have it, else (root >= 0) only there. */
static int in_parts(struct node *a, const struct vector *v, MPI_Count i, MPI_Count n, int root)
{
    MPI_Count first = SHARE(n, a->me), mine = SHARE(n, a->me + 1) - first;
    const char *own = v->own + bytes_of(v, i);
    bool keeps = root < 0 || root == a->me;
    char *to = keeps ? v->to + bytes_of(v, i) : NULL;
    uint32_t k = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    char *room = node_room(a, k, bytes_of(v, n));
    NODE_CHECK(a);
    node_write(a, room, own, bytes_of(v, first));
    node_write(a, room + bytes_of(v, first + mine), own + bytes_of(v, first + mine), bytes_of(v, n - first - mine));
    node_post(a, k, bytes_of(v, n));
    node_meet(a, k);
    NODE_CHECK(a);
    operands(a, k, own + bytes_of(v, first), bytes_of(v, first));
    uint32_t next = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    char *result = node_room(a, next, bytes_of(v, mine));
    NODE_CHECK(a);
    if (keeps)
        combine(a, v, to + bytes_of(v, first), root < 0 ? result : NULL, mine);
    else
        combine(a, v, result, NULL, mine);
    node_end(a, k);
    node_post(a, next, bytes_of(v, mine));
    node_meet(a, next);
    NODE_CHECK(a);
    for (int j = 1; keeps && j < a->n; j++) {
        int r = (a->me + j) % a->n;
        bytes_copy_long(to + bytes_of(v, SHARE(n, r)), node_at(a, next, r), bytes_of(v, SHARE(n, r + 1) - SHARE(n, r)));
    }
    node_end(a, next);
    return MPI_SUCCESS;
}

static int all_in_parts(struct node *a, const struct vector *v, size_t each, int root)
{
    MPI_Count chunk = (MPI_Count)each / v->t->size * a->n;
    int rc = MPI_SUCCESS;
    for (MPI_Count i = 0; i < v->count && rc == MPI_SUCCESS; i += chunk)
        rc = in_parts(a, v, i, least(v->count - i, chunk), root);
    return rc;
}

int node_reduce(struct node *a, const struct vector *v, int root)
{
    size_t bytes = bytes_of(v, v->count);
    if (!fits(v))
        return NODE_LATER;
    size_t each = choice_each(a, bytes / (size_t)a->n + 1, (size_t)v->t->size);
    return choice_reduce_in_parts(a, bytes) && each ? all_in_parts(a, v, each, root) : reduce_at_root(a, v, root);
}

/* Of two, both combine all. Of more, who comes last does it for all, so that each need run but once. */
static int all_at_once(struct node *a, const struct vector *v)
{
    size_t bytes = bytes_of(v, v->count);
    uint32_t k = node_begin(a, NODE_ALL);
    NODE_CHECK(a);
    offer(a, k, v->own, bytes);
    if (a->n == 2) {
        node_meet(a, k);
        NODE_CHECK(a);
        operands(a, k, v->own, 0);
        combine(a, v, v->to, NULL, v->count);
    } else if (node_last(a, k)) {
        char *result = node_room_in(a, node_result(a, k), bytes);
        NODE_CHECK(a);
        operands(a, k, v->own, 0);
        combine(a, v, v->to, result, v->count);
        node_result_post(a, k, bytes);
    } else {
        node_result_await(a, k);
        NODE_CHECK(a);
        bytes_copy_long(v->to, node_look(a, node_result(a, k)), bytes);
    }
    node_end(a, k);
    return MPI_SUCCESS;
}

int node_allreduce(struct node *a, const struct vector *v)
{
    size_t bytes = bytes_of(v, v->count);
    if (!fits(v))
        return NODE_LATER;
    if (bytes <= choice_whole(a))
        return all_at_once(a, v);
    size_t each = choice_each(a, bytes / (size_t)a->n + 1, (size_t)v->t->size);
    return each ? all_in_parts(a, v, each, -1) : NODE_LATER;
}

/* The first of the chain. `room` is where the next one finds the sum. */
static void scan_first(struct node *a, const char *own, char *to, char *room, size_t bytes, bool below)
{
    node_write(a, room, own, bytes);
    if (!below && to != own)
        bytes_copy_long(to, own, bytes);
}

/* The others add their own to what comes from below, and hand it on; room is NULL if nobody comes after. */
static void scan_next(struct node *a, const struct vector *v, const char *from, size_t at, char *room, MPI_Count n,
                      bool below)
{
    _Alignas(64) char sum[BLOCK];
    MPI_Count most = BLOCK / v->t->size;
    for (MPI_Count i = 0; i < n; i += most) {
        MPI_Count m = least(n - i, most);
        size_t skip = bytes_of(v, i), part = bytes_of(v, m);
        const char *own = v->own + at + skip;
        char *to = v->to + at + skip;
        if (room || !below)
            op_combine(v->op, from + skip, own, room ? sum : to, m, v->t);
        if (room)
            node_write(a, room + skip, sum, part);
        if (below)
            bytes_copy_long(to, from + skip, part);
        else if (room)
            bytes_copy_long(to, sum, part);
    }
}

int node_scan(struct node *a, const struct vector *v, bool below)
{
    if (!fits(v))
        return NODE_LATER;
    MPI_Count piece = piece_of(a, v), n;
    for (MPI_Count i = 0; i < v->count; i += n) {
        n = least(v->count - i, piece);
        uint32_t k = node_begin(a, a->me < a->n - 1 ? a->me + 1 : NODE_NONE);
        NODE_CHECK(a);
        char *room = a->me < a->n - 1 ? node_room(a, k, bytes_of(v, n)) : NULL;
        if (a->me > 0)
            node_await(a, k, a->me - 1);
        NODE_CHECK(a);
        if (a->me == 0)
            scan_first(a, v->own + bytes_of(v, i), v->to + bytes_of(v, i), room, bytes_of(v, n), below);
        else
            scan_next(a, v, node_at(a, k, a->me - 1), bytes_of(v, i), room, n, below);
        if (room) {
            node_post(a, k, bytes_of(v, n));
            node_wake(a, a->me + 1);
        }
        node_end(a, k);
    }
    return MPI_SUCCESS;
}

struct layout_of { /* the parts of a reduce_scatter */
    struct ints counts;
    MPI_Count each;
};

static MPI_Count part_count(const struct layout_of *p, int r)
{
    return p->counts.at ? ints_get(p->counts, r) : p->each;
}

/* Elements [i, i + piece) of each part: offered to whom they belong, a piece apart. The number of mine. */
static MPI_Count deal(struct node *a, uint32_t k, const struct vector *v, const struct layout_of *p, MPI_Count i,
                      MPI_Count piece)
{
    char *room = node_room(a, k, bytes_of(v, piece) * (size_t)a->n);
    if (UNLIKELY(!room))
        return 0;
    const char *part = v->own + bytes_of(v, i);
    MPI_Count mine = 0;
    for (int r = 0; r < a->n; r++) {
        MPI_Count count = part_count(p, r), n = count - i < 0 ? 0 : least(count - i, piece);
        if (r == a->me) {
            mine = n;
            a->from[a->me] = part;
        } else if (n > 0) {
            node_write(a, room + bytes_of(v, piece) * (size_t)r, part, bytes_of(v, n));
        }
        part += bytes_of(v, count);
    }
    node_post(a, k, bytes_of(v, piece));
    return mine;
}

int node_reduce_scatter(struct node *a, const struct vector *v, struct ints counts, MPI_Count each)
{
    struct layout_of p = {counts, each};
    MPI_Count longest = 0;
    for (int r = 0; r < a->n; r++)
        longest = part_count(&p, r) > longest ? part_count(&p, r) : longest;
    size_t room = fits(v) ? choice_each(a, bytes_of(v, longest), (size_t)v->t->size) : 0;
    if (!room)
        return NODE_LATER;
    MPI_Count piece = (MPI_Count)room / v->t->size;
    for (MPI_Count i = 0; i < longest; i += piece) {
        uint32_t k = node_begin(a, NODE_ALL);
        NODE_CHECK(a);
        MPI_Count n = deal(a, k, v, &p, i, piece);
        node_meet(a, k);
        NODE_CHECK(a);
        operands(a, k, a->from[a->me], bytes_of(v, piece) * (size_t)a->me);
        /* In place the result lies over parts that have been offered, or over mine, behind what is still needed. */
        combine(a, v, v->to + bytes_of(v, i), NULL, n);
        node_end(a, k);
    }
    return MPI_SUCCESS;
}
