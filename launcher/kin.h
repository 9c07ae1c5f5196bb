/* SPDX-License-Identifier: BSD-3-Clause
 *
 * kin: which jobs of this run are connected (MPI 5.0, section 11.10.4): what a failure ends with the job that failed.
 *
 * Jobs are nodes, and an edge has a number of ties. Who makes a connection adds some, who leaves it takes them away
 * again (wire/pmi_control.def says which ranks do), in any order: jobs are connected while the number is not 0, so that
 * what comes too late, or never, leaves them connected. An edge goes with either of its jobs.
 */
#ifndef LAUNCHER_KIN_H
#define LAUNCHER_KIN_H

#include "launcher/run.h"

/* So many more ties between two jobs; between a job and itself there is nothing to tell. */
void kin_tie(struct job *a, struct job *b, int64_t more);
/* All ties between them go. */
void kin_part(struct job *a, struct job *b);
/* The job is over: it connects nobody any more. */
void kin_leave(struct job *j);
/* Visits the job and all that are connected with it, by whatever way, each once. The visitor changes no ties. */
void kin_each(struct job *j, void (*visit)(struct job *j, void *arg), void *arg);

#endif
