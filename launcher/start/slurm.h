/* SPDX-License-Identifier: BSD-3-Clause
 *
 * slurm: proxies as the tasks of a step of the job of Slurm that mpiexec runs in.
 */
#ifndef LAUNCHER_START_SLURM_H
#define LAUNCHER_START_SLURM_H

#include "common/start.h"

extern const struct start_ops start_slurm;

#endif
