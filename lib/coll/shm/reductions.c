/* SPDX-License-Identifier: BSD-3-Clause
 *
 * reductions: reductions among ranks that share memory. */
#include "lib/coll/shm/reductions.h"
#include "lib/coll/shm/choice.h"
#include "lib/coll/shm/moves.h"
#include "lib/op/kernels.h"

enum { BLOCK = 8192 }; /* what grows stays in the nearest cache */

bool shm_reduce_fits(const struct datatype *t)
{
    return t->dense && t->true_lb == 0 && t->size > 0 && t->size <= BLOCK;
}

static MPI_Count piece_of(const struct shm_coll *a, const struct vector *v)
{
    return (MPI_Count)choice_piece(a, vector_bytes(v, v->count), (size_t)v->t->size) / v->t->size;
}

static MPI_Count least(MPI_Count x, MPI_Count y)
{
    return x < y ? x : y;
}

/* m elements of v, from a block of each member: a->from[r] + skip. Into `to`, which may be one of the operands. */
static void combine_block(const struct shm_coll *a, const struct vector *v, size_t skip, char *to, MPI_Count m)
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
        bytes_copy_long(to, grows, vector_bytes(v, m));
    }
}

void shm_combine(struct shm_coll *a, const struct vector *v, char *to, char *also, MPI_Count n)
{
    MPI_Count most = BLOCK / v->t->size;
    for (MPI_Count i = 0; i < n; i += most) {
        MPI_Count m = least(n - i, most);
        size_t at = vector_bytes(v, i);
        combine_block(a, v, at, to + at, m);
        if (also)
            phase_write(a, also + at, to + at, vector_bytes(v, m));
    }
}

static void offer(struct shm_coll *a, uint32_t k, const char *p, size_t n)
{
    char *room = phase_reserve(a, k, n);
    if (UNLIKELY(!room))
        return;
    phase_write(a, room, p, n);
    phase_publish(a, k, n);
}

int shm_operands(struct shm_coll *a, uint32_t k, const char *own, size_t skip, size_t whole)
{
    for (int r = 0; r < a->n; r++) {
        const struct phase_cell *c = phase_cell(a, k, r);
        if (r == a->me)
            a->from[r] = own;
        else if (LIKELY(phase_is_whole(a, c, whole)))
            a->from[r] = phase_cell_data(a, c) + skip;
        else
            return phase_spoil(a, r, c, whole);
    }
    return MPI_SUCCESS;
}

/* The root combines, piece by piece, while the others write the next ones, and go on when they have written all. */
static int reduce_at_root(struct shm_coll *a, const struct vector *v, int root)
{
    MPI_Count piece = piece_of(a, v), n;
    for (MPI_Count i = 0; i < v->count; i += n) {
        n = least(v->count - i, piece);
        size_t at = vector_bytes(v, i);
        uint32_t k = phase_begin(a, a->me == root ? PHASE_NONE : root);
        PHASE_CHECK(a);
        if (a->me == root) {
            for (int r = 0; r < a->n; r++)
                if (r != root)
                    phase_await(a, k, r);
            PHASE_CHECK(a);
            shm_operands(a, k, v->own + at, 0, vector_bytes(v, n));
            PHASE_CHECK(a);
            shm_combine(a, v, v->to + at, NULL, n);
        } else {
            offer(a, k, v->own + at, vector_bytes(v, n));
            phase_wake(a, root);
        }
        phase_end(a, k);
    }
    return MPI_SUCCESS;
}

#define SHARE(n, k) ((n) / a->n * (k) + ((k) < (n) % a->n ? (k) : (n) % a->n))

/* Each offers n elements of which each combines its share; `to`: where the result lies at this rank, whole if all
 * are to have it, else (root >= 0) only there. */
