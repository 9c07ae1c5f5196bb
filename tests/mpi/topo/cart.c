/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Grids: coordinates and ranks, shifts, sub-grids, duplicates, what is left out, and wrong arguments. */
#include "../check.h"

enum { MOST = 5 };
static int moved; /* times that a map had another place for this rank */

/* Coordinates of a rank, counted up one by one. */
static void coords_of(int r, int ndims, const int *dims, int *coords)
{
    memset(coords, 0, (size_t)ndims * sizeof *coords);
    while (r-- > 0)
        for (int i = ndims - 1; i >= 0 && ++coords[i] == dims[i]; i--)
            coords[i] = 0;
}

static int shift_by_hand(MPI_Comm cart, int ndims, const int *dims, const int *periods, int direction, int disp)
{
    int coords[MOST], r, me;
    OK(MPI_Comm_rank(cart, &me));
    coords_of(me, ndims, dims, coords);
    int at = coords[direction] + disp;
    if (!periods[direction] && (at < 0 || at >= dims[direction]))
        return MPI_PROC_NULL;
    while (at < 0)
        at += dims[direction];
    coords[direction] = at % dims[direction];
    OK(MPI_Cart_rank(cart, coords, &r));
    return r;
}

static void ranks(MPI_Comm cart, int ndims, const int *dims, const int *periods, int n)
{
    int coords[MOST], want[MOST], r;
    for (int k = 0; k < n; k++) {
        coords_of(k, ndims, dims, want);
        OK(MPI_Cart_coords(cart, k, MOST, coords));
        CHECK(memcmp(coords, want, (size_t)ndims * sizeof *want) == 0);
        OK(MPI_Cart_rank(cart, coords, &r));
        CHECK(r == k);
        for (int i = 0; i < ndims; i++)
            if (periods[i])
                want[i] += dims[i] * (i % 2 ? 3 : -2); /* round and round */
        OK(MPI_Cart_rank(cart, want, &r));
        CHECK(r == k);
    }
    for (int i = 0; i < ndims; i++) {
        for (int disp = -2 * dims[i]; disp <= 2 * dims[i]; disp++) {
            int source, dest;
            OK(MPI_Cart_shift(cart, i, disp, &source, &dest));
            CHECK(source == shift_by_hand(cart, ndims, dims, periods, i, -disp));
            CHECK(dest == shift_by_hand(cart, ndims, dims, periods, i, disp));
        }
        for (int far = 0; far < 2; far++) {
            int source, dest, disp = far ? 2147483647 : -2147483647 - 1;
            OK(MPI_Cart_shift(cart, i, disp, &source, &dest));
            CHECK(periods[i] ? source >= 0 && source < n && dest >= 0 && dest < n
                             : source == MPI_PROC_NULL && dest == MPI_PROC_NULL);
        }
    }
}

static void described(MPI_Comm cart, int ndims, const int *dims, const int *periods)
{
    int n, d[MOST], p[MOST], c[MOST], me, size_is, status, want[MOST], all = 1;
    OK(MPI_Topo_test(cart, &status));
    CHECK(status == MPI_CART);
    OK(MPI_Cartdim_get(cart, &n));
    CHECK(n == ndims);
    OK(MPI_Cart_get(cart, MOST, d, p, c));
    OK(MPI_Comm_rank(cart, &me));
    coords_of(me, ndims, dims, want);
    for (int i = 0; i < ndims; i++) {
        CHECK(d[i] == dims[i] && p[i] == periods[i] && c[i] == want[i]);
        all *= dims[i];
    }
    OK(MPI_Comm_size(cart, &size_is));
    CHECK(size_is == all);
    ranks(cart, ndims, dims, periods, all);
}

