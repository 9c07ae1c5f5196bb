/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alloc: MPI_Alloc_mem. What it hands out lies in a file of this process, so that others of the node can map it:
 * windows that are created on it are reached by loads and stores, as allocated ones are. */
#ifndef LIB_RMA_ALLOC_H
#define LIB_RMA_ALLOC_H

#include "lib/core/types.h"

/* Where others find the file; bytes 0: there is none. */
struct alloc_file {
    int32_t pid, fd;
    uint64_t dev, ino, bytes;
};

/* Is that memory handed out by this process, which others can map? Then where: in which file, from what place on. */
bool alloc_find(const void *at, size_t n, struct alloc_file *file, uint64_t *place);
/* A local rank's file, mapped here; NULL: it cannot be. It stays until the process ends. */
char *alloc_map(int local, const struct alloc_file *file);

#endif
