/* SPDX-License-Identifier: BSD-3-Clause
 *
 * choice: which way a collective on one node goes, by size, and in what pieces. All of it is here; every member of a
 * communicator comes to the same. */
#ifndef LIB_COLL_SHM_CHOICE_H
#define LIB_COLL_SHM_CHOICE_H

#include "lib/coll/shm/node.h"

struct choice {
    int spins;       /* looks at a word before everything else is looked after */
    size_t least;    /* a long vector goes in pieces of an eighth, within these bounds */
    size_t most;     /* and at most a quarter of a ring */
    size_t each;     /* in a phase in which each has something for each: for one of them; */
    size_t deal;     /* and for all of them together */
    size_t together; /* a scatter of blocks of up to this many bytes is one phase */
    size_t whole;    /* an allreduce up to this many bytes is not done in parts */
    size_t direct;   /* from here on blocks for one reader may be read where they lie */
};

/* By node.crowded. */
extern const struct choice choices[2];

static inline const struct choice *choice_of(const struct node *a)
{
    return &choices[a->crowded];
}

static inline size_t choice_least(size_t x, size_t y)
{
    return x < y ? x : y;
}

/* The bytes of a piece of a vector of so many bytes, in whole elements of `unit` bytes, at least one. */
size_t choice_piece(const struct node *a, size_t bytes, size_t unit);
/* The same for vectors of so many bytes that each member, or one, has for each. 0: there are so many members that this
 * is better done by messages. */
size_t choice_each(const struct node *a, size_t bytes, size_t unit);
/* An allreduce up to this many bytes is done in one phase. */
static inline size_t choice_whole(const struct node *a)
{
    return choice_least(choice_of(a)->whole, a->ring / 4);
}
/* A scatter of blocks of so many bytes: all in one phase? */
static inline bool choice_scatter_at_once(const struct node *a, size_t bytes)
{
    return a->n > 2 && bytes <= choice_of(a)->together && bytes * (size_t)a->n <= a->ring / 2;
}

/* May the blocks of a scatter, of so many bytes, be read where they lie? */
static inline bool choice_direct(const struct node *a, size_t bytes)
{
    return bytes >= choice_of(a)->direct;
}

/* A reduce of so many bytes: in parts, or all by the root? By the root it costs less in all, but one processor does it;
 * with four at work, parts are through first. */
static inline bool choice_reduce_in_parts(const struct node *a, size_t bytes)
{
    enum { ENOUGH = 4 };
    return a->n >= ENOUGH && a->cpus >= ENOUGH && bytes > choice_whole(a);
}

#endif
