/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_blocks: blocking collectives that move blocks, among ranks that share memory. Arguments are checked. Each
 * returns an error class. */
#ifndef LIB_COLL_SHM_NODE_BLOCKS_H
#define LIB_COLL_SHM_NODE_BLOCKS_H

#include "lib/coll/shm/node.h"

int node_bcast(struct node *a, const struct node_data *d, int root);
/* mine NULL: in place, at the root. */
int node_gather(struct node *a, const struct node_data *mine, const struct blocks *all, int root);
int node_scatter(struct node *a, const struct blocks *all, const struct node_data *mine, int root);
/* Mine is in its place of `all` already. */
int node_allgather(struct node *a, const struct blocks *all);
/* out->buf MPI_IN_PLACE: what goes out is what lies in `in`. choice_each has found a piece. */
int node_alltoall(struct node *a, const struct blocks *out, const struct blocks *in);

/* Of what r offered, in cell c and at `at`: the n bytes from `from` on of d, of which r says how long it is; members who
 * do not agree on that are in different phases (node_spoil). */
int node_take(struct node *a, const struct node_data *d, int r, const struct node_cell *c, const char *at, size_t from,
              size_t n);
/* The same of a broadcast, in which the root alone says how long it is; MPI_ERR_TRUNCATE: longer than d. */
int node_bcast_take(struct node *a, const struct node_data *d, int root, const struct node_cell *c, size_t from);
/* Writes the n bytes of each block from `from` on, `piece` bytes apart. */
void node_deal(struct node *a, const struct blocks *all, char *room, size_t from, size_t piece);
/* The bytes of the longest block. */
size_t node_longest(const struct node *a, const struct blocks *all);

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
