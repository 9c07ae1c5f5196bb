/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh: a proxy whose link is a channel of an ssh connection that mpiexec itself has.
 */
#ifndef LAUNCHER_START_SSH_H
#define LAUNCHER_START_SSH_H

#include "launcher/start/way.h"

/* By libssh2; or by the ssh program, for a host to which libssh2 has no way. */
void ssh_begin(struct start **v, size_t n);

/* One whose turn has not come yet (s->own is NULL) is not wanted any more. */
void ssh_forget(struct start *s);

#endif
