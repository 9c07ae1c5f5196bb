/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alone: MPI programs whose variables were taken away between mpiexec and them, so that each rank was rank 0 of 1. That
 * is not seen by what they do, and wastes hours.
 */
#ifndef LAUNCHER_ALONE_H
#define LAUNCHER_ALONE_H

#include "launcher/run.h"

/* After the job of the command line: where no rank of it has spoken PMI, and a program would have, says so in a line.
 */
void alone_tell(const struct run *run);

#endif