/* Every choice of dimensions that remain. */
static void subs(MPI_Comm cart, int ndims, const int *dims, const int *periods)
{
    for (int mask = 0; mask < 1 << ndims; mask++) {
        int remain[MOST], d[MOST], p[MOST], n = 0, me, mine[MOST], key = 0, got, sum, expected = 0, all = 1;
        MPI_Comm sub;
        OK(MPI_Comm_rank(cart, &me));
        coords_of(me, ndims, dims, mine);
        for (int i = 0; i < ndims; i++) {
            remain[i] = mask >> i & 1;
            if (!remain[i])
                continue;
            d[n] = dims[i];
            p[n++] = periods[i];
            key = key * dims[i] + mine[i];
            all *= dims[i];
        }
        OK(MPI_Cart_sub(cart, remain, &sub));
        described(sub, n, d, p);
        OK(MPI_Comm_rank(sub, &got));
        CHECK(got == key);
        OK(MPI_Allreduce(&me, &sum, 1, MPI_INT, MPI_SUM, sub));
        for (int k = 0; k < all; k++) { /* those that share the other coordinates */
            int c[MOST], at[MOST], r;
            coords_of(k, n, d, c);
            for (int i = 0, j = 0; i < ndims; i++)
                at[i] = remain[i] ? c[j++] : mine[i];
            OK(MPI_Cart_rank(cart, at, &r));
            expected += r;
        }
        CHECK(sum == expected);
        OK(MPI_Comm_free(&sub));
    }
}

/* Duplicates have the topology, other children do not. */
static void children(MPI_Comm cart, int ndims, const int *dims, const int *periods)
{
    MPI_Comm c;
    MPI_Group g;
    MPI_Request r;
    int status;
    OK(MPI_Comm_dup(cart, &c));
    described(c, ndims, dims, periods);
    MPI_Comm again;
    OK(MPI_Comm_idup(c, &again, &r));
    OK(MPI_Comm_free(&c));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    described(again, ndims, dims, periods);
    OK(MPI_Comm_free(&again));
    OK(MPI_Comm_dup_with_info(cart, MPI_INFO_NULL, &c));
    described(c, ndims, dims, periods);
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_split(cart, 0, 0, &c));
    OK(MPI_Topo_test(c, &status));
    CHECK(status == MPI_UNDEFINED);
    OK(MPI_Comm_free(&c));
    OK(MPI_Comm_group(cart, &g));
    OK(MPI_Comm_create(cart, g, &c));
    OK(MPI_Topo_test(c, &status));
    CHECK(status == MPI_UNDEFINED);
    OK(MPI_Comm_free(&c));
    OK(MPI_Group_free(&g));
}

static void grid(int ndims, const int *given, int reorder)
{
    for (int mask = 0; mask < 1 << ndims; mask++) {
        int dims[MOST], periods[MOST], raw[MOST], all = 1, place;
        MPI_Comm cart;
        for (int i = 0; i < ndims; i++) {
            dims[i] = given[i];
            periods[i] = mask >> i & 1;
            raw[i] = periods[i] ? -7 : 0; /* any number but 0 is true */
            all *= dims[i];
        }
        if (all > size) {
            cart = MPI_COMM_WORLD;
            FAILS(MPI_ERR_DIMS, MPI_Cart_create(world, ndims, dims, raw, reorder, &cart));
            CHECK(cart == MPI_COMM_NULL);
            FAILS(MPI_ERR_DIMS, MPI_Cart_map(world, ndims, dims, raw, &place));
            return;
        }
        OK(MPI_Cart_create(world, ndims, dims, raw, reorder, &cart));
        OK(MPI_Cart_map(world, ndims, dims, periods, &place));
        CHECK((cart != MPI_COMM_NULL) == (rank < all));
        CHECK((place == MPI_UNDEFINED) == (rank >= all));
        if (!getenv("MUSTER_COLL_NODES") && on_one_node()) /* all on one node: each stays where it is */
            CHECK(rank >= all || place == rank);
        moved += rank < all && place != rank;
        if (cart == MPI_COMM_NULL)
            continue;
        int me;
        OK(MPI_Comm_rank(cart, &me));
        CHECK(me == (reorder ? place : rank));
        described(cart, ndims, dims, periods);
        if (mask == 1 || mask == 2) {
            subs(cart, ndims, dims, periods);
            children(cart, ndims, dims, periods);
        }
        OK(MPI_Comm_free(&cart));
    }
}

