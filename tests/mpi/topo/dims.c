/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MPI_Dims_create: products that are right, balanced, and leave alone what is given. */
#include "../check.h"

enum { MOST = 40 };

static void is(int nnodes, int ndims, const int *given, const int *want)
{
    int dims[8];
    memcpy(dims, given, (size_t)ndims * sizeof *dims);
    OK(MPI_Dims_create(nnodes, ndims, dims));
    for (int i = 0; i < ndims; i++)
        CHECK(dims[i] == want[i]);
}

static void any(int nnodes, int ndims)
{
    int dims[MOST] = {0};
    long product = 1;
    OK(MPI_Dims_create(nnodes, ndims, dims));
    for (int i = 0; i < ndims; i++) {
        CHECK(i == 0 || dims[i] <= dims[i - 1]);
        product *= dims[i];
    }
    CHECK(product == nnodes);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    is(6, 2, (int[]){0, 0}, (int[]){3, 2});
    is(7, 2, (int[]){0, 0}, (int[]){7, 1});
    is(6, 3, (int[]){0, 3, 0}, (int[]){2, 3, 1});
    is(16, 3, (int[]){0, 0, 0}, (int[]){4, 2, 2});
    is(36, 3, (int[]){0, 0, 0}, (int[]){4, 3, 3});
    is(24624, 3, (int[]){0, 0, 0}, (int[]){38, 27, 24});
    is(7488, 3, (int[]){0, 0, 0}, (int[]){26, 18, 16});
    is(5040, 3, (int[]){0, 0, 0}, (int[]){21, 16, 15});
    is(408000, 4, (int[]){0, 0, 0, 0}, (int[]){34, 25, 24, 20});
    is(98784, 5, (int[]){0, 0, 0, 0, 0}, (int[]){14, 14, 9, 8, 7});
    is(49248, 4, (int[]){0, 2, 0, 0}, (int[]){38, 2, 27, 24});
    is(1000000, 2, (int[]){0, 0}, (int[]){1000, 1000});
    is(2147483647, 3, (int[]){0, 0, 0}, (int[]){2147483647, 1, 1});
    is(4, 2, (int[]){2, 2}, (int[]){2, 2});
    for (int n = 1; n < 3000; n++)
        for (int k = 1; k <= 8; k++)
            any(n, k);
    for (int k = 1; k <= MOST; k++) /* as many divisors as an int can have, and as many factors */
        any(2095133040, k), any(1 << 30, k), any(1396755360, k);
    FAILS(MPI_ERR_DIMS, MPI_Dims_create(7, 2, (int[]){2, 0}));
    FAILS(MPI_ERR_DIMS, MPI_Dims_create(8, 2, (int[]){2, 2}));
    FAILS(MPI_ERR_DIMS, MPI_Dims_create(8, 2, (int[]){-2, 0}));
    FAILS(MPI_ERR_ARG, MPI_Dims_create(0, 2, (int[]){0, 0}));
    return end();
}
