/* SPDX-License-Identifier: BSD-3-Clause
 *
 * choice: which way a collective on one node goes, by size, and in what pieces. The numbers are knobs; every member of
 * a communicator comes to the same. */
#ifndef LIB_COLL_SHM_CHOICE_H
#define LIB_COLL_SHM_CHOICE_H

#include "lib/coll/shm/phase.h"
#include "lib/core/knobs.h"

static inline size_t choice_least(size_t x, size_t y)
{
    return x < y ? x : y;
}

/* The bytes of a piece of a vector of so many bytes, in whole elements of `unit` bytes, at least one. */
size_t choice_piece(const struct shm_coll *a, size_t bytes, size_t unit);
/* The same for vectors of so many bytes that each member, or one, has for each. 0: there are so many members that this
 * is better done by messages. */
size_t choice_each(const struct shm_coll *a, size_t bytes, size_t unit);
/* An allreduce up to this many bytes is done in one phase. */
static inline size_t choice_whole(const struct shm_coll *a)
{
    return choice_least(knobs.COLL_ALLREDUCE_ONE_PHASE_MAX, a->ring / 4);
}
/* A scatter of blocks of so many bytes: all in one phase? */
static inline bool choice_scatter_at_once(const struct shm_coll *a, size_t bytes)
{
    return a->n > 2 && bytes <= knobs.COLL_SCATTER_ONE_PHASE_MAX && bytes * (size_t)a->n <= a->ring / 2;
}

/* May the blocks of a scatter, of so many bytes, be read where they lie? */
static inline bool choice_direct(const struct shm_coll *a, size_t bytes)
{
    return bytes >= knobs.COLL_CMA_MIN;
}

/* A reduce of so many bytes: in parts, or all by the root? By the root it costs less in all, but one processor does it;
 * with four at work, parts are through first. */
static inline bool choice_reduce_in_parts(const struct shm_coll *a, size_t bytes)
{
    enum { ENOUGH = 4 };
    return a->n >= ENOUGH && a->cpus >= ENOUGH && bytes > choice_whole(a);
}

#endif
