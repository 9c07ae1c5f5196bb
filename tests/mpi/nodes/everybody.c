/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each rank has something for each other one at once, in messages of its own: short ones, those that are announced, and
 * a collective after them. Between nodes each pair has a connection. */
#include "../check.h"

enum { LONGEST = 20000, WORDS = LONGEST / (int)sizeof(int) };

static int word(int from, int to, int i)
{
    return from * 1009 + to * 31 + i;
}

/* n words from each to each, all under way together. */
static void exchange(int n)
{
    size_t all = (size_t)n * (size_t)size;
    int *out = malloc(all * sizeof *out), *in = malloc(all * sizeof *in);
    MPI_Request *r = malloc(2 * (size_t)size * sizeof(MPI_Request));
    CHECK(out && in && r);
    for (int k = 0; k < size; k++)
        for (int i = 0; i < n; i++)
            out[k * n + i] = word(rank, k, i);
    for (int k = 0; k < size; k++)
        OK(MPI_Irecv(in + k * n, n, MPI_INT, k, n, world, &r[k]));
    for (int k = 0; k < size; k++) {
        int to = (rank + k) % size;
        OK(MPI_Isend(out + to * n, n, MPI_INT, to, n, world, &r[size + k]));
    }
    OK(MPI_Waitall(2 * size, r, MPI_STATUSES_IGNORE));
    for (int k = 0; k < size; k++)
        for (int i = 0; i < n; i++)
            CHECK(in[k * n + i] == word(k, rank, i));
    memset(in, 0, all * sizeof *in);
    OK(MPI_Alltoall(out, n, MPI_INT, in, n, MPI_INT, world));
    for (int k = 0; k < size; k++)
        for (int i = 0; i < n; i++)
            CHECK(in[k * n + i] == word(k, rank, i));
    free(out), free(in), free(r);
}

int main(int argc, char **argv)
{
    begin(&argc, &argv);
    exchange(1);
    exchange(WORDS);
    exchange(2);
    return end();
}
