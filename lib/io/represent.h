/* SPDX-License-Identifier: BSD-3-Clause
 *
 * represent: how the elements of datatypes are written down in a file (MPI 5.0, section 14.5): natively, which
 * "internal" is too, as external32, or as the program has registered. */
#ifndef LIB_IO_REPRESENT_H
#define LIB_IO_REPRESENT_H

#include "lib/datatype/datarep.h"
#include "lib/datatype/datatype.h"

struct represent {
    bool converts;               /* the file does not have what memory has; else all below is void */
    const struct datarep *user;  /* NULL: external32 */
    MPI_Aint bytes[BASIC_COUNT]; /* of an element in the file; 0: not known yet */
};

/* MPI_ERR_UNSUPPORTED_DATAREP, with a note. */
int represent_find(struct represent *r, const char *name);
/* Bytes of one t in the file. Errors: MPI_ERR_CONVERSION, as the program's function fails; MPI_ERR_COUNT, too many. */
int represent_size(struct represent *r, const struct datatype *t, MPI_Count *size);
/* A reference to t as it lies in the file: displacements in elements count those of the file, those in bytes are as
 * they are. */
int represent_type(struct represent *r, struct datatype *t, struct datatype **out);

/* How much of memory so many bytes of the file are, of elements of t, whose sizes are known. */
struct represent_amount {
    MPI_Count bytes, elements; /* of the packed form; those of typemaps */
};
struct represent_amount represent_whole(const struct represent *r, const struct datatype *t, MPI_Count bytes);

/* Converts between (buf, count, t) and their form in the file, of which the first n bytes are there; the elements that
 * lie in them wholly. MPI_ERR_CONVERSION with a note. The program's functions are called without the library's lock. */
int represent_write(const struct represent *r, const struct datatype *t, const void *buf, MPI_Count count, void *file);
int represent_read(const struct represent *r, const struct datatype *t, void *buf, MPI_Count count, const void *file,
                   MPI_Count n);

#endif
