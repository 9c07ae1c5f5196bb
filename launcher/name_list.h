/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_list: mpiexec --names.
 */
#ifndef LAUNCHER_NAME_LIST_H
#define LAUNCHER_NAME_LIST_H

#include "common/err.h"

#include <stdbool.h>
#include <stdio.h>

/* A line for each name that other jobs find, by name; json: an array of objects. 0, or -1 with e set. */
int name_list(FILE *to, bool json, struct err *e);

#endif
