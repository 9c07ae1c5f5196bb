/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell_failure: why a remote shell did not start a proxy, from what it said.
 */
#ifndef LAUNCHER_START_SHELL_FAILURE_H
#define LAUNCHER_START_SHELL_FAILURE_H

#include "common/start.h"

/* said: its stderr, NUL-terminated; status: as of waitpid, or -1 where it is not known. */
void shell_failure(struct start_failure *f, const char *program, const char *host, const char *said, int status);

/* The line of an ssh whose connection has ended, among what it said; NULL: there is none. */
const char *shell_connection_end(const char *line);

#endif
