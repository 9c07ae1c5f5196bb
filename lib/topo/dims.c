/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dims: a number of processes as a product of dimensions, falling and as close to one another as they can be: of all
 * products one where the difference of the largest and the smallest factor is least, and of these the one whose
 * smallest is largest, then the next one, and so on, which is what MPICH chooses. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"

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

/* n as k factors that fall from `most`: the largest as small as it can be, then the second, and so on. Each level takes
 * a factor of at least 2, so that 31 of them are enough. */
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

/* A search for factors that rise from one that is given, and of which the last is at most `most`: large ones are tried
 * first, and of those with the same last one the first is kept. */
struct search {
    const struct divisors *d;
    int count;
    int most;  /* falls with each that is found */
    int *now;  /* room for count */
    int *best; /* rising */
    bool found;
};

/* d to the k is at most n */
static bool fits(int d, int k, int n)
{
    for (; k > 0 && n > 0; k--)
        n /= d;
    return n > 0;
}

static void search_from(struct search *s, int at, int n, int least)
{
    int left = s->count - at;
    if (left == 1) {
        if (n < s->now[at - 1] || n > s->most)
            return;
        s->now[at] = n;
        for (int i = 0; i < s->count; i++)
            s->best[i] = s->now[i];
        s->most = n - 1;
        s->found = true;
        return;
    }
    int end = least;
    while (end < s->d->count && fits(s->d->at[end], left, n))
        end++;
    for (int i = end - 1; i >= least; i--) {
        int f = s->d->at[i];
        if (f > s->most || n % f != 0 || !reaches(s->most, left - 1, n / f))
            continue;
        s->now[at] = f;
        search_from(s, at + 1, n / f, i);
    }
}

/* Makes the difference of k falling factors smaller, if it can be, or their smallest larger: as the largest is the
 * smallest that there is, the former takes the latter. */
static void narrow(int n, int k, const struct divisors *d, int *out, int *room)
{
    for (int i = 0; i < d->count && fits(d->at[i], k, n); i++) {
        int least = d->at[i], difference = out[0] - out[k - 1];
        if (least < out[k - 1])
            continue;
        struct search s = {.d = d, .count = k, .most = least + difference, .now = room, .best = room + k};
        s.now[0] = least;
        search_from(&s, 1, n / least, i);
        for (int j = 0; s.found && j < k; j++)
            out[j] = s.best[k - 1 - j];
    }
}

/* Gives the entries that are 0 their values; out has room for three times as many. */
static void fill(int nnodes, int ndims, int *dims, int zeros, int *out)
{
    struct divisors d;
    divisors_of(nnodes, &d);
    factors(nnodes, zeros, nnodes, &d, out);
    if (zeros > 1)
        narrow(nnodes, zeros, &d, out, out + zeros);
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
        if (dims[i] < 0 || (dims[i] > 0 && nnodes % dims[i] != 0)) {
            error_detail_set(MPI_ERR_DIMS, "dims[%d] is %d, which does not divide %d", i, dims[i], nnodes);
            return MPI_ERR_DIMS;
        }
        if (dims[i] > 0)
            nnodes /= dims[i];
        else
            zeros++;
    }
    if (zeros == 0)
        return nnodes == 1 || ndims == 0 ? MPI_SUCCESS : MPI_ERR_DIMS;
    int *out = malloc(3 * (size_t)zeros * sizeof *out);
    if (!out)
        return MPI_ERR_NO_MEM;
    fill(nnodes, ndims, dims, zeros, out);
    free(out);
    return MPI_SUCCESS;
}
