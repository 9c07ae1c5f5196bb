/* SPDX-License-Identifier: BSD-3-Clause
 *
 * small: blocking collectives on little data. Arguments are checked; buffers are dense, `from` is never MPI_IN_PLACE.
 */
#ifndef LIB_COLL_BASE_SMALL_H
#define LIB_COLL_BASE_SMALL_H

#include "lib/op/op.h"
#include "lib/p2p/p2p.h"

bool small_enough(const struct comm *c, MPI_Count count, const struct datatype *t);
int small_barrier(struct comm *c);
int small_bcast(void *buf, MPI_Count bytes, int root, struct comm *c);
int small_reduce(const void *from, void *to, MPI_Count count, struct datatype *t, struct op *op, int root,
                 struct comm *c);
int small_allreduce(const void *from, void *to, MPI_Count count, struct datatype *t, struct op *op, struct comm *c);

#endif
