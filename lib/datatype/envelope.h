/* SPDX-License-Identifier: BSD-3-Clause
 *
 * envelope: how a datatype was made, for MPI_Type_get_envelope and _contents, and for walks over its basic elements.
 * A type made by a large-count function keeps counts and displacements as large counts, in the order of the arguments.
 * All of it is one block of memory, as large as what was given.
 */
#ifndef LIB_DATATYPE_ENVELOPE_H
#define LIB_DATATYPE_ENVELOPE_H

#include "lib/datatype/datatype.h"

/* What is kept, by the kind of its numbers. */
enum { ENV_INT, ENV_ADDR, ENV_COUNT, ENV_TYPE, ENV_KINDS };

struct envelope {
    int combiner;
    bool wide;
    int64_t n[ENV_KINDS];
    int *ints;
    int64_t *addrs, *counts;
    struct datatype **types; /* counted */
};

/* What an argument is: its kind in the envelope follows. */
enum arg_kind { ARG_END, ARG_INT, ARG_COUNT, ARG_ADDR };

/* An argument of a constructor: one number, or a list of n. */
struct constructor_arg {
    enum arg_kind as;
    MPI_Count one;
    struct ints list; /* at NULL: one */
    MPI_Count n;
};

/* Keeps the arguments of the constructor (till ARG_END); `types` are added afterwards. NULL without memory. */
struct envelope *envelope_new(int combiner, bool wide, const struct constructor_arg *args, MPI_Count types);
void envelope_type(struct envelope *e, struct datatype *t);
void envelope_free(struct envelope *e);

/* Of one type alone? Then an element is so many of that as it has more basic elements. */
static inline bool envelope_single(const struct envelope *e)
{
    return e->n[ENV_TYPE] == 1;
}
/* Of a struct: the number of elements of its i-th type. */
static inline MPI_Count envelope_length(const struct envelope *e, int64_t i)
{
    return e->wide ? e->counts[i + 1] : e->ints[i + 1];
}

/* Elements of t that are all of one basic type: so many of that. */
static inline MPI_Count envelope_basics(const struct datatype *t)
{
    return t->elements / basic_types[t->basic].elements;
}
/* The type of whose elements all of t consist, and how many of them n of t are: it is basic, or a struct of several
 * members. t holds elements. */
static inline const struct datatype *envelope_kernel(const struct datatype *t, MPI_Count *n)
{
    while (t->basic < 0 && envelope_single(t->envelope)) {
        const struct datatype *part = t->envelope->types[0];
        *n *= t->elements / part->elements;
        t = part;
    }
    return t;
}

/* The constructor again, with other types in the same places; the new type in *out. An error class. */
int envelope_again(const struct envelope *e, struct datatype *const *types, struct datatype **out);

#endif
