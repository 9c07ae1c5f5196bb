/* SPDX-License-Identifier: BSD-3-Clause
 *
 * short: blocking collectives on little data by messages, without a schedule: its making would cost more than the
 * messages. The trees are those of the schedules, and so is the order of operands. Arguments are checked, and something
 * is to be moved. */
#ifndef LIB_COLL_BASE_SHORT_H
#define LIB_COLL_BASE_SHORT_H

#include "lib/coll/base/args.h"

enum { SHORT_BYTES = 2048 };

int short_barrier(const struct coll_args *a);
int short_bcast(const struct coll_args *a);
/* The type is dense, and begins at 0. */
int short_reduce(const struct coll_args *a);
int short_allreduce(const struct coll_args *a);

#endif
