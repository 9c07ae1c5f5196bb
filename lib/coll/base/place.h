/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: on which node a process is. */
#ifndef LIB_COLL_BASE_PLACE_H
#define LIB_COLL_BASE_PLACE_H

#include <stdbool.h>

/* A node's number, or -1: of another job, and so not known. O(log runs of the rank map). With MUSTER_COLL_NODES=n in
 * the environment, which is for tests, the ranks of a job's only node are taken for those of n nodes, as equal as can
 * be. */
int place_node(int proc);
/* Is there more than one, or is one taken for more? */
bool place_several(void);
/* MPI_SUCCESS; MPI_ERR_OTHER with a note: the variable is no such number; or MPI_ERR_NO_MEM. */
int place_init(void);
void place_fini(void);

#endif
