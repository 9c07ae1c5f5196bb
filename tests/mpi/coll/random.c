/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every collective against what each rank can compute alone, on random counts, roots, types and operations, blocking
 * and nonblocking, with and without MPI_IN_PLACE, on all ranks and on half of them in reverse order. Element i of rank
 * r is known to everybody. */
#include "../check.h"

static unsigned seed = 4711;
static MPI_Datatype type; /* of two ints with a gap, or one */
static int ints, extent;  /* of data in one element; from one to the next, in ints */

static int value(int r, int i)
{
    return r * 1000003 + i * 7 + 1;
}

static int *make(int r, int n)
{
    int *p = malloc(((size_t)n * (size_t)extent + 1) * sizeof *p);
    for (int i = 0; i < n * extent; i++)
        p[i] = i % extent < ints ? value(r, i) : -1;
    return p;
}

static int *blank(int n)
{
    int *p = malloc(((size_t)n * (size_t)extent + 1) * sizeof *p);
    for (int i = 0; i < n * extent; i++)
        p[i] = -1;
    return p;
}

/* n elements at p are those of rank r from element `at` on; gaps untouched. */
static void same(const int *p, int r, int at, int n)
{
    for (int i = 0; i < n * extent; i++)
        CHECK(p[i] == (i % extent < ints ? value(r, at * extent + i) : -1));
}

static void wait_for(MPI_Request *r)
{
    OK(MPI_Wait(r, MPI_STATUS_IGNORE));
}

#define BOTH(call, icall)                                                                                              \
    do {                                                                                                               \
        if (draw(&seed) % 2) {                                                                                         \
            OK(call);                                                                                                  \
        } else {                                                                                                       \
            MPI_Request req;                                                                                           \
            OK(icall);                                                                                                 \
            wait_for(&req);                                                                                            \
        }                                                                                                              \
    } while (0)
static MPI_Comm W = MPI_COMM_WORLD; /* rank and size are those in it */

static void moves(int n, int root)
{
    int *mine = make(rank, n * size), *all = blank(n * size);
    int *b = rank == root ? make(root, n) : blank(n);
    BOTH(MPI_Bcast(b, n, type, root, W), MPI_Ibcast(b, n, type, root, W, &req));
    same(b, root, 0, n);
    BOTH(MPI_Gather(mine, n, type, all, n, type, root, W), MPI_Igather(mine, n, type, all, n, type, root, W, &req));
    for (int r = 0; rank == root && r < size; r++)
        same(all + r * n * extent, r, 0, n);
    free(all), all = blank(n * size);
    memcpy(all + rank * n * extent, mine, (size_t)(n * extent) * sizeof *all);
    OK(MPI_Gather(rank == root ? MPI_IN_PLACE : mine, n, type, all, n, type, root, W));
    for (int r = 0; rank == root && r < size; r++)
        same(all + r * n * extent, r, 0, n);
    OK(MPI_Scatter(mine, n, type, rank == root ? MPI_IN_PLACE : b, n, type, root, W));
    same(b, root, rank == root ? 0 : rank * n, n);
    free(b), b = blank(n);
    BOTH(MPI_Scatter(mine, n, type, b, n, type, root, W), MPI_Iscatter(mine, n, type, b, n, type, root, W, &req));
    same(b, root, rank * n, n);
    free(all), all = blank(n * size);
    BOTH(MPI_Allgather(mine, n, type, all, n, type, W), MPI_Iallgather(mine, n, type, all, n, type, W, &req));
    for (int r = 0; r < size; r++)
        same(all + r * n * extent, r, 0, n);
    free(all), all = blank(n * size);
    memcpy(all + rank * n * extent, mine, (size_t)(n * extent) * sizeof *all);
    OK(MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, n, type, W));
    for (int r = 0; r < size; r++)
        same(all + r * n * extent, r, 0, n);
    free(all), all = blank(n * size);
    BOTH(MPI_Alltoall(mine, n, type, all, n, type, W), MPI_Ialltoall(mine, n, type, all, n, type, W, &req));
    for (int r = 0; r < size; r++)
        same(all + r * n * extent, r, rank * n, n);
    OK(MPI_Alltoall(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, mine, n, type, W));
    for (int r = 0; r < size; r++)
        same(mine + r * n * extent, r, rank * n, n);
    free(mine), free(all), free(b);
}

