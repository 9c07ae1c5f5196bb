/* SPDX-License-Identifier: BSD-3-Clause
 *
 * timeout: how long a call that waits for other jobs waits, as its info says. */
#ifndef LIB_DYNAMIC_TIMEOUT_H
#define LIB_DYNAMIC_TIMEOUT_H

#include "lib/object/info.h"

/* Info's key "timeout" to *seconds, < 0: for ever, where it is longer than anybody waits; left alone without that key,
 * or without info (NULL). MPI_ERR_INFO_VALUE with a note. */
int timeout_read(const struct info *info, double *seconds);

#endif