/* A grid of no dimensions is one place. */
static void of_none(void)
{
    MPI_Comm point, sub;
    int r = -1, n, source, dest, result;
    OK(MPI_Cart_create(world, 0, NULL, NULL, 0, &point));
    CHECK((point != MPI_COMM_NULL) == (rank == 0));
    if (point == MPI_COMM_NULL)
        return;
    described(point, 0, NULL, NULL);
    OK(MPI_Cart_get(point, 0, NULL, NULL, NULL));
    OK(MPI_Cart_coords(point, 0, 0, NULL));
    OK(MPI_Cart_rank(point, NULL, &r));
    CHECK(r == 0);
    FAILS(MPI_ERR_DIMS, MPI_Cart_shift(point, 0, 1, &source, &dest));
    OK(MPI_Cart_sub(point, NULL, &sub));
    OK(MPI_Cartdim_get(sub, &n));
    CHECK(n == 0);
    OK(MPI_Comm_compare(point, sub, &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_free(&sub));
    OK(MPI_Comm_free(&point));
}

/* On a grid of which this rank is. */
static void refused_on(MPI_Comm cart)
{
    int d[3], p[3], c[3], r, t;
    FAILS(MPI_ERR_DIMS, MPI_Cart_get(cart, 1, d, p, c));
    FAILS(MPI_ERR_DIMS, MPI_Cart_get(cart, -1, d, p, c));
    FAILS(MPI_ERR_ARG, MPI_Cart_get(cart, 2, NULL, p, c));
    FAILS(MPI_ERR_ARG, MPI_Cart_get(cart, 2, d, NULL, c));
    FAILS(MPI_ERR_ARG, MPI_Cart_get(cart, 2, d, p, NULL));
    FAILS(MPI_ERR_ARG, MPI_Cartdim_get(cart, NULL));
    FAILS(MPI_ERR_DIMS, MPI_Cart_coords(cart, 0, 1, c));
    FAILS(MPI_ERR_RANK, MPI_Cart_coords(cart, -1, 2, c));
    FAILS(MPI_ERR_RANK, MPI_Cart_coords(cart, MPI_PROC_NULL, 2, c));
    FAILS(MPI_ERR_RANK, MPI_Cart_coords(cart, size, 2, c));
    FAILS(MPI_ERR_ARG, MPI_Cart_coords(cart, 0, 2, NULL));
    FAILS(MPI_ERR_ARG, MPI_Cart_rank(cart, NULL, &r));
    FAILS(MPI_ERR_ARG, MPI_Cart_rank(cart, (int[]){0, 0}, NULL));
    FAILS(MPI_ERR_ARG, MPI_Cart_rank(cart, (int[]){0, 1}, &r));
    FAILS(MPI_ERR_ARG, MPI_Cart_rank(cart, (int[]){0, -1}, &r));
    OK(MPI_Cart_rank(cart, (int[]){-1, 0}, &r));
    CHECK(r == size - 1);
    OK(MPI_Cart_rank(cart, (int[]){-2147483647 - 1, 0}, &r));
    CHECK(r >= 0 && r < size);
    FAILS(MPI_ERR_DIMS, MPI_Cart_shift(cart, 2, 1, &r, &t));
    FAILS(MPI_ERR_DIMS, MPI_Cart_shift(cart, -1, 1, &r, &t));
    FAILS(MPI_ERR_ARG, MPI_Cart_shift(cart, 0, 1, NULL, &t));
    FAILS(MPI_ERR_ARG, MPI_Cart_shift(cart, 0, 1, &r, NULL));
    MPI_Comm sub;
    FAILS(MPI_ERR_ARG, MPI_Cart_sub(cart, NULL, &sub));
    FAILS(MPI_ERR_ARG, MPI_Cart_sub(cart, (int[]){1, 1}, NULL));
    FAILS(MPI_ERR_ARG, MPI_Topo_test(cart, NULL));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Graphdims_get(cart, &r, &t));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Graph_get(cart, 1, 1, d, p));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Graph_neighbors_count(cart, 0, &t));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Graph_neighbors(cart, 0, 1, d));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Dist_graph_neighbors_count(cart, &r, &t, d));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Dist_graph_neighbors(cart, 0, d, d, 0, d, d));
}

