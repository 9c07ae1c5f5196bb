/* SPDX-License-Identifier: BSD-3-Clause
 *
 * datarep: data representations of files that the program has registered (MPI 5.0, section 14.5.3). */
#ifndef LIB_DATATYPE_DATAREP_H
#define LIB_DATATYPE_DATAREP_H

#include "lib/core/types.h"

struct datarep {
    struct datarep *next;
    bool wide; /* the conversions are those of MPI_Register_datarep_c */
    union {
        MPI_Datarep_conversion_function *small;
        MPI_Datarep_conversion_function_c *large;
    } read, write; /* NULL: as native */
    MPI_Datarep_extent_function *extent;
    void *extra;
    char name[MPI_MAX_DATAREP_STRING];
};

/* The registered one of that name, for good; NULL: none. Native, internal and external32 are not registered. */
const struct datarep *datarep_find(const char *name);
/* Is it one that every library has? */
bool datarep_is_predefined(const char *name);

#endif
