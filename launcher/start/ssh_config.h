/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ssh_config: what the user's configuration of ssh says of a host, as `ssh -G` prints it.
 */
#ifndef LAUNCHER_START_SSH_CONFIG_H
#define LAUNCHER_START_SSH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

struct ssh_config {
    char *hostname, *user, *port;
    char *known_as;        /* HostKeyAlias; NULL: by hostname and port */
    char **identities;     /* files, as far as their names are plain; NULL-terminated */
    char **known_hosts;    /* files */
    char *agent;           /* path of its socket; NULL: that of the environment */
    bool no_agent;         /* none, or only for the identities named */
    unsigned connect_s;    /* ConnectTimeout; 0: not given */
    const char *needs_ssh; /* what only the ssh program can do, in a word of the configuration; NULL: nothing */
};

/* home: of the user, for ~. What was not printed has ssh's defaults, but for hostname, which stays NULL. */
void ssh_config_parse(struct ssh_config *c, const char *text, const char *home);
void ssh_config_fini(struct ssh_config *c);

#endif