/* In place: between any two ranks as much goes as comes. */
static void in_place_varying(int n)
{
    int counts[64], displs[64], total = 0;
    for (int r = 0; r < size; r++)
        counts[r] = n * ((r + rank) % 3), displs[r] = total, total += counts[r] + 1;
    int *all = make(rank, total);
    OK(MPI_Alltoallv(MPI_IN_PLACE, NULL, NULL, type, all, counts, displs, type, W));
    for (int r = 0; r < size; r++) {
        int at = 0;
        for (int before = 0; before < rank; before++)
            at += n * ((before + r) % 3) + 1;
        same(all + displs[r] * extent, r, at, counts[r]);
    }
    free(all);
}

static void varying(int most, int root)
{
    int counts[64] = {0}, displs[64], to[64], to_at[64], bytes_at[64], bytes_to[64], total = 0, out = 0;
    MPI_Datatype types[64];
    for (int r = 0; r < size; r++)
        counts[r] = (int)(draw(&seed) % (unsigned)(most + 1)), displs[r] = total, total += counts[r] + 1;
    for (int r = 0; r < size; r++)
        to[r] = counts[rank], to_at[r] = out, out += to[r], types[r] = type;
    int *mine = make(rank, out + counts[rank] + total), *all = blank(total);
    BOTH(MPI_Gatherv(mine, counts[rank], type, all, counts, displs, type, root, W),
         MPI_Igatherv(mine, counts[rank], type, all, counts, displs, type, root, W, &req));
    for (int r = 0; rank == root && r < size; r++)
        same(all + displs[r] * extent, r, 0, counts[r]);
    free(all), all = blank(total);
    BOTH(MPI_Scatterv(mine, counts, displs, type, all, counts[rank], type, root, W),
         MPI_Iscatterv(mine, counts, displs, type, all, counts[rank], type, root, W, &req));
    same(all, root, displs[rank], counts[rank]);
    free(all), all = blank(total);
    BOTH(MPI_Allgatherv(mine, counts[rank], type, all, counts, displs, type, W),
         MPI_Iallgatherv(mine, counts[rank], type, all, counts, displs, type, W, &req));
    for (int r = 0; r < size; r++)
        same(all + displs[r] * extent, r, 0, counts[r]);
    free(all), all = blank(total);
    BOTH(MPI_Alltoallv(mine, to, to_at, type, all, counts, displs, type, W),
         MPI_Ialltoallv(mine, to, to_at, type, all, counts, displs, type, W, &req));
    for (int r = 0; r < size; r++)
        same(all + displs[r] * extent, r, rank * counts[r], counts[r]);
    free(all), all = blank(total);
    for (int r = 0; r < size; r++)
        bytes_at[r] = displs[r] * extent * 4, bytes_to[r] = to_at[r] * extent * 4;
    BOTH(MPI_Alltoallw(mine, to, bytes_to, types, all, counts, bytes_at, types, W),
         MPI_Ialltoallw(mine, to, bytes_to, types, all, counts, bytes_at, types, W, &req));
    for (int r = 0; r < size; r++)
        same(all + displs[r] * extent, r, rank * counts[r], counts[r]);
    in_place_varying(counts[0]);
    free(mine), free(all);
}

/* An operation that does not commute: composition of affine maps x -> a x + b modulo 2^32. */
static void compose(void *in, void *inout, int *len, MPI_Datatype *t)
{
    unsigned *x = in, *y = inout;
    for (int i = 0; i < *len; i++) {
        unsigned a = x[2 * i] * y[2 * i], b = x[2 * i + 1] * y[2 * i] + y[2 * i + 1];
        y[2 * i] = a, y[2 * i + 1] = b;
    }
}

static void operand(unsigned *p, int r, int n)
{
    for (int i = 0; i < 2 * n; i++)
        p[i] = (unsigned)value(r, i) | 1;
}