static int in_parts(struct shm_coll *a, const struct vector *v, MPI_Count i, MPI_Count n, int root)
{
    MPI_Count first = SHARE(n, a->me), mine = SHARE(n, a->me + 1) - first;
    const char *own = v->own + vector_bytes(v, i);
    bool keeps = root < 0 || root == a->me;
    char *to = keeps ? v->to + vector_bytes(v, i) : NULL;
    uint32_t k = phase_begin(a, PHASE_ALL);
    PHASE_CHECK(a);
    char *room = phase_reserve(a, k, vector_bytes(v, n));
    PHASE_CHECK(a);
    phase_write(a, room, own, vector_bytes(v, first));
    phase_write(a, room + vector_bytes(v, first + mine), own + vector_bytes(v, first + mine),
                vector_bytes(v, n - first - mine));
    phase_publish(a, k, vector_bytes(v, n));
    phase_sync(a, k);
    PHASE_CHECK(a);
    shm_operands(a, k, own + vector_bytes(v, first), vector_bytes(v, first), vector_bytes(v, n));
    PHASE_CHECK(a);
    uint32_t next = phase_begin(a, PHASE_ALL);
    PHASE_CHECK(a);
    char *result = phase_reserve(a, next, vector_bytes(v, mine));
    PHASE_CHECK(a);
    if (keeps)
        shm_combine(a, v, to + vector_bytes(v, first), root < 0 ? result : NULL, mine);
    else
        shm_combine(a, v, result, NULL, mine);
    phase_end(a, k);
    phase_publish(a, next, vector_bytes(v, mine));
    phase_sync(a, next);
    PHASE_CHECK(a);
    for (int j = 1; keeps && j < a->n; j++) {
        int r = (a->me + j) % a->n;
        bytes_copy_long(to + vector_bytes(v, SHARE(n, r)), phase_peer_data(a, next, r),
                        vector_bytes(v, SHARE(n, r + 1) - SHARE(n, r)));
    }
    phase_end(a, next);
    return MPI_SUCCESS;
}

static int all_in_parts(struct shm_coll *a, const struct vector *v, size_t each, int root)
{
    MPI_Count chunk = (MPI_Count)each / v->t->size * a->n;
    int rc = MPI_SUCCESS;
    for (MPI_Count i = 0; i < v->count && rc == MPI_SUCCESS; i += chunk)
        rc = in_parts(a, v, i, least(v->count - i, chunk), root);
    return rc;
}

int shm_reduce(struct shm_coll *a, const struct vector *v, int root)
{
    size_t bytes = vector_bytes(v, v->count);
    phase_enter(a, PHASE_REDUCE + 1 + v->op->which, root);
    size_t each = choice_each(a, bytes / (size_t)a->n + 1, (size_t)v->t->size);
    return choice_reduce_in_parts(a, bytes) && each ? all_in_parts(a, v, each, root) : reduce_at_root(a, v, root);
}

/* Of two, both combine all. Of more, who comes last does it for all, so that each need run but once. */
static int all_at_once(struct shm_coll *a, const struct vector *v)
{
    size_t bytes = vector_bytes(v, v->count);
    uint32_t k = phase_begin(a, PHASE_ALL);
    PHASE_CHECK(a);
    offer(a, k, v->own, bytes);
    if (a->n == 2) {
        phase_sync(a, k);
        PHASE_CHECK(a);
        shm_operands(a, k, v->own, 0, bytes);
        PHASE_CHECK(a);
        shm_combine(a, v, v->to, NULL, v->count);
    } else if (phase_last(a, k)) {
        char *result = phase_reserve_in(a, phase_result(a, k), bytes);
        PHASE_CHECK(a);
        shm_operands(a, k, v->own, 0, bytes);
        PHASE_CHECK(a);
        shm_combine(a, v, v->to, result, v->count);
        phase_result_publish(a, k, bytes);
    } else {
        phase_result_await(a, k);
        PHASE_CHECK(a);
        const struct phase_cell *c = phase_result(a, k);
        if (UNLIKELY(!phase_is_whole(a, c, bytes)))
            return phase_spoil(a, a->me, c, bytes);
        bytes_copy_long(v->to, phase_cell_data(a, phase_result(a, k)), bytes);
    }
    phase_end(a, k);
    return MPI_SUCCESS;
}

int shm_allreduce(struct shm_coll *a, const struct vector *v)
{
    size_t bytes = vector_bytes(v, v->count);
    phase_enter(a, PHASE_ALLREDUCE + 1 + v->op->which, 0);
    if (bytes <= choice_whole(a))
        return all_at_once(a, v);
    size_t each = choice_each(a, bytes / (size_t)a->n + 1, (size_t)v->t->size);
    return all_in_parts(a, v, each, -1);
}

/* The first of the chain. `room` is where the next one finds the sum. */
static void scan_first(struct shm_coll *a, const char *own, char *to, char *room, size_t bytes, bool below)
{
    phase_write(a, room, own, bytes);
    if (!below && to != own)
        bytes_copy_long(to, own, bytes);
}

