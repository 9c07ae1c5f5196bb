/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_auth: logging in by the keys of the user's agent, then by key files, those with a passphrase last.
 */
#ifndef LAUNCHER_START_SSH_AUTH_H
#define LAUNCHER_START_SSH_AUTH_H

#include "launcher/start/ssh2_calls.h"
#include "launcher/start/ssh_config.h"

#include <event2/event.h>

struct ssh_auth {
    const struct ssh2_calls *ssh2;
    LIBSSH2_SESSION *session;
    const struct ssh_config *config;
    bool begun;
    LIBSSH2_AGENT *agent; /* NULL: none, or it has no key left */
    struct libssh2_agent_publickey *key;
    size_t file; /* the next of config->identities */
    bool locked; /* those that have a passphrase */
    struct event_base *base;
    void (*answered)(void *arg); /* the user has been asked for one */
    void *arg;
};

#define SSH_AUTH_ASKS 2

/* One step: 1 logged in, 0 the server does not take any of these keys, LIBSSH2_ERROR_EAGAIN, SSH_AUTH_ASKS: a
 * passphrase is asked for. */
int ssh_auth_step(struct ssh_auth *a);
void ssh_auth_fini(struct ssh_auth *a);

#endif
