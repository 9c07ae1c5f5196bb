/* SPDX-License-Identifier: BSD-3-Clause
 *
 * collective: accesses by all who have a file open (MPI 5.0, section 14.4), waited for or not: a schedule each. */
#ifndef LIB_IO_COLLECTIVE_H
#define LIB_IO_COLLECTIVE_H

#include "lib/coll/base/sched.h"
#include "lib/io/transfers.h"

/* Begins it, and hands its transfer out, whose request is the caller's. error: what this rank's arguments came to; it
 * is returned, and this rank takes part nevertheless, with an access of nothing, which ends by itself. */
int collective_begin(struct access *a, int error, struct transfer **out);
/* Does it; error as above. */
int collective_run(struct access *a, int error, MPI_Status *status);
/* MPI_ERR_IO with a note: a split collective has begun and not ended, so there cannot be another collective. */
int collective_check(const struct file *f);

#endif
