/* SPDX-License-Identifier: BSD-3-Clause
 *
 * messages: collectives as schedules of messages, one builder an algorithm. Arguments are checked, and something is to
 * be moved. A builder adds the steps of this rank; what fails is kept in the schedule. Whatever the tree, an operation
 * that does not commute meets its operands in the order of ranks. */
#ifndef LIB_COLL_BASE_MESSAGES_H
#define LIB_COLL_BASE_MESSAGES_H

#include "lib/coll/base/args.h"
#include "lib/coll/base/sched.h"

/* Dissemination: after round k everybody has heard, indirectly, of 2^k ranks. */
void messages_barrier(struct sched *s, const struct coll_args *a);
/* Binomial trees, over ranks counted from the root. */
void messages_bcast(struct sched *s, const struct coll_args *a);
void messages_reduce(struct sched *s, const struct coll_args *a);
/* Recursive doubling: log2 n rounds, each with the whole vector. */
void messages_allreduce_doubling(struct sched *s, const struct coll_args *a);
/* Reduce-scatter by recursive halving and allgather by recursive doubling (R. Rabenseifner, Optimization of collective
 * reduction operations, 2004): 2 log2 n rounds, in all with less than two vectors. */
void messages_allreduce_halving(struct sched *s, const struct coll_args *a);
/* Reduce-scatter and allgather around a ring: 2 (n - 1) rounds, each with an n-th of the vector. For operations that
 * commute. */
void messages_allreduce_ring(struct sched *s, const struct coll_args *a);
/* A reduce to rank 0, which sends everybody his part. */
void messages_reduce_scatter(struct sched *s, const struct coll_args *a);
/* Parallel prefix, log2 n rounds. */
void messages_scan(struct sched *s, const struct coll_args *a);
void messages_exscan(struct sched *s, const struct coll_args *a);
/* These three also between the groups of an intercommunicator. The root exchanges a message with each. */
void messages_gather(struct sched *s, const struct coll_args *a);
void messages_scatter(struct sched *s, const struct coll_args *a);
/* Pairwise, some pairs at once; in place, what goes out is copied first. */
void messages_alltoall(struct sched *s, const struct coll_args *a);
/* In round k the block of the rank k to the left arrives. */
void messages_allgather_ring(struct sched *s, const struct coll_args *a);
/* Bruck: ceil(log2 n) rounds on packed blocks, which all have the same length. */
void messages_allgather_bruck(struct sched *s, const struct coll_args *a);

/* Some of a communicator's ranks, one of which tells the others. */
struct tree {
    int n, me, root;  /* places among them */
    const int *ranks; /* NULL: place r is rank r */
};
void tree_bcast(struct sched *s, const struct tree *tree, void *buf, MPI_Count count, struct datatype *t);
/* Reduces (from, count, t) of all ranks into `to` at root; from and to may be the same at root. */
void tree_reduce(struct sched *s, const void *from, void *to, MPI_Count count, struct datatype *t, struct op *op,
                 int root, const struct comm *c);

#endif
