/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages of every size class round a ring, nonblocking, with a neighbour that may be oneself. */
#include "../check.h"

static void once(int n)
{
    int right = (rank + 1) % size, left = (rank + size - 1) % size;
    char *out = malloc((size_t)n + 1), *in = malloc((size_t)n + 1);
    MPI_Request r[2];
    MPI_Status st[2];
    int got;
    memset(out, rank + 1, (size_t)n);
    OK(MPI_Irecv(in, n, MPI_CHAR, left, 5, MPI_COMM_WORLD, &r[0]));
    OK(MPI_Isend(out, n, MPI_CHAR, right, 5, MPI_COMM_WORLD, &r[1]));
    OK(MPI_Waitall(2, r, st));
    CHECK(st[0].MPI_SOURCE == left && st[0].MPI_TAG == 5);
    OK(MPI_Get_count(&st[0], MPI_CHAR, &got));
    CHECK(got == n);
    for (int i = 0; i < n; i++)
        CHECK(in[i] == (char)(left + 1));
    free(out);
    free(in);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    static const int sizes[] = {0, 1, 7, 8, 40, 41, 64, 1000, 4096, 4097, 20000, 65536, 1000000, 5000000};
    const int most = size > 64 ? 1000000 : 5000000; /* with many ranks on a small machine, what all hold counts */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] <= most; i++)
        once(sizes[i]);
    return end();
}