/* The others add their own to what comes from below, and hand it on; room is NULL if nobody comes after. */
static void scan_next(struct shm_coll *a, const struct vector *v, const char *from, size_t at, char *room, MPI_Count n,
                      bool below)
{
    _Alignas(64) char sum[BLOCK];
    MPI_Count most = BLOCK / v->t->size;
    for (MPI_Count i = 0; i < n; i += most) {
        MPI_Count m = least(n - i, most);
        size_t skip = vector_bytes(v, i), part = vector_bytes(v, m);
        const char *own = v->own + at + skip;
        char *to = v->to + at + skip;
        if (room || !below)
            op_combine(v->op, from + skip, own, room ? sum : to, m, v->t);
        if (room)
            phase_write(a, room + skip, sum, part);
        if (below)
            bytes_copy_long(to, from + skip, part);
        else if (room)
            bytes_copy_long(to, sum, part);
    }
}

void shm_scan_piece(struct shm_coll *a, const struct vector *v, const char *from, size_t at, char *room, MPI_Count n,
                    bool below)
{
    if (from)
        scan_next(a, v, from, at, room, n, below);
    else
        scan_first(a, v->own + at, v->to + at, room, vector_bytes(v, n), below);
}

int shm_scan(struct shm_coll *a, const struct vector *v, bool below)
{
    phase_enter(a, (below ? PHASE_EXSCAN : PHASE_SCAN) + 1 + v->op->which, 0);
    MPI_Count piece = piece_of(a, v), n;
    for (MPI_Count i = 0; i < v->count; i += n) {
        n = least(v->count - i, piece);
        uint32_t k = phase_begin(a, a->me < a->n - 1 ? a->me + 1 : PHASE_NONE);
        PHASE_CHECK(a);
        char *room = a->me < a->n - 1 ? phase_reserve(a, k, vector_bytes(v, n)) : NULL;
        if (a->me > 0)
            phase_await(a, k, a->me - 1);
        PHASE_CHECK(a);
        const struct phase_cell *c = a->me > 0 ? phase_cell(a, k, a->me - 1) : NULL;
        if (UNLIKELY(c && !phase_is_whole(a, c, vector_bytes(v, n))))
            return phase_spoil(a, a->me - 1, c, vector_bytes(v, n));
        shm_scan_piece(a, v, c ? phase_cell_data(a, c) : NULL, vector_bytes(v, i), room, n, below);
        if (room) {
            phase_publish(a, k, vector_bytes(v, n));
            phase_wake(a, a->me + 1);
        }
        phase_end(a, k);
    }
    return MPI_SUCCESS;
}

MPI_Count shm_deal_parts(struct shm_coll *a, const struct vector *v, const struct blocks *parts, char *room,
                         MPI_Count i, MPI_Count piece)
{
    const char *part = v->own + vector_bytes(v, i);
    MPI_Count mine = 0;
    for (int r = 0; r < a->n; r++) {
        MPI_Count count = blocks_count(parts, r), n = count - i < 0 ? 0 : least(count - i, piece);
        if (r == a->me) {
            mine = n;
            a->from[a->me] = part;
        } else if (n > 0) {
            phase_write(a, room + vector_bytes(v, piece) * (size_t)r, part, vector_bytes(v, n));
        }
        part += vector_bytes(v, count);
    }
    return mine;
}

int shm_reduce_scatter(struct shm_coll *a, const struct vector *v, const struct blocks *parts)
{
    size_t longest = shm_longest(a, parts);
    MPI_Count piece = (MPI_Count)choice_each(a, longest, (size_t)v->t->size) / v->t->size;
    phase_enter(a, PHASE_REDUCE_SCATTER + 1 + v->op->which, 0);
    for (MPI_Count i = 0; i * v->t->size < (MPI_Count)longest; i += piece) {
        uint32_t k = phase_begin(a, PHASE_ALL);
        PHASE_CHECK(a);
        char *room = phase_reserve(a, k, vector_bytes(v, piece) * (size_t)a->n);
        PHASE_CHECK(a);
        MPI_Count n = shm_deal_parts(a, v, parts, room, i, piece);
        phase_publish(a, k, longest);
        phase_sync(a, k);
        PHASE_CHECK(a);
        shm_operands(a, k, a->from[a->me], vector_bytes(v, piece) * (size_t)a->me, longest);
        PHASE_CHECK(a);
        /* In place the result lies over parts that have been offered, or over mine, behind what is still needed. */
        shm_combine(a, v, v->to + vector_bytes(v, i), NULL, n);
        phase_end(a, k);
    }
    return MPI_SUCCESS;
}
