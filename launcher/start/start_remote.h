/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_remote: the backends that only mpiexec has: what starts proxies on other machines.
 */
#ifndef LAUNCHER_START_START_REMOTE_H
#define LAUNCHER_START_START_REMOTE_H

#include "common/start.h"

/* Where `fork` is the answer for a host that is this machine, and the rest by a remote shell program: OpenSSH's ssh, or
 * rsh; or what the user names (struct start_remote). */
extern const struct start_ops start_ssh_exec, start_rsh;

/* The backend of a --launcher (NULL: none was named); NULL: it is none of these. */
const struct start_ops *start_remote_find(const char *launcher);

#endif
