/* SPDX-License-Identifier: BSD-3-Clause
 *
 * levels: collectives over several nodes in two levels: the ranks of each node among themselves, then their leaders
 * with those of other nodes, then the nodes again. Each of these is a collective too, over a communicator that only the
 * library knows, and takes the algorithm that is right there. */
#ifndef LIB_COLL_LEVELS_H
#define LIB_COLL_LEVELS_H

#include "lib/coll/table.h"

struct levels {
    struct comm *local;   /* the members on this node, or of this group of two; 0 leads */
    struct comm *leaders; /* one of each node, by the rank of each; NULL: this one leads nobody */
    int nodes, mine;      /* how many; this one's place */
    int *first;           /* ranks of the leaders */
    int *places;          /* of the nodes, by number */
    bool contiguous;      /* the ranks of each node follow one another */
};

/* Adds the steps by which c gets them, into *out, which is NULL afterwards if not all have memory for it. False, and no
 * step: c is on one node, or each member on its own, or not all nodes are known. */
bool levels_make(struct sched *s, struct levels **out, struct comm *c);
void levels_free(struct levels *l);
/* Those of an intercommunicator: the members of its local group alone, who have `local` to themselves, or take turns
 * with others in using it. NULL without memory. */
struct levels *levels_of_group(struct comm *local); /* takes over a reference to it */
/* The communicator over the local group of c, for one blocking collective, which all its members begin now; NULL
 * without memory. */
struct comm *levels_turn(struct comm *c);
/* The place of the node of a rank of c. */
int levels_node_of(const struct levels *l, const struct comm *c, int rank);

/* Of a rank of c on this node, its rank among those. */
static inline int levels_local_rank(const struct levels *l, const struct comm *c, int rank)
{
    return group_rank_of(l->local->group, comm_proc(c, rank));
}

/* What is done one after the other on this rank: at once where somebody waits, else as steps of a schedule. All of it
 * has the tags that follow from the one that the collective has in the whole communicator, so that members who chose
 * differently, since they did not agree on lengths, are apart in this collective alone. */
struct stages {
    const struct levels *levels;
    struct sched *s; /* all of it; where somebody waits, only for the memory */
    struct sched *messages;
    bool later;
    int local_count, leaders_count; /* collectives so far */
    int rc;                         /* where somebody waits, the first error */
};
typedef void stages_fn(struct stages *p, const struct coll_args *args);
int stages_run(stages_fn *fn, const struct levels *l, const struct coll_args *args);
void stages_add(struct sched *s, stages_fn *fn, const struct levels *l, const struct coll_args *args);
/* A collective is the next one. */
void stages_coll(struct stages *p, const struct coll_kind *k, const struct coll_args *args);
/* Steps over the whole communicator are; until stages_end. NULL without memory. */
struct sched *stages_messages(struct stages *p);
void stages_end(struct stages *p);

/* The collectives. */
void levels_barrier(struct stages *p, const struct coll_args *args);
void levels_bcast(struct stages *p, const struct coll_args *args);
void levels_reduce(struct stages *p, const struct coll_args *args);
void levels_allreduce(struct stages *p, const struct coll_args *args);
/* Of equal blocks, where levels are contiguous. */
void levels_gather(struct stages *p, const struct coll_args *args);
void levels_scatter(struct stages *p, const struct coll_args *args);
void levels_allgather(struct stages *p, const struct coll_args *args);
void levels_alltoall(struct stages *p, const struct coll_args *args);

/* Conditions of their rows. */
bool fits_levels_reduce(const struct coll_shape *x);
bool fits_levels_blocks(const struct coll_shape *x);
bool fits_levels_alltoall(const struct coll_shape *x);
bool alltoall_levels_pays(const struct coll_shape *x);

#endif
