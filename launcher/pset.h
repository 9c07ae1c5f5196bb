/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pset: process sets of the command line, on their way to the ranks.
 */
#ifndef LAUNCHER_PSET_H
#define LAUNCHER_PSET_H

#include "common/err.h"

#include <stdint.h>

/* What the runtime reads them from: "NAME=LIST;NAME=LIST". */
#define PSET_ENV "MUSTER_PSETS"

/* Do the lists of `sets` name ranks below nranks, none of them twice in a set? 0, or -1 with e set. */
int pset_check_ranks(const char *sets, uint32_t nranks, struct err *e);

#endif
