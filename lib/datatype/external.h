/* SPDX-License-Identifier: BSD-3-Clause
 *
 * external: external32, for files. */
#ifndef LIB_DATATYPE_EXTERNAL_H
#define LIB_DATATYPE_EXTERNAL_H

#include "lib/datatype/datatype.h"

/* Bytes of a basic element in external32. */
MPI_Count external_basic(int basic);
/* Converts n elements of t, packed in both forms: into external32, or out of it. */
void external_convert(const struct datatype *t, MPI_Count n, void *native, void *external, bool out);

#endif
