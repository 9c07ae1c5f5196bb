/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/coll/shm/choice.h"

/* Measured with two processors, by tests/bench. */
const struct choice choices[2] = {
    [false] =
        {
            .spins = 500,  /* about a microsecond */
            .least = 4096, /* below, announcing costs as much as copying */
            .most = 16384, /* fits into the nearest cache beside what it is copied or combined into */
            .each = 16384, /* as above */
            .deal = 1 << 20,
            .together = 4096,
            .whole = 8192,      /* both combine all; in parts it takes one meeting more, but half of the work */
            .direct = SIZE_MAX, /* both ends copy at once, which is faster */
        },
    [true] =
        {
            .spins = 20,
            .least = 65536, /* a piece costs a change of ranks; the next rank comes when this one has to wait */
            .most = 65536,
            .each = 65536,
            .deal = 1 << 19,
            .together = 16384,
            .whole = 65536, /* the last to come combines for all: one change of ranks; in parts there are two */
            .direct = 65536,
        },
};

static size_t whole_units(size_t bytes, size_t unit)
{
    return bytes < unit ? unit : bytes - bytes % unit;
}

size_t choice_piece(const struct node *a, size_t bytes, size_t unit)
{
    const struct choice *c = choice_of(a);
    size_t n = bytes / 8 < c->least ? c->least : bytes / 8 > c->most ? c->most : bytes / 8;
    return whole_units(choice_least(n, a->ring / 4), unit);
}

size_t choice_each(const struct node *a, size_t bytes, size_t unit)
{
    enum { LEAST = 4096 }; /* shorter pieces of long vectors are slower than messages */
    const struct choice *c = choice_of(a);
    /* One more: the results of a reduction, while the operands are still being read. */
    size_t all = choice_least(c->deal, a->ring / 2) / ((size_t)a->n + 1) / 64 * 64, n = choice_least(c->each, all);
    if (n < unit || (n < bytes && n < LEAST))
        return 0;
    size_t pieces = (bytes + n - 1) / n + (bytes == 0), even = (bytes + pieces - 1) / pieces;
    return choice_least(whole_units(even + unit - 1, unit), whole_units(n, unit));
}
