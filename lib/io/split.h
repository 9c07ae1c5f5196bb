/* SPDX-License-Identifier: BSD-3-Clause
 *
 * split: collective accesses in two calls, one at a time on a file (MPI 5.0, section 14.4.5). */
#ifndef LIB_IO_SPLIT_H
#define LIB_IO_SPLIT_H

#include "lib/io/transfers.h"

enum split_kind {
    SPLIT_READ_ALL,
    SPLIT_WRITE_ALL,
    SPLIT_READ_AT_ALL,
    SPLIT_WRITE_AT_ALL,
    SPLIT_READ_ORDERED,
    SPLIT_WRITE_ORDERED
};

/* It has begun; there is none. */
void split_begin(struct file *f, enum split_kind kind, struct transfer *t);
/* Waits for it. MPI_ERR_IO, MPI_ERR_BUFFER with a note: none has begun, or another one. */
int split_end(struct file *f, enum split_kind kind, const void *buf, MPI_Status *status);

#endif
