/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name_list: mpiexec --names.
 */
#ifndef LAUNCHER_NAME_LIST_H
#define LAUNCHER_NAME_LIST_H

#include "common/err.h"

#include <stdbool.h>
#include <stdio.h>

/* A line for each name that other jobs find, by name; json: an array of objects. Those of the directory, and of
 * muster-names if server is not NULL or "" (its addresses; key: the file, or NULL. name_call.h). 0, or -1 with e set;
 * what is known is listed even then. */
int name_list(FILE *to, bool json, const char *server, const char *key, struct err *e);

#endif