static void refused(void)
{
    int d[2] = {size, 1}, p[2] = {1, 0}, r, t;
    MPI_Comm cart;
    FAILS(MPI_ERR_DIMS, MPI_Cart_create(world, -1, d, p, 0, &cart));
    FAILS(MPI_ERR_DIMS, MPI_Cart_create(world, 2, (int[]){1, 0}, p, 0, &cart));
    FAILS(MPI_ERR_DIMS, MPI_Cart_create(world, 2, (int[]){-1, -1}, p, 0, &cart));
    FAILS(MPI_ERR_DIMS, MPI_Cart_create(world, 2, (int[]){size + 1, 1}, p, 0, &cart));
    FAILS(MPI_ERR_DIMS, MPI_Cart_create(world, 2, (int[]){65536, 65536}, p, 0, &cart)); /* 0 in 32 bits */
    FAILS(MPI_ERR_ARG, MPI_Cart_create(world, 2, NULL, p, 0, &cart));
    FAILS(MPI_ERR_ARG, MPI_Cart_create(world, 2, d, NULL, 0, &cart));
    FAILS(MPI_ERR_ARG, MPI_Cart_create(world, 2, d, p, 0, NULL));
    FAILS(MPI_ERR_COMM, MPI_Cart_create(MPI_COMM_NULL, 2, d, p, 0, &cart));
    FAILS(MPI_ERR_DIMS, MPI_Cart_map(world, -1, d, p, &r));
    FAILS(MPI_ERR_DIMS, MPI_Cart_map(world, 1, (int[]){0}, p, &r));
    FAILS(MPI_ERR_ARG, MPI_Cart_map(world, 2, d, p, NULL));
    FAILS(MPI_ERR_ARG, MPI_Cart_map(world, 2, NULL, p, &r));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cartdim_get(world, &r));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cart_get(world, 2, d, p, d));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cart_rank(world, d, &r));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cart_coords(world, 0, 2, d));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cart_shift(world, 0, 1, &r, &t));
    FAILS(MPI_ERR_TOPOLOGY, MPI_Cart_sub(world, d, &cart));
    OK(MPI_Topo_test(world, &t));
    CHECK(t == MPI_UNDEFINED);
    OK(MPI_Cart_create(world, 2, d, p, 0, &cart));
    refused_on(cart);
    OK(MPI_Comm_free(&cart));
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    for (int reorder = 0; reorder < 2; reorder++) {
        grid(1, (int[]){size}, reorder);
        grid(1, (int[]){size > 1 ? size - 1 : 1}, reorder);
        grid(2, (int[]){2, 2}, reorder);
        grid(2, (int[]){1, size}, reorder);
        grid(3, (int[]){2, 1, 3}, reorder);
        grid(4, (int[]){2, 2, 1, 2}, reorder);
        grid(5, (int[]){1, 2, 1, 2, 4}, reorder);
        for (int k = 1; k <= 4; k++) {
            int dims[4] = {0};
            OK(MPI_Dims_create(size, k, dims));
            grid(k, dims, reorder);
        }
    }
    of_none();
    refused();
    int all_moved;
    OK(MPI_Allreduce(&moved, &all_moved, 1, MPI_INT, MPI_SUM, world));
    if (on_one_node())
        CHECK((all_moved > 0) == (getenv("MUSTER_COLL_NODES") != NULL));
    return end();
}
