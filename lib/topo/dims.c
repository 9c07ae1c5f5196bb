/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dims: a number of processes as a product of dimensions, falling and as close to one another as they can be: of all
 * products the one whose largest factor is smallest, then the second largest, and so on. */
#include <stdlib.h>
#include "lib/bindings/impl.h"

enum { DIVISORS_MAX = 1600 }; /* no int has more */

struct divisors {
    int count;
    int at[DIVISORS_MAX]; /* rising */
};

static void divisors_of(int n, struct divisors *d)
{
    d->count = 0;
    for (int i = 1; (int64_t)i * i <= n; i++)
        if (n % i == 0)
            d->at[d->count++] = i;
    for (int i = d->count; i-- > 0;)
        if (d->at[i] != n / d->at[i])
            d->at[d->count++] = n / d->at[i];
}

/* d to the k is at least n */
static bool reaches(int d, int k, int n)
{
    int64_t p = 1;
    while (k-- > 0 && p < n && d > 1)
        p *= d;
    return p >= n;
}

/* n as k factors that fall from `most`. Each level takes a factor of at least 2, so that 31 of them are enough. */
static bool factors(int n, int k, int most, const struct divisors *d, int *out)
{
    if (n == 1) {
        for (int i = 0; i < k; i++)
            out[i] = 1;
        return true;
    }
    for (int i = 0; k > 0 && i < d->count && d->at[i] <= most; i++) {
        int f = d->at[i];
        if (n % f != 0 || !reaches(f, k, n) || !factors(n / f, k - 1, f, d, out + 1))
            continue;
        out[0] = f;
        return true;
    }
    return false;
}

/* Gives the entries that are 0 their values; out has room for as many. */
static void fill(int nnodes, int ndims, int *dims, int zeros, int *out)
{
    struct divisors d;
    divisors_of(nnodes, &d);
    factors(nnodes, zeros, nnodes, &d, out);
    for (int i = 0; i < ndims; i++)
        if (dims[i] == 0)
            dims[i] = *out++;
}

int mpi_dims_create(int nnodes, int ndims, int *dims)
{
    int zeros = 0;
    if (nnodes < 1)
        return MPI_ERR_ARG;
    if (ndims < 0 || (ndims > 0 && !dims))
        return MPI_ERR_DIMS;
    for (int i = 0; i < ndims; i++) {
        if (dims[i] < 0 || (dims[i] > 0 && nnodes % dims[i] != 0))
            return MPI_ERR_DIMS;
        if (dims[i] > 0)
            nnodes /= dims[i];
        else
            zeros++;
    }
    if (zeros == 0)
        return nnodes == 1 || ndims == 0 ? MPI_SUCCESS : MPI_ERR_DIMS;
    int *out = malloc((size_t)zeros * sizeof *out);
    if (!out)
        return MPI_ERR_NO_MEM;
    fill(nnodes, ndims, dims, zeros, out);
    free(out);
    return MPI_SUCCESS;
}
