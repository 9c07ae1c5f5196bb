/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_blocks: collectives that move blocks, among ranks that share memory. Arguments are checked. Each returns an
 * error class; those that say so NODE_LATER, on all members: to be done by messages. */
#ifndef LIB_COLL_SHM_NODE_BLOCKS_H
#define LIB_COLL_SHM_NODE_BLOCKS_H

#include "lib/coll/shm/node.h"

int node_bcast(struct node *a, const struct node_data *d, int root);
/* mine NULL: in place, at the root. */
int node_gather(struct node *a, const struct node_data *mine, const struct blocks *all, int root);
int node_scatter(struct node *a, const struct blocks *all, const struct node_data *mine, int root); /* NODE_LATER */
/* Mine is in its place of `all` already. */
int node_allgather(struct node *a, const struct blocks *all);
/* out->buf MPI_IN_PLACE: what goes out is what lies in `in`. */
int node_alltoall(struct node *a, const struct blocks *out, const struct blocks *in); /* NODE_LATER */

/* A tag for messages of one collective: all members ask for it, and get the same. */
static inline int node_tag(struct comm *c)
{
    return (int)(c->coll_seq++ & 0x3fffffff);
}
/* Sends and receives at once; either may be NULL. */
int node_message(struct comm *c, int tag, const struct node_data *out, int to, const struct node_data *in, int from);

/* Where only some know how long the blocks are. */
int node_gatherv(struct node *a, const struct node_data *mine, const struct blocks *all, int root);
int node_scatterv(struct node *a, const struct blocks *all, const struct node_data *mine, int root);
int node_alltoallv(struct node *a, const struct blocks *out, const struct blocks *in);

#endif
