/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cart: grids are made: of the ranks of a communicator, and of some dimensions of another grid. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/topo/grid.h"
#include "lib/topo/place.h"
#include "lib/topo/topo.h"

/* The ranks of a grid go to *n. */
static int grid_check(const struct comm *c, int ndims, const int *dims, const int *periods, int *n)
{
    if (c->inter)
        return MPI_ERR_COMM;
    if (ndims < 0)
        return MPI_ERR_DIMS;
    if (ndims > 0 && (!dims || !periods))
        return MPI_ERR_ARG;
    int64_t all = 1;
    for (int i = 0; i < ndims; i++) {
        if (dims[i] > 0 && (all *= dims[i]) <= c->size)
            continue;
        if (dims[i] <= 0)
            error_detail_set(MPI_ERR_DIMS, "dims[%d] is %d", i, dims[i]);
        else
            error_detail_set(MPI_ERR_DIMS,
                             "its first %d dimensions have %lld places, and the communicator has %d ranks", i + 1,
                             (long long)all, c->size);
        return MPI_ERR_DIMS;
    }
    *n = (int)all;
    return MPI_SUCCESS;
}

/* The topology of the rank at that place; NULL without memory. */
static struct topology *grid_new(int ndims, const int *dims, const int *periods, int place)
{
    struct topology *t = topology_new(MPI_CART, 5 * (size_t)ndims);
    if (!t)
        return NULL;
    t->cart.ndims = ndims;
    t->cart.dims = t->numbers;
    t->cart.periods = t->cart.dims + ndims;
    t->cart.coords = t->cart.periods + ndims;
    t->cart.neighbors = t->cart.coords + ndims;
    for (int i = 0; i < ndims; i++) {
        t->cart.dims[i] = dims[i];
        t->cart.periods[i] = periods[i] != 0;
    }
    grid_coords(place, ndims, dims, t->cart.coords);
    for (int i = 0; i < ndims; i++) {
        t->cart.neighbors[2 * i] = grid_shifted(t, place, i, -1);
        t->cart.neighbors[2 * i + 1] = grid_shifted(t, place, i, 1);
    }
    return t;
}

/* The place of this rank, which is among the first n. */
static int own_place(const struct comm *c, const int *order, int n)
{
    int place = c->rank;
    for (int i = 0; order && i < n; i++)
        if (order[i] == c->rank)
            place = i;
    return place;
}

int mpi_cart_create(struct comm *c, int ndims, const int dims[], const int periods[], int reorder, MPI_Comm *out)
{
    int n, *order = NULL, rc = grid_check(c, ndims, dims, periods, &n);
    struct topology *t = NULL;
    *out = MPI_COMM_NULL;
    if (rc == MPI_SUCCESS && reorder)
        rc = place_grid(c, ndims, dims, periods, n, &order);
    if (rc == MPI_SUCCESS && c->rank < n && !(t = grid_new(ndims, dims, periods, own_place(c, order, n))))
        rc = MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = topo_comm_new(c, order, n, t, out);
    free(order);
    return rc;
}

int mpi_cart_map(struct comm *c, int ndims, const int dims[], const int periods[], int *newrank)
{
    int n, *order = NULL, rc = grid_check(c, ndims, dims, periods, &n);
    if (rc == MPI_SUCCESS)
        rc = place_grid(c, ndims, dims, periods, n, &order);
    if (rc == MPI_SUCCESS)
        *newrank = c->rank < n ? own_place(c, order, n) : MPI_UNDEFINED;
    free(order);
    return rc;
}

/* The dimensions of a grid that remain, and the ranks that share the coordinates of this one in all others. */
struct slice {
    int ndims, size;
    int *dims, *periods, *strides; /* of the grid's ranks; one piece of memory */
    int first;                     /* the grid's rank where all remaining coordinates are 0 */
    int place;                     /* of this rank */
};

static bool slice_init(struct slice *s, const struct topology *t, int rank, const int *remain)
{
    int n = t->cart.ndims, stride = 1;
    int *room = malloc((3 * (size_t)n + 1) * sizeof *room);
    *s = (struct slice){.size = 1, .dims = room, .periods = room + n, .strides = room + 2 * n, .first = rank};
    for (int i = 0; room && i < n; i++)
        if (remain[i]) {
            s->dims[s->ndims] = t->cart.dims[i];
            s->periods[s->ndims++] = t->cart.periods[i];
            s->place = s->place * t->cart.dims[i] + t->cart.coords[i];
            s->size *= t->cart.dims[i];
        }
    for (int i = n, k = s->ndims; room && i-- > 0; stride *= t->cart.dims[i])
        if (remain[i]) {
            s->strides[--k] = stride;
            s->first -= t->cart.coords[i] * stride;
        }
    return room != NULL;
}

/* The grid's rank at a place of the slice. */
static int slice_rank(const struct slice *s, int place)
{
    int rank = s->first;
    for (int i = s->ndims; i-- > 0; place /= s->dims[i])
        rank += place % s->dims[i] * s->strides[i];
    return rank;
}

int mpi_cart_sub(struct comm *c, const int remain_dims[], MPI_Comm *newcomm)
{
    const struct topology *t = topo_of(c, MPI_CART);
    struct slice s;
    *newcomm = MPI_COMM_NULL;
    if (!t)
        return MPI_ERR_TOPOLOGY;
    if (t->cart.ndims > 0 && !remain_dims)
        return MPI_ERR_ARG;
    if (!slice_init(&s, t, c->rank, remain_dims))
        return MPI_ERR_NO_MEM;
    int rc = MPI_ERR_NO_MEM, *order = malloc((size_t)s.size * sizeof *order);
    struct topology *made = grid_new(s.ndims, s.dims, s.periods, s.place);
    for (int i = 0; order && i < s.size; i++)
        order[i] = slice_rank(&s, i);
    if (order && made)
        rc = topo_comm_new(c, order, s.size, made, newcomm);
    else
        topology_unref(made);
    free(order);
    free(s.dims);
    return rc;
}
