/* SPDX-License-Identifier: BSD-3-Clause
 *
 * elements: a walk over the same elements in two or three buffers of different layouts at once, as accumulates need
 * it: nothing is packed, and nothing allocated, however many blocks there are. All elements are of one basic type. */
#ifndef LIB_RMA_ELEMENTS_H
#define LIB_RMA_ELEMENTS_H

#include <sys/uio.h>
#include "lib/datatype/datatype.h"

/* Elements in memory, or, where the address is not one of this process, at addresses that are only counted with. */
struct operand {
    const void *at;
    MPI_Count count;
    const struct datatype *type;
};

enum { ELEMENTS_SIDES = 3, ELEMENTS_PIECES = 32 };
struct elements_side {
    struct operand buffer;
    MPI_Count from; /* bytes of the packed form that the pieces before these cover */
    struct iovec pieces[ELEMENTS_PIECES];
    int piece, count;
    size_t inside; /* bytes of the present piece that are behind us */
};
struct elements {
    const struct datatype *basic;
    MPI_Count left; /* elements that are to come */
    int sides;
    struct elements_side side[ELEMENTS_SIDES];
};

/* Begins with no side; basic: predefined. */
void elements_init(struct elements *e, const struct datatype *basic, MPI_Count count);
/* Adds a buffer; it holds at least as many elements. */
void elements_add(struct elements *e, struct operand buffer);
/* The next elements, at most `most`, that lie in a row in each of the buffers: where, by side. Returns how many; 0 at
 * the end. Pairs with gaps, as MPI_DOUBLE_INT, come one at a time. */
MPI_Count elements_next(struct elements *e, MPI_Count most, char *at[]);

#endif
