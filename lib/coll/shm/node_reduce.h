/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_reduce: reductions among ranks that share memory. Arguments are checked, and counts are not 0. Operands meet in
 * the order of ranks, and all ranks come to the same bits. Each returns an error class, or NODE_LATER, on all of them:
 * to be done by messages. */
#ifndef LIB_COLL_SHM_NODE_REDUCE_H
#define LIB_COLL_SHM_NODE_REDUCE_H

#include "lib/coll/shm/node.h"
#include "lib/op/op.h"

struct vector {
    const char *own; /* my operand */
    char *to;        /* where the result goes; may be `own` */
    MPI_Count count;
    struct datatype *t;
    struct op *op;
};

int node_reduce(struct node *a, const struct vector *v, int root);
int node_allreduce(struct node *a, const struct vector *v);
/* below: without one's own operand (exscan) */
int node_scan(struct node *a, const struct vector *v, bool below);
/* count is the sum of counts: rank r gets `each`, or counts[r] */
int node_reduce_scatter(struct node *a, const struct vector *v, struct ints counts, MPI_Count each);

#endif
