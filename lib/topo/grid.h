/* SPDX-License-Identifier: BSD-3-Clause
 *
 * grid: places of a grid, which are the ranks of its communicator. The last dimension varies fastest. */
#ifndef LIB_TOPO_GRID_H
#define LIB_TOPO_GRID_H

#include "lib/object/topology.h"

/* Coordinates of a place. */
static inline void grid_coords(int place, int ndims, const int *dims, int *coords)
{
    for (int i = ndims; i-- > 0; place /= dims[i])
        coords[i] = place % dims[i];
}

/* The place that is disp away in one dimension from `place`, whose coordinates t has; or MPI_PROC_NULL. */
int grid_shifted(const struct topology *t, int place, int dim, int64_t disp);

#endif
