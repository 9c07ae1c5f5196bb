/* SPDX-License-Identifier: BSD-3-Clause
 *
 * excerpt: a message about one character of a text that the user wrote: the message, the line, and a caret under the
 * character.
 */
#ifndef LAUNCHER_MAP_EXCERPT_H
#define LAUNCHER_MAP_EXCERPT_H

#include "common/err.h"

#include <stddef.h>

/* where: "FILE:LINE" or an option. line: len bytes; at: offset of the character, up to len. Always returns -1. */
int excerpt_err(struct err *e, const char *where, const char *line, size_t len, size_t at, const char *message);

#endif
