/* SPDX-License-Identifier: BSD-3-Clause
 *
 * finalized: processes on their way out. Those of this node say so in its segment; those of other nodes say to whom
 * they are connected that they have finalized, and goodbye when they are gone.
 *
 * MPI_Finalize ends MPI_COMM_WORLD and all that was made from it, but a session may begin afterwards, and may have gone
 * to sleep before it with another one to come. So what belongs to a session waits for a process until that is gone. */
#ifndef LIB_PROCESS_FINALIZED_H
#define LIB_PROCESS_FINALIZED_H

#include "lib/core/types.h"
#include "wire/node_segment.h"

enum stage {
    ACTIVE,
    FINALIZING, /* it matches no new message; what it sent until then has been delivered */
    FINALIZED,  /* it sends nothing more, and all that it sent has been delivered */
    GONE,       /* so it is for sessions too */
};

/* How often processes have been seen to change their stage. */
extern uint32_t finalized_seen;

/* This process goes one step further. */
void finalized_tell(enum rank_parting p);
/* A transport says that a process of another node has said that it has FINALIZED, or goodbye: GONE. Noted by the next
 * scan. */
void finalized_report(int proc, enum stage now);
/* Looks for ranks that have gone further; before one's new stage is kept, changed is called, which delivers what it has
 * sent. True: there was one. */
bool finalized_scan(void (*changed)(int proc, enum stage now));
/* As it concerns communicators of that session, or (0) those of MPI_COMM_WORLD: never GONE. */
enum stage finalized_stage(int proc, uint32_t session); /* of any process */
/* Of a rank of this node; ACTIVE of -1. */
enum stage finalized_stage_local(int local, uint32_t session);
/* MPI_ERR_PROC_ABORTED, with a note of what can never complete because that process has finalized. */
int finalized_error(int proc, const char *what);
int finalized_error_local(int local, const char *what);
/* Of processes of other jobs, whose indices are about to be given to others. */
void finalized_forget(int first, int count);
void finalized_fini(void);

#endif
