/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: jobs that ranks ask for (MPI_Comm_spawn): from the request's words to a job like any other.
 */
#ifndef LAUNCHER_SPAWN_H
#define LAUNCHER_SPAWN_H

#include "launcher/run.h"
#include "pmi-server/root.h"

/* Copies the request; the job is made, or the refusal sent, when the loop comes round. */
void spawn_later(struct run *run, const struct pmi_spawn *req);

#endif
