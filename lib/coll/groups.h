/* SPDX-License-Identifier: BSD-3-Clause
 *
 * groups: collectives between the two groups of an intercommunicator (MPI 5.0, section 6.2.3), in stages: each group
 * gathers or reduces what it has at its leader, rank 0; leaders exchange; each tells its group. A root sends to the
 * other group's leader, or hears from it. What is within a group is a collective of the group's own communicator, and
 * takes the algorithm that is right there. Who has nothing for the other group, or gets nothing, leaves that direction
 * out. Rooted gathers and scatters, and exchanges of all with all, are messages from rank to rank (messages.h). */
#ifndef LIB_COLL_GROUPS_H
#define LIB_COLL_GROUPS_H

#include "lib/coll/levels.h"

void groups_barrier(struct stages *p, const struct coll_args *args);
void groups_bcast(struct stages *p, const struct coll_args *args);
void groups_allgather(struct stages *p, const struct coll_args *args);
/* Each sends to the leader of the other group, who alone knows how long each block is, and tells all in one piece. */
void groups_allgatherv(struct stages *p, const struct coll_args *args);
void groups_reduce(struct stages *p, const struct coll_args *args);
void groups_allreduce(struct stages *p, const struct coll_args *args);
void groups_reduce_scatter(struct stages *p, const struct coll_args *args);

/* What rank 0 of the low group has, to all of both groups: the library's own, by which members agree. The same in its
 * buffer on all, `bytes` long. The second is for who waits for the request. */
int groups_tell(struct comm *c, void *buf, MPI_Count bytes);
int groups_itell(struct comm *c, void *buf, MPI_Count bytes, MPI_Request *request);

#endif
