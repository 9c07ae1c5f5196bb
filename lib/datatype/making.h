/* SPDX-License-Identifier: BSD-3-Clause
 *
 * making: a datatype under construction. A constructor says three things: what it was called with (envelope), which
 * blocks of other types it consists of (bounds, size), and where their bytes lie (layout). Memory that is missing is
 * noted, and told at the end. */
#ifndef LIB_DATATYPE_MAKING_H
#define LIB_DATATYPE_MAKING_H

#include "lib/datatype/datatype.h"
#include "lib/datatype/envelope.h"
#include "lib/datatype/layout.h"

struct making {
    struct datatype *t; /* zeroed but for what was found out so far */
    MPI_Count ub, true_ub, mark_lb, mark_ub;
    bool any, any_true, any_mark;
    bool ok;
    bool large; /* it would have more bytes, or reach farther, than making_near allows */
};

/* What follows m, the combiner and the old type (may be NULL) are the arguments, in braces. False without memory: then
 * there is nothing to end. */
#define making_begin(m, combiner, old, ...)                                                                            \
    making_begin_with(m, combiner, old, (const struct said[]){__VA_ARGS__ __VA_OPT__(, ){SAID_END}})
bool making_begin_with(struct making *m, int combiner, struct datatype *old, const struct said *said);

/* The same in two steps, for arguments that are looked at before they are kept: without memory the first one leaves
 * nothing, and after the second one, too, making_drop is due. `types` are to be added to the envelope. */
bool making_init(struct making *m);
bool making_keep(struct making *m, int combiner, const struct said *said, MPI_Count types);
void making_drop(struct making *m);

/* n elements of o, from disp on: what they do to the bounds. */
void making_block(struct making *m, MPI_Count disp, MPI_Count n, const struct datatype *o);
/* And to the size. */
void making_count(struct making *m, MPI_Count n, const struct datatype *o);
/* Sets the bounds. */
void making_bounds(struct making *m, MPI_Count lb, MPI_Count extent, MPI_Count true_lb, MPI_Count true_ub);

/* a times b; 0, and a note, if that is too large for its type. */
MPI_Count making_times(struct making *m, MPI_Count a, MPI_Count b);
/* No type has 2^62 bytes, or reaches so far: so two of these numbers can be added up, or subtracted, without a look. */
static inline bool making_near(MPI_Count x)
{
    const uint64_t most = (UINT64_C(1) << 62) - 1;
    return (uint64_t)x + most <= 2 * most;
}

/* Where the bytes of an element lie, and of n in a row from disp on. */
struct placed making_element(const struct datatype *t);
struct placed making_row(struct making *m, MPI_Count disp, MPI_Count n, const struct datatype *o);

/* The new type. Takes over p and all that m has, also when it fails. */
int making_end(struct making *m, struct placed p, MPI_Datatype *out);

#endif
