/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell: a proxy whose link is the stdin and stdout of a remote shell, a process here.
 */
#ifndef LAUNCHER_START_SHELL_H
#define LAUNCHER_START_SHELL_H

#include "common/start.h"

/* The functions of struct start_ops for one start; s->own is theirs. */
void shell_begin(struct start *s, const char *program);
void shell_end(struct start *s, const char *why);
void shell_cancel(struct start *s);
void shell_fini(struct start *s);

#endif
