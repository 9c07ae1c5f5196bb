/* SPDX-License-Identifier: BSD-3-Clause
 *
 * explain: --explain: which MPI library the programs of the command line use, and whether and how they will run.
 */
#ifndef LAUNCHER_EXPLAIN_H
#define LAUNCHER_EXPLAIN_H

#include "launcher/run.h"

#include <stdio.h>

/* Returns the exit status: 1 where a program cannot run. */
int explain_print(const struct options *o, FILE *to);

/* A warning, when the job is over and none of several ranks of an MPI program has ever spoken to us: each was alone. */
void explain_silence(const struct job *j);

#endif
