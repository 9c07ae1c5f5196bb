/* SPDX-License-Identifier: BSD-3-Clause
 *
 * witness: a process beside mpiexec that does nothing until mpiexec is gone without having ended its run (killed with
 * SIGKILL, or worse). What is left of the run on this machine, because a proxy was killed in the same instant or cannot
 * go on, is then ended by it, and the terminal is as it was.
 *
 * Processes are known by a variable that all of a run have: one that has left its rank's session as well as its
 * environment is not found.
 */
#ifndef LAUNCHER_WITNESS_H
#define LAUNCHER_WITNESS_H

#include <stdbool.h>

#define WITNESS_ENV "MUSTER_RUN"

/* Before anything of the run is started: our environment has the variable from now on. A run without it goes on, and
 * that is warned of. terminal: we are going to change the settings of the one that is stdin. */
void witness_begin(bool terminal);

/* The run is over, and nothing is left of it: returns when the witness is gone. */
void witness_end(void);

#endif
