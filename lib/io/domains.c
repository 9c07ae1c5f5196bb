/* SPDX-License-Identifier: BSD-3-Clause
 *
 * domains: who writes and reads which part of the file for all. */
#include "lib/io/domains.h"

static int64_t rounded_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

struct domains domains_make(int64_t begin, int64_t end, int n, int ranks, int64_t unit, int64_t window)
{
    int64_t from = begin / unit * unit; /* borders count from here */
    int64_t each = rounded_up((end - from + n - 1) / n, unit);
    int64_t used = (end - from + each - 1) / each;
    return (struct domains){from, end, each, rounded_up(window, unit), (int)used, ranks};
}

int domains_rank(const struct domains *d, int i)
{
    return (int)((int64_t)i * d->ranks / d->n);
}

int domains_of(const struct domains *d, int rank)
{
    int i = (int)(((int64_t)rank * d->n + d->ranks - 1) / d->ranks);
    return i < d->n && domains_rank(d, i) == rank ? i : -1;
}

static int64_t bounded(const struct domains *d, int64_t place)
{
    return place < d->end ? place : d->end;
}

int64_t domains_begin(const struct domains *d, int i)
{
    return bounded(d, d->begin + i * d->each);
}

int64_t domains_end(const struct domains *d, int i)
{
    return bounded(d, d->begin + (i + 1) * d->each);
}

int64_t domains_window(const struct domains *d, int i, int64_t w)
{
    int64_t begin = domains_begin(d, i) + w * d->window, end = domains_end(d, i);
    return begin < end ? begin : end;
}
