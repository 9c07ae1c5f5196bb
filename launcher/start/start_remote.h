/* SPDX-License-Identifier: BSD-3-Clause
 *
 * start_remote: the backends that only mpiexec has: what starts proxies on other machines.
 */
#ifndef LAUNCHER_START_START_REMOTE_H
#define LAUNCHER_START_START_REMOTE_H

#include "common/start.h"

/* ssh by libssh2 in this process; or by a remote shell program: OpenSSH's ssh, rsh, or what the user names (struct
 * start_remote), or a scheduler's that is like one: blaunch, qrsh. A host that is this machine is fork's for all of
 * them. */
extern const struct start_ops start_ssh, start_ssh_exec, start_rsh, start_lsf, start_sge;

/* The backend of a --launcher; NULL: that of the manager (its --rmk name, NULL: none) whose allocation the hosts are,
 * or ssh. Returns NULL where it is none of these. */
const struct start_ops *start_remote_find(const char *launcher, const char *rmk);

#endif
