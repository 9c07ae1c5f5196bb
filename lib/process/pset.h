/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pset: process sets. They are numbered from 0: mpi://WORLD, mpi://SELF, those of the command line (mpiexec --pset) in
 * its order, then one a node, muster://NODE/0 and so on. Nothing is kept of a set but what the command line says, and
 * that is read when first asked for. */
#ifndef LIB_PROCESS_PSET_H
#define LIB_PROCESS_PSET_H

#include "lib/core/types.h"

enum { PSET_NAME_MAX = MPI_MAX_PSET_NAME_LEN };
enum { PSET_WORLD, PSET_SELF }; /* the first two */

/* MPI_ERR_OTHER with a note if what the launcher says of sets cannot be read. */
int pset_init(void);
int pset_count(void);
void pset_name(int set, char name[PSET_NAME_MAX]);
/* -1: there is none of that name. Case counts but in what begins with mpi://, which is the standard's. */
int pset_find(const char *name);
int pset_size(int set);
/* Its ranks in the job, in their order; room for pset_size. */
void pset_ranks(int set, int *ranks);
bool pset_has(int set, int rank);
bool pset_is_node(int set);

#endif
