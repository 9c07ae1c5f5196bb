/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pbsdsh: proxies as tasks of the PBS job that mpiexec runs in.
 */
#ifndef LAUNCHER_START_PBSDSH_H
#define LAUNCHER_START_PBSDSH_H

#include "common/start.h"

extern const struct start_ops start_pbsdsh;

#endif
