/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_soft: the info key "soft" of a spawn: which numbers of processes would do (MPI 5.0, 11.8.4).
 */
#ifndef LAUNCHER_SPAWN_SOFT_H
#define LAUNCHER_SPAWN_SOFT_H

#include "common/err.h"

#include <stdint.h>

/* Numbers, "a:b" and "a:b:step" as in Fortran, in a list with commas. 0, or -1 with e set. */
int soft_check(const char *soft, struct err *e);

/* The greatest number of a list that is well-formed, not above most; 0: there is none. */
uint32_t soft_most(const char *soft, uint32_t most);

#endif
