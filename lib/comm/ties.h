/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ties: which jobs are connected (MPI 5.0, section 11.10.4), as the launcher is told, which ends with a job that fails
 * all that are connected with it.
 *
 * Each process of the group that counts has a tie, for each intercommunicator that was made between jobs that did not
 * know each other, with each job on the other side. Whatever communicators are derived from it have members of that
 * group, too; so two jobs are connected as long as one of these processes has a tie. A process drops its ties with a
 * job when it disconnects from the last communicator that has processes of it. All members of a communicator do that
 * together, and one of each job tells for all. MPI_Comm_free leaves ties as they are: the jobs stay connected. */
#ifndef LIB_COMM_TIES_H
#define LIB_COMM_TIES_H

#include "lib/object/comm.h"

/* Which of the two groups counts. */
enum ties_side {
    TIES_LOW, /* the low one, of which one process tells the launcher */
    TIES_OURS,
    TIES_THEIRS /* the other one; of both, that of spawned processes: the launcher knows it as long as there is one job
                 * on the other side; those of more stay connected */
};

/* Of a new intercommunicator, all of both groups call it. What fails leaves jobs connected at most that are not, or
 * that the launcher does not know that they are; then those that wait for the dead of others hear of it by their own.
 */
void ties_make(const struct comm *c, enum ties_side side);
/* All members of a communicator that has processes of several jobs disconnect from it: when it returns, all have called
 * it, and the launcher has heard who is not connected any more. Not where one of them has died, or ended without. */
void ties_leave(struct comm *c);

#endif
