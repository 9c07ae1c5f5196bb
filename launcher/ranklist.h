/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ranklist: "0-3,7": ranks as people type them.
 */
#ifndef LAUNCHER_RANKLIST_H
#define LAUNCHER_RANKLIST_H

#include "common/err.h"
#include "wire/launch_spec.h"

/* *v: *n ranges, malloc'd, the caller frees. Ranks must be below nranks. Returns 0, or -1 with e set. */
int ranklist_parse(const char *text, uint32_t nranks, struct rank_range **v, uint32_t *n, struct err *e);

#endif
