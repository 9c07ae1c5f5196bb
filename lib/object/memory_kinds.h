/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory_kinds: which of the kinds of memory that a program asks for may be given to MPI (MPI 5.0, section 11.4.3). All
 * that a processor reads and writes may: the kinds "system" and "mpi", however that was allocated. */
#ifndef LIB_OBJECT_MEMORY_KINDS_H
#define LIB_OBJECT_MEMORY_KINDS_H

#include "lib/core/types.h"

#define MEMORY_KINDS_KEY "mpi_memory_alloc_kinds"
/* The launcher's word of what the program will use. */
#define MEMORY_KINDS_ENV "MUSTER_MEMORY_ALLOC_KINDS"

/* What is provided where `asked` (NULL: nothing) is asked for: the two kinds, then those with restrictors that were
 * asked for and are known, each once. */
void memory_kinds_provide(const char *asked, char provided[MPI_MAX_INFO_VAL]);

#endif
