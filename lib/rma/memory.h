/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory: the file that the ranks of a node map for a window: its control, and the data of allocated ones. */
#ifndef LIB_RMA_MEMORY_H
#define LIB_RMA_MEMORY_H

#include "lib/rma/control.h"

/* Collective over w->node. Lays it out for `size` bytes of data of this rank (0 of a window that brings its own), each
 * rank's on pages of its own unless `contiguous`, with regions for a dynamic window, and maps it. *data is where this
 * rank's lie. An error class, with a note: the same on all ranks of the node. */
int memory_make(struct win *w, MPI_Aint size, bool contiguous, bool regions, void **data);
void memory_free(struct win *w);

#endif
