/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every collective on intercommunicators: blocking, nonblocking, persistent; groups of one and of many; what one group
 * gives being more, less or nothing beside what it gets. Element i of what a rank has is known to everybody. */
#include "../check.h"
#include <time.h>

enum { MOST = 16 };
static MPI_Comm local, inter;
static int side, me, near, far;
static MPI_Datatype type; /* of one int, or two with a gap */
static int ints, extent;

static int value(int which, int r, int i)
{
    return which * 500009 + r * 1009 + i * 7 + 1;
}

/* n elements of rank r of a group; or of nobody, if r is negative. */
static int *fill(int which, int r, int n)
{
    int *p = malloc(((size_t)n * (size_t)extent + 1) * sizeof *p);
    for (int i = 0; i < n * extent; i++)
        p[i] = r >= 0 && i % extent < ints ? value(which, r, i) : -1;
    return p;
}

/* n elements at p are those of rank r of the other group, from element `at` on. */
static void same(const int *p, int r, int at, int n)
{
    for (int i = 0; i < n * extent; i++)
        CHECK(p[i] == (i % extent < ints ? value(!side, r, at * extent + i) : -1));
}

static void blank(int *p, int n)
{
    for (int i = 0; i < n * extent; i++)
        p[i] = -1;
}

#define ARGUMENTS(...) __VA_ARGS__
/* The call in all its forms, the persistent one started twice; before each `clear`, after each `check`. */
#define ALL_FORMS(name, later, arguments, clear, check)                                                                \
    do {                                                                                                               \
        MPI_Request r_;                                                                                                \
        clear;                                                                                                         \
        OK(MPI_##name(ARGUMENTS arguments));                                                                           \
        check;                                                                                                         \
        clear;                                                                                                         \
        OK(MPI_I##later(ARGUMENTS arguments, &r_));                                                                    \
        OK(MPI_Wait(&r_, MPI_STATUS_IGNORE));                                                                          \
        check;                                                                                                         \
        OK(MPI_##name##_init(ARGUMENTS arguments, MPI_INFO_NULL, &r_));                                                \
        for (int times_ = 0; times_ < 2; times_++) {                                                                   \
            clear;                                                                                                     \
            OK(MPI_Start(&r_));                                                                                        \
            OK(MPI_Wait(&r_, MPI_STATUS_IGNORE));                                                                      \
            check;                                                                                                     \
        }                                                                                                              \
        OK(MPI_Request_free(&r_));                                                                                     \
    } while (0)

/* What a rank gives as root when rank `of` of group `which` is it. */
static int root_of(int which, int of)
{
    return which != side ? of : of == me ? MPI_ROOT : MPI_PROC_NULL;
}

static double entered, left;

static void enter(void)
{
    nanosleep(&(struct timespec){0, 300000 * (me % 3) + 200000 * side}, NULL);
    entered = MPI_Wtime();
}

/* Nobody is through before all of the other group have come. */
static void leave(void)
{
    double all[MOST];
    left = MPI_Wtime();
    OK(MPI_Allgather(&entered, 1, MPI_DOUBLE, all, 1, MPI_DOUBLE, inter));
    for (int r = 0; r < far; r++)
        CHECK(all[r] <= left);
}

static void barriers(void)
{
    ALL_FORMS(Barrier, barrier, (inter), enter(), leave());
}

static void bcasts(int which, int of, int n)
{
    int root = root_of(which, of);
    int *b = root == MPI_PROC_NULL ? (int *)-1 : fill(side, root == MPI_ROOT ? me : -1, n);
    int count = root == MPI_PROC_NULL ? -1 : n;
    ALL_FORMS(Bcast, bcast, (b, count, root == MPI_PROC_NULL ? MPI_DATATYPE_NULL : type, root, inter),
              if (root >= 0) blank(b, n), if (root >= 0) same(b, root, 0, n));
    if (root != MPI_PROC_NULL)
        free(b);
}

/* What only some give is nothing elsewhere. */
#define NOTHING ((void *)-1)
#define AT_ROOT(x, otherwise) (root == MPI_ROOT ? (x) : (otherwise))
#define AT_LEAF(x, otherwise) (root >= 0 ? (x) : (otherwise))
#define LEAF_TYPE AT_LEAF(type, MPI_DATATYPE_NULL)
#define ROOT_TYPE AT_ROOT(type, MPI_DATATYPE_NULL)

static void all_same(const int *all, int n)
{
    for (int r = 0; r < far; r++)
        same(all + r * n * extent, r, 0, n);
}

static void rooted(int which, int of, int n)
{
    int root = root_of(which, of);
    int *one = fill(side, me, n), *all = fill(side, me, n * far);
    ALL_FORMS(Gather, gather,
              (AT_LEAF((void *)one, NOTHING), AT_LEAF(n, -1), LEAF_TYPE, AT_ROOT((void *)all, NOTHING), AT_ROOT(n, -1),
               ROOT_TYPE, root, inter),
              blank(all, n * far), if (root == MPI_ROOT) all_same(all, n));
    free(all), all = fill(side, me, n * far);
    ALL_FORMS(Scatter, scatter,
              (AT_ROOT((void *)all, NOTHING), AT_ROOT(n, -1), ROOT_TYPE, AT_LEAF((void *)one, NOTHING), AT_LEAF(n, -1),
               LEAF_TYPE, root, inter),
              blank(one, n), if (root >= 0) same(one, root, me * n, n));
    free(one), free(all);
}

/* Blocks of r % 3 times n, one element between two. */
static int layout(int n, int ranks, int *counts, int *displs)
{
    int total = 0;
    for (int r = 0; r < ranks; r++)
        counts[r] = n * (r % 3), displs[r] = total, total += counts[r] + 1;
    return total;
}

static void all_same_varying(const int *all, const int *counts, const int *displs)
{
    for (int r = 0; r < far; r++)
        same(all + displs[r] * extent, r, 0, counts[r]);
}

static void rooted_varying(int which, int of, int n)
{
    int root = root_of(which, of), counts[MOST], displs[MOST], total = layout(n, far, counts, displs);
    int at = layout(n, me, (int[MOST]){0}, (int[MOST]){0}), mine = n * (me % 3);
    int *one = fill(side, me, mine), *all = fill(side, me, total);
    int *c = AT_ROOT(counts, (int *)NOTHING), *d = AT_ROOT(displs, (int *)NOTHING);
    ALL_FORMS(Gatherv, gatherv,
              (AT_LEAF((void *)one, NOTHING), AT_LEAF(mine, -1), LEAF_TYPE, AT_ROOT((void *)all, NOTHING), c, d,
               ROOT_TYPE, root, inter),
              blank(all, total), if (root == MPI_ROOT) all_same_varying(all, counts, displs));
    free(all), all = fill(side, me, total);
    ALL_FORMS(Scatterv, scatterv,
              (AT_ROOT((void *)all, NOTHING), c, d, ROOT_TYPE, AT_LEAF((void *)one, NOTHING), AT_LEAF(mine, -1),
               LEAF_TYPE, root, inter),
              blank(one, mine), if (root >= 0) same(one, root, at, mine));
    free(one), free(all);
}

static void all_parts_same(const int *all, int n)
{
    for (int r = 0; r < far; r++)
        same(all + r * n * extent, r, me * n, n);
}

/* Group 0 gives n to each of group 1, which gives m to each of group 0. */
static void everybody(int n, int m)
{
    int out = side ? m : n, in = side ? n : m;
    int *one = fill(side, me, out), *many = fill(side, me, out * far), *all = fill(side, -1, in * far);
    ALL_FORMS(Allgather, allgather, (one, out, type, all, in, type, inter), blank(all, in * far), all_same(all, in));
    ALL_FORMS(Alltoall, alltoall, (many, out, type, all, in, type, inter), blank(all, in * far),
              all_parts_same(all, in));
    free(one), free(many), free(all);
}

/* What rank r of one group gives rank s of the other. */
static int between(int n, int r, int s)
{
    return n * ((r + 2 * s) % 3);
}

static void all_between(const int *all, const int *counts, const int *displs, int n)
{
    for (int r = 0; r < far; r++) {
        int at = 0;
        for (int s = 0; s < me; s++)
            at += between(n, r, s);
        same(all + displs[r] * extent, r, at, counts[r]);
    }
}

static void everybody_varying(int n, int m)
{
    int out = side ? m : n, in = side ? n : m, counts[MOST], displs[MOST], total = layout(in, far, counts, displs);
    int mine = out * (me % 3), to[MOST], to_at[MOST], all_to = 0, bytes_to[MOST], bytes_at[MOST];
    int *one = fill(side, me, mine), *all = fill(side, -1, total);
    MPI_Datatype types[MOST];
    ALL_FORMS(Allgatherv, allgatherv, (one, mine, type, all, counts, displs, type, inter), blank(all, total),
              all_same_varying(all, counts, displs));
    free(all);
    total = 0;
    for (int r = 0; r < far; r++) {
        to[r] = between(out, me, r), to_at[r] = all_to, all_to += to[r];
        counts[r] = between(in, r, me), displs[r] = total, total += counts[r] + 1;
        bytes_to[r] = to_at[r] * extent * (int)sizeof(int), bytes_at[r] = displs[r] * extent * (int)sizeof(int);
        types[r] = type;
    }
    int *many = fill(side, me, all_to);
    all = fill(side, -1, total);
    ALL_FORMS(Alltoallv, alltoallv, (many, to, to_at, type, all, counts, displs, type, inter), blank(all, total),
              all_between(all, counts, displs, in));
    ALL_FORMS(Alltoallw, alltoallw, (many, to, bytes_to, types, all, counts, bytes_at, types, inter), blank(all, total),
              all_between(all, counts, displs, in));
    free(one), free(many), free(all);
}

/* x -> a x + b, composed: the order of operands matters, their grouping does not. */
static void compose(void *in, void *inout, int *len, MPI_Datatype *t)
{
    unsigned *x = in, *y = inout;
    for (int i = 0; i < *len; i++, x += 2, y += 2) {
        unsigned a = x[0] * y[0], b = x[1] * y[0] + y[1];
        y[0] = a, y[1] = b;
    }
}

static void operand(unsigned *p, int which, int r, int n)
{
    for (int i = 0; i < n; i++)
        p[2 * i] = 3 + 2 * (unsigned)(r + i), p[2 * i + 1] = (unsigned)value(which, r, i);
}

/* n elements at p are those of all of the other group from element `at` on, reduced in the order of ranks. */
static void reduced(const unsigned *p, int at, int n)
{
    for (int i = 0; i < n; i++) {
        unsigned a = 1, b = 0;
        for (int r = 0; r < far; r++) {
            unsigned c = 3 + 2 * (unsigned)(r + at + i), d = (unsigned)value(!side, r, at + i);
            b = b * c + d, a = a * c;
        }
        CHECK(p[2 * i] == a && p[2 * i + 1] == b);
    }
}

static int part_at, part_of;
/* A vector of total elements cut for the ranks of this group, by chance but for its length. */
static void cut_parts(int total, int *parts)
{
    int rest = total;
    for (int r = 0; r < near; r++) {
        parts[r] = r == near - 1 ? rest : rest * (r + side) / (2 * near);
        if (r == me)
            part_at = total - rest, part_of = parts[r];
        rest -= parts[r];
    }
}

static void reductions(int n)
{
    MPI_Datatype pair;
    MPI_Op op;
    int total = near * far * n, parts[MOST];
    unsigned *mine = calloc(2 * (size_t)total + 1, sizeof *mine), *got = calloc(2 * (size_t)total + 1, sizeof *got);
    OK(MPI_Type_contiguous(2, MPI_UNSIGNED, &pair));
    OK(MPI_Type_commit(&pair));
    OK(MPI_Op_create(compose, 0, &op));
    operand(mine, side, me, total);
#define CLEAR memset(got, 0, 2 * (size_t)total * sizeof *got)
    for (int which = 0; which < 2; which++)
        for (int of = 0; of < (which == side ? near : far); of++) {
            int root = root_of(which, of);
            ALL_FORMS(Reduce, reduce,
                      (AT_LEAF((void *)mine, NOTHING), AT_ROOT((void *)got, NOTHING),
                       root == MPI_PROC_NULL ? -1 : total, root == MPI_PROC_NULL ? MPI_DATATYPE_NULL : pair, op, root,
                       inter),
                      CLEAR, if (root == MPI_ROOT) reduced(got, 0, total));
        }
    ALL_FORMS(Allreduce, allreduce, (mine, got, total, pair, op, inter), CLEAR, reduced(got, 0, total));
    ALL_FORMS(Reduce_scatter_block, reduce_scatter_block, (mine, got, far * n, pair, op, inter), CLEAR,
              reduced(got, me * far * n, far * n));
    cut_parts(total, parts);
    ALL_FORMS(Reduce_scatter, reduce_scatter, (mine, got, parts, pair, op, inter), CLEAR,
              reduced(got, part_at, part_of));
    OK(MPI_Op_free(&op));
    OK(MPI_Type_free(&pair));
    free(mine), free(got);
}

static void sums(void)
{
    double x = side * 100 + me + 1, sum = 0;
    OK(MPI_Allreduce(&x, &sum, 1, MPI_DOUBLE, MPI_SUM, inter));
    CHECK(sum == far * 100.0 * !side + far * (far + 1) / 2.0);
}

/* Many at once, of two intercommunicators, and blocking ones in between. */
static void outstanding(void)
{
    enum { N = 24 };
    MPI_Comm other;
    MPI_Request r[N + 1];
    int in[N], out[N], *all = malloc((size_t)(N * far) * sizeof *all);
    OK(MPI_Comm_idup(inter, &other, &r[N]));
    OK(MPI_Wait(&r[N], MPI_STATUS_IGNORE));
    for (int i = 0; i < N; i++) {
        MPI_Comm c = i % 2 ? inter : other;
        int root = root_of(i / 3 % 2, 0);
        out[i] = in[i] = root == MPI_ROOT || i % 3 ? value(side, me, i) : -1;
        if (i % 3 == 0)
            OK(MPI_Ibcast(&in[i], 1, MPI_INT, root, c, &r[i]));
        else if (i % 3 == 1)
            OK(MPI_Iallgather(&out[i], 1, MPI_INT, all + i * far, 1, MPI_INT, c, &r[i]));
        else
            OK(MPI_Iallreduce(&out[i], &in[i], 1, MPI_INT, MPI_MAX, c, &r[i]));
        if (i % 5 == 0)
            sums();
    }
    for (int i = N - 1; i >= 0; i--) {
        OK(MPI_Wait(&r[i], MPI_STATUS_IGNORE));
        if (i % 3 == 0 && root_of(i / 3 % 2, 0) == 0)
            CHECK(in[i] == value(!side, 0, i));
        for (int k = 0; i % 3 == 1 && k < far; k++)
            CHECK(all[i * far + k] == value(!side, k, i));
        if (i % 3 == 2)
            CHECK(in[i] == value(!side, far - 1, i));
    }
    OK(MPI_Comm_free(&other));
    free(all);
}

static void wrong(void)
{
    int a[4 * MOST] = {0}, b[4 * MOST], n[MOST] = {0};
    MPI_Request r;
    FAILS(MPI_ERR_COMM, MPI_Scan(a, b, 1, MPI_INT, MPI_SUM, inter));
    FAILS(MPI_ERR_COMM, MPI_Exscan(a, b, 1, MPI_INT, MPI_SUM, inter));
    FAILS(MPI_ERR_COMM, MPI_Iscan(a, b, 1, MPI_INT, MPI_SUM, inter, &r));
    FAILS(MPI_ERR_COMM, MPI_Exscan_init(a, b, 1, MPI_INT, MPI_SUM, inter, MPI_INFO_NULL, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Allgather(MPI_IN_PLACE, 1, MPI_INT, b, 1, MPI_INT, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoall(MPI_IN_PLACE, 1, MPI_INT, b, 1, MPI_INT, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(MPI_IN_PLACE, b, 1, MPI_INT, MPI_SUM, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Iallreduce(a, MPI_IN_PLACE, 1, MPI_INT, MPI_SUM, inter, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter_block(MPI_IN_PLACE, b, 1, MPI_INT, MPI_SUM, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_scatter(MPI_IN_PLACE, b, n, MPI_INT, MPI_SUM, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Gather(MPI_IN_PLACE, 1, MPI_INT, b, 1, MPI_INT, 0, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Gather(a, 1, MPI_INT, MPI_IN_PLACE, 1, MPI_INT, MPI_ROOT, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Scatter(a, 1, MPI_INT, MPI_IN_PLACE, 1, MPI_INT, 0, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce(MPI_IN_PLACE, b, 1, MPI_INT, MPI_SUM, 0, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Bcast(MPI_IN_PLACE, 1, MPI_INT, MPI_ROOT, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Bcast(NULL, 1, MPI_INT, 0, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Gather(NULL, 1, MPI_INT, b, 1, MPI_INT, 0, inter));
    FAILS(MPI_ERR_ROOT, MPI_Bcast(a, 1, MPI_INT, far, inter));
    FAILS(MPI_ERR_ROOT, MPI_Ibcast(a, 1, MPI_INT, MPI_ANY_SOURCE, inter, &r));
    FAILS(MPI_ERR_ROOT, MPI_Bcast(a, 1, MPI_INT, MPI_ROOT, local));
    FAILS(MPI_ERR_ROOT, MPI_Gather(a, 1, MPI_INT, b, 1, MPI_INT, MPI_PROC_NULL, local));
    FAILS(MPI_ERR_COUNT, MPI_Bcast(a, -1, MPI_INT, 0, inter));
    FAILS(MPI_ERR_COUNT, MPI_Reduce(a, b, -1, MPI_INT, MPI_SUM, MPI_ROOT, inter));
    FAILS(MPI_ERR_COUNT, MPI_Scatter(a, -1, MPI_INT, b, 1, MPI_INT, MPI_ROOT, inter));
    FAILS(MPI_ERR_TYPE, MPI_Bcast(a, 1, MPI_DATATYPE_NULL, MPI_ROOT, inter));
    FAILS(MPI_ERR_TYPE, MPI_Allgather(a, 1, MPI_DATATYPE_NULL, b, 1, MPI_INT, inter));
    FAILS(MPI_ERR_OP, MPI_Allreduce(a, b, 1, MPI_INT, MPI_REPLACE, inter));
    FAILS(MPI_ERR_OP, MPI_Reduce(a, b, 1, MPI_DOUBLE, MPI_BAND, 0, inter));
    FAILS(MPI_ERR_ARG, MPI_Gatherv(a, 1, MPI_INT, b, NULL, NULL, MPI_INT, MPI_ROOT, inter));
    FAILS(MPI_ERR_ARG, MPI_Allgatherv(a, 1, MPI_INT, b, NULL, NULL, MPI_INT, inter));
    FAILS(MPI_ERR_ARG, MPI_Alltoallv(a, NULL, NULL, MPI_INT, b, n, n, MPI_INT, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoall(a, 1, MPI_INT, a, 1, MPI_INT, inter));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(a, a, 1, MPI_INT, MPI_SUM, inter));
    sums(); /* nobody took part in any of them */
}

static void all_kinds(int n)
{
    for (int which = 0; which < 2; which++)
        for (int of = 0; of < (which == side ? near : far); of++) {
            bcasts(which, of, n);
            rooted(which, of, n);
            rooted_varying(which, of, n);
        }
    everybody(n, n);
    everybody(n, 2 * n + 1);
    everybody(n, 0);
    everybody(0, n);
    everybody_varying(n, n + 1);
    everybody_varying(0, n);
    reductions(n);
}

static void cut(int first, int step)
{
    side = step == 1 ? rank >= first : rank % 2;
    OK(MPI_Comm_split(world, side, 0, &local));
    OK(MPI_Comm_size(local, &near));
    OK(MPI_Comm_rank(local, &me));
    far = size - near;
    int other = step == 1 ? (side ? 0 : first) : !side;
    OK(MPI_Intercomm_create(local, 0, world, other, 0, &inter));
}

static void with_types(void)
{
    static const int counts[] = {0, 1, 5, 3000};
    MPI_Datatype gap;
    OK(MPI_Type_create_resized(MPI_2INT, 0, 3 * sizeof(int), &gap));
    OK(MPI_Type_commit(&gap));
    for (int i = 0; i < 8; i++) {
        type = i % 2 ? gap : MPI_INT, ints = i % 2 ? 2 : 1, extent = i % 2 ? 3 : 1;
        if (i < 6 || size <= 4)
            all_kinds(counts[i / 2]);
    }
    type = MPI_INT, ints = extent = 1;
    bcasts(0, 0, 1 << 18);
    everybody(1 << 16, 1 << 15);
    OK(MPI_Type_free(&gap));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    int firsts[] = {1, size - 1, size / 2, 1};
    for (int i = 0; i < 4 && size > 1; i++) {
        cut(firsts[i], i < 3 ? 1 : 2);
        barriers();
        with_types();
        sums();
        outstanding();
        wrong();
        OK(MPI_Comm_free(&inter));
        OK(MPI_Comm_free(&local));
    }
    return end();
}
