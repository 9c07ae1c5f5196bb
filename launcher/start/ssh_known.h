/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_known: whether the key that a server has shown is the one that the user's files of known hosts have for it.
 */
#ifndef LAUNCHER_START_SSH_KNOWN_H
#define LAUNCHER_START_SSH_KNOWN_H

#include "launcher/start/ssh2_calls.h"
#include "launcher/start/ssh_config.h"

/* Before the handshake: prefers kinds of keys that are in the files, so that the server shows one that is known. */
void ssh_known_prefer(const struct ssh2_calls *ssh2, LIBSSH2_SESSION *session, const struct ssh_config *c);

/* After it. false: it is another, or unknown, or the files hold what libssh2 does not understand. */
bool ssh_known_fits(const struct ssh2_calls *ssh2, LIBSSH2_SESSION *session, const struct ssh_config *c);

#endif
