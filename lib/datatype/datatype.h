/* SPDX-License-Identifier: BSD-3-Clause
 *
 * datatype: what a datatype is, and the engine that moves data by it.
 *
 * A layout is compiled when a type is made: nested loops over runs of bytes, merged as far as they can be. Packing and
 * unpacking work on any part of the packed stream, so that a message can be moved in pieces without a copy of the
 * whole.
 */
#ifndef LIB_DATATYPE_DATATYPE_H
#define LIB_DATATYPE_DATATYPE_H

#include <sys/uio.h>
#include "lib/object/attr.h"
#include "lib/core/object.h"
#include "lib/datatype/basic.h"

struct layout;   /* datatype/layout.h */
struct envelope; /* how it was made; datatype/envelope.h */

struct datatype {
    struct obj obj;
    bool committed;
    bool dense;     /* any count of it is one run of count * size bytes from true_lb on */
    bool one_run;   /* one of it is one run of bytes */
    bool marked;    /* lb and extent were set, and win over those of other members of a struct */
    int8_t basic;   /* index of the basic type that all its elements are (datatype/basic.h), or -1 */
    uint8_t align;  /* as a member of a C struct */
    uint16_t depth; /* structs of several members in one another, at most DATATYPE_DEPTH */
    MPI_Count size;
    MPI_Count lb, extent;
    MPI_Count true_lb, true_extent;
    MPI_Count elements;        /* basic elements in one */
    uint64_t max_count;        /* a count of more is refused: see datatype_measure */
    MPI_Count disp;            /* of the layout's origin */
    struct layout *layout;     /* NULL: dense; a run in a loop of one where elements do not touch */
    struct envelope *envelope; /* NULL: predefined */
    struct attrs attrs;
    union {
        char *name;            /* that the user gave; NULL: none */
        struct datatype *next; /* of those that are about to go */
    };
};

/* What follows members goes no deeper, so that it fits on any stack. What consists of one part, as copies and types in
 * a row, may be nested as deeply as one likes: it is followed in a loop. */
enum { DATATYPE_DEPTH = 2000 };

static inline MPI_Datatype datatype_handle(const struct datatype *t)
{
    return (MPI_Datatype)t->obj.handle;
}

static inline struct datatype *datatype_ref(struct datatype *t)
{
    t->obj.refs++;
    return t;
}
void datatype_unref(struct datatype *t);

/* Where one of it may touch memory, between its bounds and beyond them. */
static inline MPI_Count datatype_low(const struct datatype *t)
{
    return t->lb < t->true_lb ? t->lb : t->true_lb;
}
static inline MPI_Count datatype_high(const struct datatype *t)
{
    MPI_Count ub = t->lb + t->extent, true_ub = t->true_lb + t->true_extent;
    return ub > true_ub ? ub : true_ub;
}

/* Sets t->max_count when all else of sizes and bounds is known: with so many elements neither the bytes that they hold
 * nor those that they span are more than 2^62, and with more they are more than 2^61. So sums of a few of these, and of
 * addresses, do not overflow. */
void datatype_measure(struct datatype *t);
/* May so many elements be asked for? Not a negative number, either. */
static inline bool datatype_count_ok(const struct datatype *t, MPI_Count count)
{
    return (uint64_t)count <= t->max_count;
}

/* Is (buf, count, t) one run of bytes? Then it begins at buf + t->true_lb. */
static inline bool datatype_is_run(const struct datatype *t, MPI_Count count)
{
    return t->dense || (count <= 1 && t->one_run);
}

/* Moves bytes [from, from + n) of the packed form of (buf, count, t); the range lies inside. */
void datatype_pack(const struct datatype *t, const void *buf, MPI_Count count, MPI_Count from, void *out, size_t n);
void datatype_unpack(const struct datatype *t, void *buf, MPI_Count count, MPI_Count from, const void *in, size_t n);
/* From one buffer to another in this process, as a message to oneself would: at most the smaller of both. */
int datatype_copy(const void *from, MPI_Count from_count, const struct datatype *from_type, void *to,
                  MPI_Count to_count, const struct datatype *to_type);

/* Bytes from the first to the last that (count, t) may touch, and where the first lies: for temporary buffers. The
 * padding at the ends belongs to it: an operation may well assign whole structs. */
static inline MPI_Count datatype_span(const struct datatype *t, MPI_Count count, MPI_Count *gap)
{
    *gap = datatype_low(t);
    if (count <= 0 || t->size == 0)
        return 0;
    MPI_Count reach = (count - 1) * t->extent;
    if (reach < 0)
        *gap += reach, reach = -reach;
    return datatype_high(t) - datatype_low(t) + reach;
}

/* Bytes [from, from + *n) of the packed form of (buf, count, t) as pieces of memory, max at most; returns how many, and
 * *n becomes what they cover. */
int datatype_pieces(const struct datatype *t, void *buf, MPI_Count count, MPI_Count from, size_t *n, struct iovec *out,
                    int max);

int datatype_init(void);
void datatype_fini(void); /* the types that only the library holds (f90.c) */

extern struct datatype basic_types[BASIC_COUNT];
#define datatype_byte (basic_types[BASIC_I_BYTE])
#define datatype_packed (basic_types[BASIC_I_PACKED])

#endif
