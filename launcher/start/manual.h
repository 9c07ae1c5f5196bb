/* SPDX-License-Identifier: BSD-3-Clause
 *
 * manual: the user, or a program of the user's, starts the proxies: mpiexec says by which commands, and waits for them.
 */
#ifndef LAUNCHER_START_MANUAL_H
#define LAUNCHER_START_MANUAL_H

#include "common/start.h"

extern const struct start_ops start_manual;

#endif
