/* SPDX-License-Identifier: BSD-3-Clause
 *
 * staging: which files of this job a host may lack.
 */
#ifndef LAUNCHER_STAGING_H
#define LAUNCHER_STAGING_H

#include "common/err.h"
#include "launcher/options.h"

struct stage;

/* The proxy, the programs that are named by a path, and the files that the user names; NULL in *to: nothing is to be
 * copied. Owned by the process. 0, or -1. */
int staging_choose(const struct options *o, const char *proxy, struct stage **to, struct err *e);

#endif
