/* SPDX-License-Identifier: BSD-3-Clause
 *
 * builder: a datatype under construction. A constructor says three things: what it was called with (envelope), which
 * blocks of other types it consists of (bounds, size), and where their bytes lie (layout). Memory that is missing is
 * noted, and told at the end. */
#ifndef LIB_DATATYPE_BUILDER_H
#define LIB_DATATYPE_BUILDER_H

#include "lib/datatype/datatype.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/layout.h"

struct builder {
    struct datatype *t; /* zeroed but for what was found out so far */
    MPI_Count ub, true_ub, mark_lb, mark_ub;
    bool any, any_true, any_mark;
    bool ok;
    bool large; /* it would have more bytes, or reach farther, than builder_near allows */
};

/* What follows m, the combiner and the old type (may be NULL) are the arguments, in braces. False without memory: then
 * there is nothing to end. */
#define builder_begin(m, combiner, old, ...)                                                                           \
    builder_begin_with(m, combiner, old, (const struct constructor_arg[]){__VA_ARGS__ __VA_OPT__(, ){ARG_END}})
bool builder_begin_with(struct builder *m, int combiner, struct datatype *old, const struct constructor_arg *args);

/* The same in two steps, for arguments that are looked at before they are kept: without memory the first one leaves
 * nothing, and after the second one, too, builder_drop is due. `types` are to be added to the envelope. */
bool builder_init(struct builder *m);
bool builder_keep(struct builder *m, int combiner, const struct constructor_arg *args, MPI_Count types);
void builder_drop(struct builder *m);

/* n elements of o, from disp on: what they do to the bounds. */
void builder_block(struct builder *m, MPI_Count disp, MPI_Count n, const struct datatype *o);
/* And to the size. */
void builder_count(struct builder *m, MPI_Count n, const struct datatype *o);
/* Sets the bounds. */
void builder_bounds(struct builder *m, MPI_Count lb, MPI_Count extent, MPI_Count true_lb, MPI_Count true_ub);

/* a times b; 0, and a note, if that is too large for its type. */
MPI_Count builder_times(struct builder *m, MPI_Count a, MPI_Count b);
/* No type has 2^62 bytes, or reaches so far: so two of these numbers can be added up, or subtracted, without a look. */
static inline bool builder_near(MPI_Count x)
{
    const uint64_t most = (UINT64_C(1) << 62) - 1;
    return (uint64_t)x + most <= 2 * most;
}

/* Where the bytes of an element lie, and of n in a row from disp on. */
struct placed builder_element(const struct datatype *t);
struct placed builder_row(struct builder *m, MPI_Count disp, MPI_Count n, const struct datatype *o);

/* The new type. Takes over p and all that m has, also when it fails. */
int builder_end(struct builder *m, struct placed p, MPI_Datatype *out);

#endif
