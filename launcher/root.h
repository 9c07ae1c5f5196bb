/* SPDX-License-Identifier: BSD-3-Clause
 *
 * root: pmi-server's root half in mpiexec: its messages, and the jobs that ranks ask it to spawn.
 */
#ifndef LAUNCHER_ROOT_H
#define LAUNCHER_ROOT_H

#include "launcher/run.h"

/* Once the links are there. spawn: what becomes of a rank's request for a job; it may not call back at once. */
void root_init(struct run *run, void (*spawn)(struct run *run, const struct pmi_spawn *req));
void root_links(struct run *run); /* there are more links, and some are lost */
void root_node_lost(struct run *run, uint32_t node);
void root_fini(struct run *run);
bool root_up(struct run *run, uint32_t link, const unsigned char *payload, size_t n); /* false: malformed */
void root_job_add(struct run *run, const struct job *j);                              /* before it is launched */
void root_job_started(struct run *run, const struct job *j); /* all its ranks have started, or not */
void root_job_done(struct run *run, const struct job *j);
void root_rank_gone(struct run *run, const struct job *j, uint32_t rank);  /* it ended and never said init */
void root_rank_ended(struct run *run, const struct job *j, uint32_t rank); /* its process, in whatever way */
void root_rank_dead(struct run *run, const struct job *j, uint32_t rank);  /* and the job goes on */

#endif
