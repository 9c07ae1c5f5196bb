/* SPDX-License-Identifier: BSD-3-Clause
 *
 * file: small text files that a user names, read whole. Blocking: for the time before the event loop runs.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "common/err.h"

#include <stddef.h>

/* The file's text with a NUL after it, *len without that (len may be NULL); the caller frees. Pipes are read to their
 * end. NULL with e set (naming the path) when it cannot be read, is larger than max bytes or holds a NUL byte. */
char *file_read(const char *path, size_t max, size_t *len, struct err *e);

#endif