/* What ranks [from, to) come to, in order. */
static void expect(unsigned *out, int from, int to, int n, MPI_Op op, MPI_Op user, MPI_Datatype pair)
{
    unsigned *x = malloc((size_t)n * 8 + 1), *y = malloc((size_t)n * 8 + 1);
    operand(x, from, n);
    for (int r = from + 1; r < to; r++) {
        operand(y, r, n);
        if (op == user)
            compose(x, y, &n, &pair);
        else
            for (int i = 0; i < 2 * n; i++)
                y[i] = op == MPI_SUM ? x[i] + y[i] : op == MPI_BXOR ? x[i] ^ y[i] : x[i] > y[i] ? x[i] : y[i];
        memcpy(x, y, (size_t)n * 8);
    }
    memcpy(out, x, (size_t)n * 8);
    free(x), free(y);
}

static void reductions(int n, int root, MPI_Op user, MPI_Datatype pair)
{
    MPI_Op op = (MPI_Op[]){MPI_SUM, MPI_BXOR, MPI_MAX, user}[draw(&seed) % 4];
    MPI_Datatype t = op == user ? pair : MPI_UNSIGNED;
    int c = op == user ? n : 2 * n;
    size_t bytes = (size_t)n * 8;
    unsigned *in = malloc(bytes * 64 + 1), *out = malloc(bytes * 64 + 1), *want = malloc(bytes * 64 + 1);
    operand(in, rank, n);
    expect(want, 0, size, n, op, user, pair);
    BOTH(MPI_Reduce(in, out, c, t, op, root, W), MPI_Ireduce(in, out, c, t, op, root, W, &req));
    CHECK(rank != root || memcmp(out, want, bytes) == 0);
    memset(out, 0, bytes);
    BOTH(MPI_Allreduce(in, out, c, t, op, W), MPI_Iallreduce(in, out, c, t, op, W, &req));
    CHECK(memcmp(out, want, bytes) == 0);
    memcpy(out, in, bytes);
    OK(MPI_Allreduce(MPI_IN_PLACE, out, c, t, op, W));
    CHECK(memcmp(out, want, bytes) == 0);
    memcpy(out, in, bytes);
    OK(MPI_Reduce(rank == root ? MPI_IN_PLACE : in, out, c, t, op, root, W));
    CHECK(rank != root || memcmp(out, want, bytes) == 0);
    expect(want, 0, rank + 1, n, op, user, pair);
    BOTH(MPI_Scan(in, out, c, t, op, W), MPI_Iscan(in, out, c, t, op, W, &req));
    CHECK(memcmp(out, want, bytes) == 0);
    memcpy(out, in, bytes);
    OK(MPI_Scan(MPI_IN_PLACE, out, c, t, op, W));
    CHECK(memcmp(out, want, bytes) == 0);
    BOTH(MPI_Exscan(in, out, c, t, op, W), MPI_Iexscan(in, out, c, t, op, W, &req));
    if (rank > 0) {
        expect(want, 0, rank, n, op, user, pair);
        CHECK(memcmp(out, want, bytes) == 0);
    }
    operand(in, rank, n * size);
    expect(want, 0, size, n * size, op, user, pair);
    BOTH(MPI_Reduce_scatter_block(in, out, c, t, op, W), MPI_Ireduce_scatter_block(in, out, c, t, op, W, &req));
    CHECK(memcmp(out, want + 2 * n * rank, bytes) == 0);
    int counts[64];
    for (int r = 0; r < size; r++)
        counts[r] = c;
    OK(MPI_Reduce_scatter(MPI_IN_PLACE, in, counts, t, op, W));
    CHECK(memcmp(in, want + 2 * n * rank, bytes) == 0);
    operand(in, rank, n * size);
    for (int r = 0, left = c * size; r < size; r++)
        left -= counts[r] = r == size - 1 ? left : c * size / 2 / size * (r % 3);
    size_t at = 0, unit = op == user ? 8 : 4;
    for (int r = 0; r < rank; r++)
        at += (size_t)counts[r] * unit;
    OK(MPI_Reduce_scatter(in, out, counts, t, op, W));
    CHECK(memcmp(out, (char *)want + at, (size_t)counts[rank] * unit) == 0);
    OK(MPI_Reduce_scatter(MPI_IN_PLACE, in, counts, t, op, W));
    CHECK(memcmp(in, (char *)want + at, (size_t)counts[rank] * unit) == 0);
    free(in), free(out), free(want);
}

