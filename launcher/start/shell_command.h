/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell_command: the command line of a remote shell, and the command that it runs there.
 */
#ifndef LAUNCHER_START_SHELL_COMMAND_H
#define LAUNCHER_START_SHELL_COMMAND_H

#include "common/start.h"

#include <stdio.h>

/* For /bin/sh: p becomes the proxy at $1, or the one in PATH; w, if set, starts what it says where there is none. */
#define SHELL_FIND                                                                                                     \
    "p=$1; test -x \"$p\" || p=`command -v muster-proxy` || { echo \"${w}muster-proxy: not found at $1, nor in "       \
    "PATH\" "                                                                                                          \
    ">&2; exit 127; }; "

/* What the login shell of the other side is to run, whichever shell that is (sh, csh, fish): the proxy at the path that
 * it has here, or the one in PATH; or, where files may be staged, what puts them there first. The caller frees. */
char *shell_command(const struct starter *st);

/* A word for any shell (sh, csh, fish), quoted where it has to be. */
void shell_quote(FILE *to, const char *text);

/* argv for the proxy of s; program: "ssh", or a path. The caller frees it by shell_argv_free. */
char **shell_argv(const struct start *s, const char *program);
/* For an ssh that shall only tell how it is configured for this host. */
char **shell_argv_config(const struct start *s, const char *program);
void shell_argv_free(char **argv);

#endif
