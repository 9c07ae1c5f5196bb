/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh2_calls: libssh2, loaded when it is first needed: mpiexec starts without it, and without the libraries of
 * cryptography behind it.
 */
#ifndef LAUNCHER_START_SSH2_CALLS_H
#define LAUNCHER_START_SSH2_CALLS_H

#include "common/err.h"

#include <libssh2.h>

#define SSH2_CALLS(X)                                                                                                  \
    X(init)                                                                                                            \
    X(free)                                                                                                            \
    X(session_init_ex)                                                                                                 \
    X(session_free)                                                                                                    \
    X(session_set_blocking)                                                                                            \
    X(session_handshake)                                                                                               \
    X(session_method_pref)                                                                                             \
    X(session_hostkey)                                                                                                 \
    X(session_block_directions)                                                                                        \
    X(knownhost_init)                                                                                                  \
    X(knownhost_readline)                                                                                              \
    X(knownhost_checkp)                                                                                                \
    X(knownhost_free)                                                                                                  \
    X(userauth_publickey_fromfile_ex)                                                                                  \
    X(agent_init)                                                                                                      \
    X(agent_connect)                                                                                                   \
    X(agent_set_identity_path)                                                                                         \
    X(agent_list_identities)                                                                                           \
    X(agent_get_identity)                                                                                              \
    X(agent_userauth)                                                                                                  \
    X(agent_disconnect)                                                                                                \
    X(agent_free)                                                                                                      \
    X(channel_open_ex)                                                                                                 \
    X(channel_process_startup)                                                                                         \
    X(poll_channel_read)                                                                                               \
    X(channel_read_ex)                                                                                                 \
    X(channel_write_ex)                                                                                                \
    X(channel_eof)                                                                                                     \
    X(channel_wait_closed)                                                                                             \
    X(channel_get_exit_status)                                                                                         \
    X(channel_get_exit_signal)

struct ssh2_calls {
#define X(name) __typeof__(libssh2_##name) *name;
    SSH2_CALLS(X)
#undef X
};

/* NULL with e set: it is not there, or cannot be used. */
const struct ssh2_calls *ssh2_calls_get(struct err *e);

#endif