/* Types with gaps in or behind an element, which only their own operations know. */
static void located(int n)
{
    struct {
        double value;
        int index;
    } in[8] = {0}, out[8];
    struct {
        short value;
        int index;
    } least[8] = {0};
    for (int i = 0; i < n; i++)
        in[i].value = (rank + i) % size, in[i].index = least[i].index = rank, least[i].value = (short)(rank / 2);
    OK(MPI_Allreduce(in, out, n, MPI_DOUBLE_INT, MPI_MAXLOC, W));
    for (int i = 0; i < n; i++)
        CHECK(out[i].value == size - 1 && out[i].index == (8 * size - 1 - i) % size);
    OK(MPI_Allreduce(MPI_IN_PLACE, least, n, MPI_SHORT_INT, MPI_MINLOC, W));
    for (int i = 0; i < n; i++)
        CHECK(least[i].value == 0 && least[i].index == 0);
}

/* From one element to some hundred thousand in all: through cells, one piece, many pieces, rings full many times. */
static void rounds(int times, MPI_Op user, MPI_Datatype pair, MPI_Datatype resized)
{
    static const int most[] = {1, 3, 20, 700, 6000, 30000, 200000};
    for (int i = 0; i < times; i++) {
        int n = (int)(draw(&seed) % (unsigned)(most[i % 20 == 19 ? 6 : draw(&seed) % 5 + i % 8 / 7] + 1));
        if ((long)n * size > 500000)
            n = 500000 / size;
        int root = (int)(draw(&seed) % (unsigned)size);
        bool gaps = draw(&seed) % 2;
        type = gaps ? resized : MPI_INT, ints = gaps ? 2 : 1, extent = gaps ? 3 : 1;
        moves(n, root);
        varying(n, root);
        reductions(n, root, user, pair);
        located(1 + n % 8);
        BOTH(MPI_Barrier(W), MPI_Ibarrier(W, &req));
    }
}

/* One root that scatters long blocks again and again: it fills its ring, then has to wait for its readers, and writes
 * over the blocks as soon as it returns. Every other rank receives into elements with gaps. */
static void one_root(int root, MPI_Datatype gappy)
{
    enum { PAIRS = 12000, TIMES = 24 };
    bool gaps = rank % 2;
    int *blocks = malloc((size_t)size * PAIRS * 2 * sizeof *blocks), *mine = malloc(PAIRS * 3 * sizeof *mine);
    for (int time = 0; time < TIMES; time++) {
        for (int i = 0; rank == root && i < size * PAIRS * 2; i++)
            blocks[i] = value(time, i);
        for (int i = 0; i < PAIRS * 3; i++)
            mine[i] = -1;
        OK(MPI_Scatter(blocks, PAIRS * 2, MPI_INT, mine, gaps ? PAIRS : PAIRS * 2, gaps ? gappy : MPI_INT, root, W));
        for (int i = 0; i < PAIRS * 3; i++) {
            int from = gaps ? i / 3 * 2 + i % 3 : i;
            bool data = gaps ? i % 3 < 2 : i < PAIRS * 2;
            CHECK(mine[i] == (data ? value(time, rank * PAIRS * 2 + from) : -1));
        }
    }
    free(blocks);
    free(mine);
}

int main(int argc, char **argv)
{
    MPI_Datatype pair, gappy, resized;
    MPI_Op user;
    begin(&argc, &argv);
    OK(MPI_Type_contiguous(2, MPI_UNSIGNED, &pair));
    OK(MPI_Type_commit(&pair));
    OK(MPI_Type_contiguous(2, MPI_INT, &gappy));
    OK(MPI_Type_create_resized(gappy, 0, 12, &resized));
    OK(MPI_Type_commit(&resized));
    OK(MPI_Op_create(compose, 0, &user));
    rounds(100, user, pair, resized);
    one_root(size / 2, resized);
    OK(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &W));
    OK(MPI_Comm_rank(W, &rank));
    OK(MPI_Comm_size(W, &size));
    rounds(30, user, pair, resized);
    OK(MPI_Comm_free(&W));
    OK(MPI_Op_free(&user));
    OK(MPI_Type_free(&pair));
    OK(MPI_Type_free(&gappy));
    OK(MPI_Type_free(&resized));
    return end();
}
