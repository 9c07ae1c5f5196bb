/* SPDX-License-Identifier: BSD-3-Clause
 *
 * choice: the lengths of pieces. */
#include "lib/coll/shm/choice.h"

static size_t whole_units(size_t bytes, size_t unit)
{
    return bytes < unit ? unit : bytes - bytes % unit;
}

size_t choice_piece(const struct shm_coll *a, size_t bytes, size_t unit)
{
    size_t n = bytes / 8 < knobs.COLL_PIECE_MIN ? knobs.COLL_PIECE_MIN : bytes / 8;
    n = choice_least(n, knobs.COLL_PIECE_MAX);
    return whole_units(choice_least(n, a->ring / 4), unit);
}

size_t choice_each(const struct shm_coll *a, size_t bytes, size_t unit)
{
    enum { LEAST = 4096 }; /* shorter pieces of long vectors are slower than messages */
    /* One more: the results of a reduction, while the operands are still being read. */
    size_t all = choice_least(knobs.COLL_ALLTOALL_BUDGET, a->ring / 2) / ((size_t)a->n + 1) / 64 * 64,
           n = choice_least(knobs.COLL_ALLTOALL_PIECE, all);
    if (n < unit || (n < bytes && n < LEAST))
        return 0;
    size_t pieces = (bytes + n - 1) / n + (bytes == 0), even = (bytes + pieces - 1) / pieces;
    return choice_least(whole_units(even + unit - 1, unit), whole_units(n, unit));
}
