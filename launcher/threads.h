/* SPDX-License-Identifier: BSD-3-Clause
 *
 * threads: how many threads each rank of a job will have, as OMP_NUM_THREADS tells its program.
 */
#ifndef LAUNCHER_THREADS_H
#define LAUNCHER_THREADS_H

#include "launcher/options.h"

#include <stdint.h>

/* 0: it is not told, or the applications are told different things. global, environment: as in env_build. */
uint32_t threads_told(const struct app *apps, size_t napps, const struct env_rules *global, char *const *environment);

#endif
