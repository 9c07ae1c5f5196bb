/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parent: what a job that was spawned has to do with the one that has done it. */
#ifndef LIB_DYNAMIC_PARENT_H
#define LIB_DYNAMIC_PARENT_H

#include "lib/core/types.h"

/* The key under which the parents' root puts a port's name for the new job. */
#define PARENT_KEY "parent-port"

/* In MPI_Init, when there is MPI_COMM_WORLD: if the job was spawned by one of this library, connects to it. All ranks
 * call it. An error class with a note. */
int parent_meet(void);
/* At the end of all. */
void dynamic_fini(void);

#endif
