/* SPDX-License-Identifier: BSD-3-Clause
 *
 * info_env: what MPI_INFO_ENV says of how this process was started (MPI 5.0, section 11.2.1). */
#ifndef LIB_INIT_INFO_ENV_H
#define LIB_INIT_INFO_ENV_H

#include "lib/core/types.h"

/* Fills MPI_INFO_ENV, at MPI_Init; argv may be NULL, then it is asked for elsewhere. Without memory keys are missing.
 */
void info_env_begin(int argc, char **argv, int required);

#endif
