/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exit_codes: how each rank ended, for --print-exit-codes.
 */
#ifndef LAUNCHER_EXIT_CODES_H
#define LAUNCHER_EXIT_CODES_H

#include "launcher/run.h"

#include <stdio.h>

/* Lines for the user: a code, or signal, and the ranks that ended so. */
void exit_codes_print(const struct run *run, FILE *to);

#endif
