/* SPDX-License-Identifier: BSD-3-Clause
 *
 * process: the processes that this one knows, each by a small number, its index.
 *
 * A process is a rank of MPI_COMM_WORLD of some job. The own job comes first, so that an index below its size is that
 * rank; other jobs (spawned ones, those connected to) are added as they are met, each with consecutive indices. Indices
 * mean something in this process only: what crosses a wire are ranks. Groups hold indices, and the table of peers is by
 * index. Jobs are few: looking for one costs O(jobs), and no job takes memory by rank here.
 *
 * A job that no group holds a process of, and of whose processes nothing is kept, can be forgotten; its indices are
 * then given to others. */
#ifndef LIB_PROCESS_PROCESS_H
#define LIB_PROCESS_PROCESS_H

#include "lib/core/types.h"

enum { PROCESS_JOB_NAME = 168 };

/* One job. Its name is what the launcher calls it, unique among those that this process can meet. */
struct process_job {
    char name[PROCESS_JOB_NAME];
    uint32_t tag; /* of its name: PROCESS_TAG_BITS bits, which stand for it in context ids */
    int first;    /* index of its rank 0 */
    int size;
    int64_t held; /* by members of groups */
    int64_t ties; /* as many as this process has made, and not left (comm/ties.h) */
};
enum { PROCESS_TAG_BITS = 20 };

/* The own job, of which this process is that rank. 0, or an error class. Forgets all others. */
int process_init(const char *name, int rank, int size);
void process_fini(void);

extern int process_self;  /* the index of this process: its rank */
extern int process_count; /* indices are less */

/* Another job: the index of its rank 0, the same if it is known already. -1 with a note: without memory, too many
 * processes, or a job of another size has that name; or another one the same tag, so that their context ids could not
 * be told apart. */
int process_job_add(const char *name, int size);
/* Called with the new number of indices before they are used; an error class refuses the job. Set by who keeps a table
 * by index. */
extern int (*process_grow)(int count);
/* The job of an index, and its rank there. Valid until the next process_job_add. */
const struct process_job *process_job_of(int index, int *rank);
const struct process_job *process_job_own(void);
/* A group has a process of another job as a member, or has gone. */
void process_hold(int index);
void process_release(int index);
/* Of the job of an index. Valid until the next process_job_add. */
int64_t *process_ties(int index);
/* Does any group hold a process of its job? Of the own one: always. */
bool process_is_held(int index);
/* A job that none is held of, the first that begins at this index or behind it; NULL: there is none. */
const struct process_job *process_job_idle(int from);
/* The job that begins there is forgotten; what others keep by its indices they have forgotten before. */
void process_job_remove(int first);
/* The index of a rank of the job with that tag; -1: no such job is known, or it has no such rank. */
int process_find(uint32_t tag, int rank);
/* "rank 3 of MPI_COMM_WORLD", or of another job, for messages. */
enum { PROCESS_TEXT = 224 };
const char *process_text(int index, char text[PROCESS_TEXT]);
static inline bool process_is_foreign(int index)
{
    return index >= process_count || index < 0 || index >= process_job_own()->size;
}

#endif
