/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cart_query: what is asked about a grid. */
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/topo/grid.h"
#include "lib/topo/topo.h"

/* Is there room for what is said of each dimension? */
static int room_check(const struct topology *t, int maxdims)
{
    if (!t)
        return MPI_ERR_TOPOLOGY;
    if (maxdims >= t->cart.ndims)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_DIMS, "maxdims is %d, and the grid has %d dimensions", maxdims, t->cart.ndims);
    return MPI_ERR_DIMS;
}

int mpi_cartdim_get(struct comm *c, int *ndims)
{
    const struct topology *t = topo_of(c, MPI_CART);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    *ndims = t->cart.ndims;
    return MPI_SUCCESS;
}

int mpi_cart_get(struct comm *c, int maxdims, int dims[], int periods[], int coords[])
{
    const struct topology *t = topo_of(c, MPI_CART);
    int rc = room_check(t, maxdims);
    if (rc != MPI_SUCCESS || t->cart.ndims == 0)
        return rc;
    if (!dims || !periods || !coords)
        return MPI_ERR_ARG;
    size_t bytes = (size_t)t->cart.ndims * sizeof *dims;
    memcpy(dims, t->cart.dims, bytes);
    memcpy(periods, t->cart.periods, bytes);
    memcpy(coords, t->cart.coords, bytes);
    return MPI_SUCCESS;
}

static int wrong_coordinate(int dim, int at, int size)
{
    error_detail_set(MPI_ERR_ARG, "coordinate %d is %d, and the grid has %d there and is not periodic", dim, at, size);
    return MPI_ERR_ARG;
}

int mpi_cart_rank(struct comm *c, const int coords[], int *rank)
{
    const struct topology *t = topo_of(c, MPI_CART);
    int place = 0;
    if (!t)
        return MPI_ERR_TOPOLOGY;
    if (t->cart.ndims > 0 && !coords)
        return MPI_ERR_ARG;
    for (int i = 0; i < t->cart.ndims; i++) {
        int size = t->cart.dims[i], at = coords[i];
        if (!t->cart.periods[i] && (at < 0 || at >= size))
            return wrong_coordinate(i, at, size);
        at %= size;
        place = place * size + (at < 0 ? at + size : at);
    }
    *rank = place;
    return MPI_SUCCESS;
}

static int wrong_rank(int rank, int size)
{
    error_detail_set(MPI_ERR_RANK, "rank is %d, and the communicator has %d", rank, size);
    return MPI_ERR_RANK;
}

int mpi_cart_coords(struct comm *c, int rank, int maxdims, int coords[])
{
    const struct topology *t = topo_of(c, MPI_CART);
    int rc = room_check(t, maxdims);
    if (rc != MPI_SUCCESS)
        return rc;
    if (rank < 0 || rank >= c->size)
        return wrong_rank(rank, c->size);
    if (t->cart.ndims > 0 && !coords)
        return MPI_ERR_ARG;
    grid_coords(rank, t->cart.ndims, t->cart.dims, coords);
    return MPI_SUCCESS;
}

int grid_shifted(const struct topology *t, int place, int dim, int64_t disp)
{
    int64_t size = t->cart.dims[dim], at = t->cart.coords[dim] + disp, stride = 1;
    if (!t->cart.periods[dim] && (at < 0 || at >= size))
        return MPI_PROC_NULL;
    for (int i = dim + 1; i < t->cart.ndims; i++)
        stride *= t->cart.dims[i];
    return place + (int)(((at % size + size) % size - t->cart.coords[dim]) * stride);
}

int mpi_cart_shift(struct comm *c, int direction, int disp, int *rank_source, int *rank_dest)
{
    const struct topology *t = topo_of(c, MPI_CART);
    if (!t)
        return MPI_ERR_TOPOLOGY;
    if (direction < 0 || direction >= t->cart.ndims) {
        error_detail_set(MPI_ERR_DIMS, "direction is %d, and the grid has %d dimensions", direction, t->cart.ndims);
        return MPI_ERR_DIMS;
    }
    *rank_source = grid_shifted(t, c->rank, direction, -(int64_t)disp);
    *rank_dest = grid_shifted(t, c->rank, direction, disp);
    return MPI_SUCCESS;
}
