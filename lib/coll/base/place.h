/* SPDX-License-Identifier: BSD-3-Clause
 *
 * place: on which node a process is, as far as collectives are concerned. */
#ifndef LIB_COLL_BASE_PLACE_H
#define LIB_COLL_BASE_PLACE_H

/* A node's number, or -1: not known, on another one than this process's. With MUSTER_COLL_NODES=n in the environment,
 * which is for tests, the ranks of this node are taken for those of n nodes, as equal as can be. */
int place_node(int proc);
/* How many nodes this one is taken for. */
int place_pretended(void);
/* MPI_SUCCESS, or MPI_ERR_OTHER with a note: the variable is no such number. */
int place_init(void);

#endif
