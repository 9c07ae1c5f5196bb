/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alone: MPI programs that found no other rank, so that each was rank 0 of 1. That is not seen by what they do, and
 * wastes hours.
 */
#ifndef LAUNCHER_ALONE_H
#define LAUNCHER_ALONE_H

#include "launcher/run.h"

/* After the job of the command line: where no rank of it has spoken PMI, and a program is one that would have, says why
 * not, in a line. */
void alone_tell(const struct run *run);

/* Why the program could not find the others; NULL: it could, or nothing is known. pmi: what its ranks were given (enum
 * launch_pmi, or-ed), by the word of --pmi. The text is the caller's. */
char *alone_why(const struct app *a, unsigned pmi, const char *word);

#endif
