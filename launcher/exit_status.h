/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exit_status: the number that mpiexec ends with. Pure.
 *
 *   0            every rank ended with 0
 *   1 .. 125     the exit code of the first rank, in time, that failed; or of MPI_Abort
 *   124          --timeout
 *   126, 127     the program is not executable, was not found
 *   128 + N      that rank was killed by signal N; or the user ended the job with signal N
 *   1            mpiexec itself could not do what was asked
 */
#ifndef LAUNCHER_EXIT_STATUS_H
#define LAUNCHER_EXIT_STATUS_H

#include "wire/control.h"

struct run;

#define EXIT_STATUS_TIMEOUT 124

int exit_status_of_wait(uint32_t wait_status);                    /* of a rank that ended */
int exit_status_of_start(enum start_stage stage, uint32_t error); /* of one that never started */
int exit_status_of_abort(int code);                               /* never 0 */
int exit_status(const struct run *run);

#endif
