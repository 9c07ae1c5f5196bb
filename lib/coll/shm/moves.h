/* SPDX-License-Identifier: BSD-3-Clause
 *
 * moves: blocking collectives that move blocks, among ranks that share memory. Arguments are checked. Each
 * returns an error class. */
#ifndef LIB_COLL_SHM_MOVES_H
#define LIB_COLL_SHM_MOVES_H

#include "lib/coll/shm/phase.h"

int shm_bcast(struct shm_coll *a, const struct coll_data *d, int root);
/* mine NULL: in place, at the root. */
int shm_gather(struct shm_coll *a, const struct coll_data *mine, const struct blocks *all, int root);
int shm_scatter(struct shm_coll *a, const struct blocks *all, const struct coll_data *mine, int root);
/* Mine is in its place of `all` already. */
int shm_allgather(struct shm_coll *a, const struct blocks *all);
/* out->buf MPI_IN_PLACE: what goes out is what lies in `in`. choice_each has found a piece. */
int shm_alltoall(struct shm_coll *a, const struct blocks *out, const struct blocks *in);

/* Of what r offered, in cell c and at `at`: the n bytes from `from` on of d, of which r says how long it is; members
 * who do not agree on that are in different phases (phase_spoil). */
int shm_take(struct shm_coll *a, const struct coll_data *d, int r, const struct phase_cell *c, const char *at,
             size_t from, size_t n);
/* The same of a broadcast, in which the root alone says how long it is; MPI_ERR_TRUNCATE: longer or
 * shorter than d. */
int shm_bcast_take(struct shm_coll *a, const struct coll_data *d, int root, const struct phase_cell *c, size_t from);
/* Writes the n bytes of each block from `from` on, `piece` bytes apart. */
void shm_deal(struct shm_coll *a, const struct blocks *all, char *room, size_t from, size_t piece);
/* The bytes of the longest block. */
size_t shm_longest(const struct shm_coll *a, const struct blocks *all);

/* A tag for messages of one collective: all members ask for it, and get the same. */
static inline int shm_tag(struct comm *c)
{
    return (int)(c->coll_seq++ & 0x3fffffff);
}
/* Sends and receives at once; either may be NULL. */
int shm_message(struct comm *c, int tag, const struct coll_data *out, int to, const struct coll_data *in, int from);

/* Where only some know how long the blocks are. */
int shm_gatherv(struct shm_coll *a, const struct coll_data *mine, const struct blocks *all, int root);
int shm_scatterv(struct shm_coll *a, const struct blocks *all, const struct coll_data *mine, int root);
int shm_alltoallv(struct shm_coll *a, const struct blocks *out, const struct blocks *in);

#endif
