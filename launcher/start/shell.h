/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell: a proxy whose link is the stdin and stdout of a remote shell, a process here.
 */
#ifndef LAUNCHER_START_SHELL_H
#define LAUNCHER_START_SHELL_H

#include "launcher/start/way.h"

/* By this program: a path, or a name in PATH; borrowed. */
void shell_begin(struct start *s, const char *program);

#endif
